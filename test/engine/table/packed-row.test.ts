// What travels between operators over tables comes out as it went in, whatever the rows are.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  packChange,
  packGrouped,
  packRouted,
  packVersioned,
  unpackGrouped,
  unpackRouted,
  unpackRow,
  unpackVersioned,
} from '../../../engine/table/packed-row.ts';
import { adder, compileRow, isFlat, remover } from '../../../engine/table/row-shapes.ts';
import { collect, job, toTable } from '../../../index.ts';
import { simulate } from '../../../testing/index.ts';

const names = fc.oneof(
  fc.constantFrom('a', 'b', 'key', 'row', '__proto__', 'toString', '\0key', '\0row', '\0group', '1', '0', '"quoted\\n'),
  fc.string({ maxLength: 4 }),
);
const values = fc.oneof(
  fc.integer(),
  fc.string({ maxLength: 40 }),
  fc.constantFrom(undefined, null, true, -0, Number.NaN, 5n),
  fc.constant({ nested: [1, { deep: 'x' }] }),
);
const objects = fc.array(fc.tuple(names, values), { maxLength: 5 }).map((fields) => {
  const row = {};
  for (const [name, value] of fields) {
    Object.defineProperty(row, name, { value, enumerable: true, configurable: true, writable: true });
  }
  return row;
});
const rows = fc.oneof(
  { weight: 5, arbitrary: objects },
  fc.constantFrom<unknown>('a string of more than thirteen characters', 7, null, false, 5n, [1, 2], new Date(5)),
);
const maybeRows = fc.oneof({ weight: 4, arbitrary: rows }, fc.constant(undefined));

describe('a packed row', () => {
  it('is unpacked to what it was, with all that was said of it', () => {
    fc.assert(
      fc.property(maybeRows, maybeRows, values, fc.nat(), (before, after, key, version) => {
        const told = structuredClone(after);
        expect(unpackRow(packChange({ key, before, after }))).toStrictEqual(told);
        const routed = { foreign: 'x', key, version, row: after, way: 'moved' as const };
        expect(unpackRouted(packRouted(routed))).toStrictEqual({ ...routed, row: told });
        const versioned = { key, version, row: after };
        expect(unpackVersioned(packVersioned(versioned))).toStrictEqual({ ...versioned, row: told });
        if (before === undefined && after === undefined) return;
        const grouped = { group: 'g', key, before, after };
        expect(unpackGrouped(packGrouped(grouped))).toStrictEqual({
          ...grouped,
          before: structuredClone(before),
          after: told,
        });
        // Nothing was done to the rows themselves.
        expect(after).toStrictEqual(told);
      }),
      { numRuns: 3_000 },
    );
  });

  it('has its fields side by side, unless one of them has a name of ours', () => {
    const isOf = (row: unknown): string[] => Object.keys(packChange({ key: 1, before: undefined, after: row }));
    expect(isOf({ a: 1, b: 2 })).toEqual(['a', 'b', '\0key']);
    expect(isOf({})).toEqual(['\0key']);
    expect(isOf({ a: 1, '\0x': 2 })).toEqual(['\0row', '\0key']);
    expect(isOf([1])).toEqual(['\0row', '\0key']);
    expect(isFlat(new Map())).toBe(false);
    expect(isFlat(Object.create({ inherited: 1 }))).toBe(false);
  });

  it('is the same for more lists of names than are compiled', () => {
    const [add, remove] = [adder(['\0one', '\0two']), remover()];
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 200; i++) {
        const row = { [`field ${i}`]: i, common: 'c' };
        const packed = add(row, 1, 'two');
        expect(packed).toStrictEqual({ ...row, '\0one': 1, '\0two': 'two' });
        expect(remove(packed)).toStrictEqual(row);
      }
    }
  });

  it('is built by functions with text of their own, which share their type feedback with none', () => {
    const compile = (): string => compileRow(['row'], ['"a": row["a"]']).toString();
    expect(compile()).toContain('"a": row["a"]');
    expect(compile()).not.toBe(compile());
  });

  it('holds what getters gave, and nothing that is inherited, hidden or a symbol', () => {
    let reads = 0;
    const row = {
      get computed() {
        return ++reads;
      },
      [Symbol('s')]: 1,
      plain: 2,
    };
    Object.defineProperty(row, 'hidden', { value: 3, enumerable: false });
    const packed = packChange({ key: 1, before: undefined, after: row });
    expect(reads).toBe(1);
    expect(unpackRow(packed)).toStrictEqual({ computed: 1, plain: 2 });
    expect(reads).toBe(1);
  });

  it('crosses lanes as any row: strings, rows with hostile names, and rows that have ever other fields', async () => {
    const all: unknown[] = [
      'a string of more than thirteen characters',
      { '\0key': 1, '\0row': 2 },
      JSON.parse('{"__proto__": "hostile, and of more than thirteen characters", "x": 1}'),
      { x: 1 },
      { x: undefined, y: null },
      {},
      [1, 2, 3],
      0,
    ];
    const tables = job('hostile', (flow) => {
      const rowsOf = flow.from(all.map((row, id) => ({ id, row })));
      const table = toTable(rowsOf.keyBy(({ id }) => id)).map(({ row }) => row);
      const others = toTable(flow.from(['k']).keyBy((key) => key));
      table
        .join(table, { select: (l) => l })
        .joinForeign(others, { foreignKey: () => 'k', select: (l) => l })
        .finalRows()
        .to(collect('rows'));
      table
        .groupBy((_, key) => key)
        .aggregate({
          name: 'last',
          create: () => undefined as unknown,
          add: (_, row) => row,
          combine: (_, b) => b,
          result: (row) => row ?? 'none',
        })
        .finalRows()
        .to(collect('grouped'));
    });
    const { results } = await simulate(tables, { workers: 2 });
    const expected = all.map((value, key) => ({ key, value }));
    const byKey = (a: { key: number }, b: { key: number }): number => a.key - b.key;
    expect((results['rows'] as { key: number }[]).sort(byKey)).toStrictEqual(expected);
    expect((results['grouped'] as { key: number }[]).sort(byKey)).toStrictEqual(expected);
  });
});
