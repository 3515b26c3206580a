// The comparator is what every verdict rests on: whatever is wrong with an answer, it must see it.

import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Columns } from '../../../../bench/nexmark/oracle/answer-columns.ts';
import { columnDefinitions, structureProblem } from '../../../../bench/nexmark/oracle/answer-columns.ts';
import { compareRelations, type Difference, renderDifference } from '../../../../bench/nexmark/oracle/compare.ts';

type Cell = number | string | null;

let instance: DuckDBInstance;
let connection: DuckDBConnection;

beforeAll(async () => {
  instance = await DuckDBInstance.create(':memory:');
  connection = await instance.connect();
});

afterAll(() => {
  connection.closeSync();
  instance.closeSync();
});

async function fill(table: string, columns: Columns, rows: readonly (readonly Cell[])[]): Promise<void> {
  await connection.run(`CREATE OR REPLACE TABLE ${table} (${columnDefinitions(columns)})`);
  const cell = (value: Cell): string =>
    value === null ? 'NULL' : typeof value === 'number' ? `${value}` : `'${value.replaceAll("'", "''")}'`;
  if (rows.length === 0) return;
  await connection.run(`INSERT INTO ${table} VALUES ${rows.map((row) => `(${row.map(cell).join(', ')})`).join(', ')}`);
}

async function compare(
  columns: Columns,
  answer: readonly (readonly Cell[])[],
  expected: readonly (readonly Cell[])[],
): Promise<Difference | undefined> {
  await fill('answer', columns, answer);
  await fill('expected', columns, expected);
  return compareRelations(connection, 'answer', 'expected', columns);
}

const PLAIN: Columns = { auction: 'integer', price: 'double', extra: 'text' };
const ROWS: readonly (readonly Cell[])[] = [
  [1, 0.5, 'a'],
  [1, 0.5, 'a'],
  [2, 1.5, "it's"],
  [3, 2.5, 'c'],
];
const MEANS: Columns = { key: 'integer', mean: 'mean' };

describe('two answers', () => {
  it('are equal in any order, and when both are empty', async () => {
    expect(await compare(PLAIN, [...ROWS].reverse(), ROWS)).toBeUndefined();
    expect(await compare(PLAIN, [], [])).toBeUndefined();
    expect(await compare(MEANS, [], [])).toBeUndefined();
  });

  it('differ by a row that was dropped, also where an equal one is left', async () => {
    expect(await compare(PLAIN, ROWS.slice(0, 3), ROWS)).toEqual({
      missingCount: 1,
      surplusCount: 0,
      missing: [{ auction: 3, price: 2.5, extra: 'c' }],
      surplus: [],
    });
    expect(await compare(PLAIN, ROWS.slice(1), ROWS)).toMatchObject({ missingCount: 1, surplusCount: 0 });
    expect(await compare(PLAIN, [], ROWS)).toMatchObject({ missingCount: 4, surplusCount: 0 });
  });

  it('differ by a row that came twice', async () => {
    expect(await compare(PLAIN, [...ROWS, ROWS[3]!], ROWS)).toEqual({
      missingCount: 0,
      surplusCount: 1,
      missing: [],
      surplus: [{ auction: 3, price: 2.5, extra: 'c' }],
    });
    expect(await compare(PLAIN, ROWS, [])).toMatchObject({ missingCount: 0, surplusCount: 4 });
  });

  it('differ by the last bit of a double, the case of a letter, and a null', async () => {
    for (const changed of [
      [3, 2.5000000000000004, 'c'],
      [3, 2.5, 'C'],
      [3, 2.5, null],
      [4, 2.5, 'c'],
    ]) {
      expect(await compare(PLAIN, [...ROWS.slice(0, 3), changed], ROWS)).toMatchObject({
        missingCount: 1,
        surplusCount: 1,
      });
    }
  });

  it('are told apart whatever one change is made to them', async () => {
    const rows = fc.array(fc.tuple(fc.nat(3), fc.nat(2), fc.constantFrom('a', 'b')), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(rows, fc.nat(), fc.constantFrom('drop', 'double', 'change'), async (expected, pick, change) => {
        const at = pick % expected.length;
        const answer: Cell[][] = expected.map((row) => [...row]);
        if (change === 'drop') answer.splice(at, 1);
        else if (change === 'double') answer.push([...answer[at]!]);
        else answer[at] = [answer[at]![0]!, 9, answer[at]![2]!];
        const [missingCount, surplusCount] = { drop: [1, 0], double: [0, 1], change: [1, 1] }[change]!;
        expect(await compare(PLAIN, expected, expected)).toBeUndefined();
        expect(await compare(PLAIN, answer, expected)).toMatchObject({ missingCount, surplusCount });
        // With means, rows that are equal but for them are paired in order: one that is missing shifts those behind it.
        const paired: Columns = { ...PLAIN, price: 'mean' };
        expect(await compare(paired, expected, expected)).toBeUndefined();
        const difference = await compare(paired, answer, expected);
        expect(difference!.missingCount - difference!.surplusCount).toBe(missingCount! - surplusCount!);
      }),
      { numRuns: 25 },
    );
  });
});

describe('means', () => {
  it('may differ by rounding and no more', async () => {
    const expected = [
      [1, 1e6],
      [2, 3],
    ];
    expect(
      await compare(
        MEANS,
        [
          [1, 1e6 * (1 + 9e-10)],
          [2, 3],
        ],
        expected,
      ),
    ).toBeUndefined();
    expect(
      await compare(
        MEANS,
        [
          [1, 1e6 * (1 + 2e-9)],
          [2, 3],
        ],
        expected,
      ),
    ).toMatchObject({
      missingCount: 1,
      surplusCount: 1,
      missing: [{ key: 1, mean: 1e6 }],
    });
  });

  it('belong to their keys: two that changed places are two differences', async () => {
    const swapped = await compare(
      MEANS,
      [
        [1, 3],
        [2, 5],
      ],
      [
        [1, 5],
        [2, 3],
      ],
    );
    expect(swapped).toMatchObject({ missingCount: 2, surplusCount: 2 });
  });

  it('are not equal to nothing, but nothing is to nothing', async () => {
    expect(await compare(MEANS, [[1, null]], [[1, null]])).toBeUndefined();
    expect(await compare(MEANS, [[1, null]], [[1, 2]])).toMatchObject({ missingCount: 1, surplusCount: 1 });
    expect(await compare(MEANS, [[1, 0]], [[1, 0]])).toBeUndefined();
  });
});

describe('a difference', () => {
  it('is told in rows', async () => {
    const answer = Array.from({ length: 7 }, (_, i) => [i, 0, 'new']);
    const difference = await compare(PLAIN, [...answer, ...ROWS.slice(0, 3)], ROWS);
    expect(renderDifference(difference!)).toBe(
      [
        '  missing: 1 row',
        '    {"auction":3,"price":2.5,"extra":"c"}',
        '  not expected: 7 rows, among them',
        ...[0, 1, 2, 3, 4].map((auction) => `    {"auction":${auction},"price":0,"extra":"new"}`),
      ].join('\n'),
    );
  });
});

describe('the structure of a record', () => {
  it('has the columns, all of them and no others, each of its type', () => {
    const right = { auction: 'UBIGINT', price: 'DOUBLE', extra: 'VARCHAR' };
    expect(structureProblem(right, PLAIN)).toBeUndefined();
    expect(structureProblem({ ...right, auction: 'BIGINT', price: 'UBIGINT' }, PLAIN)).toBeUndefined();
    expect(structureProblem({ ...right, auction: 'VARCHAR' }, PLAIN)).toBe(
      'auction is VARCHAR where integer is expected',
    );
    expect(structureProblem({ ...right, auction: 'DOUBLE', extra: 'NULL' }, PLAIN)).toMatch(
      /auction .*; extra is NULL/,
    );
    expect(structureProblem({ price: 'DOUBLE', extra: 'VARCHAR', key: 'UBIGINT' }, PLAIN)).toBe(
      'without auction; with key, which is not asked for',
    );
  });
});
