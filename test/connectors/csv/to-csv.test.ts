import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csv, toCsv } from '../../../connectors/csv/index.ts';
import { failureOf, readAll, scratch, writeAll } from '../files/drive.ts';

const folder = scratch();
const path = join(folder, 'out.csv');

const text = fc.string({
  unit: fc.oneof(
    fc.constantFrom(',', '"', '\n', '\r', ';', ' ', '\ufeff'),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
  ),
});

describe('toCsv', () => {
  it('writes records that csv reads back, null and empty text told apart', async () => {
    const record = fc.record({
      s: fc.option(text),
      n: fc.option(fc.double()),
      b: fc.option(fc.bigInt()),
      t: fc.option(fc.boolean()),
      d: fc.option(fc.date({ min: new Date(-62135596800000), max: new Date(253402300799999), noInvalidDate: true })),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(record, { minLength: 1 }),
        fc.constantFrom(',', ';', '\t', '|'),
        fc.integer({ min: 1, max: 99 }),
        async (records, delimiter, splitBytes) => {
          await writeAll(toCsv<object>(path, { delimiter }), [records.slice(0, 1), records.slice(1)]);
          const source = csv(path, {
            delimiter,
            splitBytes,
            columns: { s: 'string?', n: 'number?', b: 'bigint?', t: 'boolean?', d: 'date?' },
          });
          const { records: read, malformed } = await readAll(source);
          expect(malformed).toEqual([]);
          expect(read).toEqual(records);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('writes one column of nulls, empty text and marks that csv reads back', async () => {
    const records = [{ s: '\ufeff' }, { s: null }, { s: '' }, { s: '\n' }, { s: null }];
    await writeAll(toCsv<object>(path), [records]);
    expect((await readAll(csv(path, { columns: { s: 'string?' } }))).records).toEqual(records);
    await writeAll(toCsv<object>(path, { header: false }), [records]);
    expect((await readAll(csv(path, { header: ['s'], columns: { s: 'string?' } }))).records).toEqual(records);
  });

  it('writes what DuckDB reads', async () => {
    const records = [
      { a: 'x,y', b: 1.5, c: 'say "hi"\nthere' },
      { a: '', b: -2, c: 'é漢🎉' },
    ];
    await writeAll(toCsv(path), [records]);
    const connection = await (await DuckDBInstance.create()).connect();
    const reader = await connection.runAndReadAll(
      `SELECT a, b, c FROM read_csv('${path}', header=true, delim=',', quote='"', escape='"')`,
    );
    expect(reader.getRowObjects().map((row) => ({ ...row, a: row['a'] ?? '' }))).toEqual(records);
  });

  it('writes the chosen columns in the chosen order, and a header although there is no record', async () => {
    await writeAll(toCsv<{ a: number; b: number; c: number }>(path, { columns: ['c', 'a'] }), [[{ a: 1, b: 2, c: 3 }]]);
    expect(readFileSync(path, 'utf8')).toBe('c,a\n3,1\n');
    await writeAll(toCsv<{ a: number }>(path, { columns: ['a'] }), []);
    expect(readFileSync(path, 'utf8')).toBe('a\n');
  });

  it('refuses a field that the first record had not, and values that CSV has no form for, naming the field', async () => {
    const refused: [object[], string][] = [
      [[{ a: 1 }, { a: 1, b: 2 }], "'b' of a later one"],
      [[{ a: { x: 1 } }], "'a' is a object"],
      [[{ a: [1] }], "'a' is an array"],
      [[{ a: new Date(Number.NaN) }], "'a' is an invalid date"],
      [[{}], 'has no fields'],
    ];
    for (const [records, message] of refused) {
      const target = join(folder, 'refused.csv');
      const error = await failureOf(() => writeAll(toCsv<object>(target), [records]));
      expect(error.code).toBe('ERR_SINK');
      expect(error.message).toContain(message);
      expect(existsSync(target)).toBe(false);
    }
  });

  it('refuses options outside their rules, all at once', async () => {
    const error = await failureOf(() => toCsv<{ a: 1 }>('x', { delimiter: '"', columns: [] }));
    expect(error.code).toBe('ERR_OPTION_INVALID');
    expect(error.message).toContain('delimiter');
    expect(error.message).toContain('columns=[]');
  });
});
