// Every aggregate against a naive model: however the records are divided and the parts combined, the answer is the model's.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileSteps, interpretSteps } from '../../../engine/aggregate/composite.ts';
import {
  type Aggregator,
  aggregator,
  collect,
  composite,
  count,
  countDistinct,
  distinct,
  max,
  mean,
  min,
  percentile,
  percentiles,
  sum,
  sumBigInt,
  topN,
} from '../../../engine/aggregate/index.ts';

interface Row {
  id: number;
  x: number | null | undefined;
  word: string;
  big: bigint;
  when: Date;
}

const row: fc.Arbitrary<Row> = fc.record({
  id: fc.nat(),
  // Halves of small integers: their sums are exact, so that answers can be compared bit by bit.
  x: fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: -40, max: 40 }).map((i) => i / 2 + 0) },
    fc.constant(null),
    fc.constant(undefined),
  ),
  word: fc.string({ maxLength: 2, unit: fc.constantFrom('a', 'b', 'é', '漢', '\ud800') }),
  big: fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
  when: fc.date({ noInvalidDate: true }),
});

const numbersOf = (rows: readonly Row[]): number[] =>
  rows.flatMap(({ x }) => (x === null || x === undefined ? [] : [x]));

/** Rows of which it says 0 cannot be told apart. */
function byAllFields(a: Row, b: Row): number {
  const [textA, textB] = [a, b].map(({ id, x, big, when }) => `${id} ${String(x)} ${big} ${when.getTime()}`);
  return textA! < textB! ? -1 : textA! > textB! ? 1 : 0;
}

function quantile(values: readonly number[], p: number): number | undefined {
  if (values.length === 0) return undefined;
  const sorted = [...values].sort((a, b) => a - b);
  const rank = p * (sorted.length - 1);
  const low = sorted[Math.floor(rank)] as number;
  const high = sorted[Math.ceil(rank)] as number;
  const share = rank - Math.floor(rank);
  // The same rounding as DuckDB, which another test compares with.
  return low === high ? low : low * (1 - share) + high * share;
}

const least = <V extends number | bigint | string | Date>(values: readonly V[]): V | undefined =>
  values.reduce<V | undefined>((m, v) => (m === undefined || v < m ? v : m), undefined);
const most = <V extends number | bigint | string | Date>(values: readonly V[]): V | undefined =>
  values.reduce<V | undefined>((m, v) => (m === undefined || v > m ? v : m), undefined);

/** An aggregate, its model, and whether its answer depends on which part is combined first. */
const cases: readonly [string, Aggregator<Row>, (rows: readonly Row[]) => unknown, 'ordered'?][] = [
  ['count', count(), (rows) => rows.length],
  ['sum', sum((r: Row) => r.x), (rows) => numbersOf(rows).reduce((a, b) => a + b, 0)],
  ['sumBigInt', sumBigInt((r: Row) => r.big), (rows) => rows.reduce((a, r) => a + r.big, 0n)],
  [
    'mean',
    mean((r: Row) => r.x),
    (rows) =>
      numbersOf(rows).length === 0 ? undefined : numbersOf(rows).reduce((a, b) => a + b, 0) / numbersOf(rows).length,
  ],
  ['min', min((r: Row) => r.x), (rows) => least(numbersOf(rows))],
  ['max', max((r: Row) => r.x), (rows) => most(numbersOf(rows))],
  ['min of strings', min((r: Row) => r.word), (rows) => least(rows.map((r) => r.word))],
  ['max of bigints', max((r: Row) => r.big), (rows) => most(rows.map((r) => r.big))],
  ['max of Dates', max((r: Row) => r.when), (rows) => most(rows.map((r) => r.when))],
  ['percentile', percentile(0.3, (r: Row) => r.x), (rows) => quantile(numbersOf(rows), 0.3)],
  [
    'percentiles',
    percentiles([0, 0.5, 1], (r: Row) => r.x),
    (rows) => (numbersOf(rows).length === 0 ? undefined : [0, 0.5, 1].map((p) => quantile(numbersOf(rows), p))),
  ],
  [
    'topN',
    topN(3, (r: Row) => r.x),
    (rows) =>
      [...rows]
        .filter((r) => r.x !== null && r.x !== undefined)
        .sort((a, b) => (b.x as number) - (a.x as number))
        .slice(0, 3),
    'ordered',
  ],
  [
    'lowest of topN',
    topN(4, (r: Row) => r.word, { order: 'lowest' }),
    (rows) => [...rows].sort((a, b) => (a.word < b.word ? -1 : a.word > b.word ? 1 : 0)).slice(0, 4),
    'ordered',
  ],
  [
    'topN with ties decided',
    topN(3, (r: Row) => r.word, { ties: byAllFields }),
    (rows) => [...rows].sort((a, b) => (a.word > b.word ? -1 : a.word < b.word ? 1 : byAllFields(a, b))).slice(0, 3),
  ],
  ['distinct', distinct((r: Row) => r.x), (rows) => [...new Set(numbersOf(rows))], 'ordered'],
  ['countDistinct', countDistinct((r: Row) => r.word), (rows) => new Set(rows.map((r) => r.word)).size],
  ['collect', collect((r: Row) => r.x), (rows) => rows.map((r) => r.x), 'ordered'],
  ['collect of records', collect<Row>(), (rows) => rows, 'ordered'],
  [
    'a custom aggregate',
    aggregator({
      create: () => ({ text: '' }),
      add: (a, r: Row) => ({ text: a.text + r.word }),
      combine: (a, b) => ({ text: a.text + b.text }),
      result: (a) => a.text,
    }),
    (rows) => rows.map((r) => r.word).join(''),
    'ordered',
  ],
];

const spec = Object.fromEntries(cases.map(([name, aggregate]) => [name, aggregate]));
const add = <A>(g: Aggregator<Row, A>, accumulator: A, record: Row): A =>
  g.add(accumulator, g.select === undefined ? record : g.select(record));
const addAll = <A>(g: Aggregator<Row, A>, rows: readonly Row[]): A => rows.reduce((a, r) => add(g, a, r), g.create());

/** Combines in a random tree; neighbours only, so that the order of the records is kept. */
function combineTree<A>(g: Aggregator<Row, A>, parts: A[], picks: readonly number[]): A {
  const left = [...parts];
  for (let step = 0; left.length > 1; step++) {
    const at = (picks[step % Math.max(1, picks.length)] ?? 0) % (left.length - 1);
    const other = left[at + 1] as A;
    const before = structuredClone(other);
    left.splice(at, 2, g.combine(left[at] as A, other));
    expect(other).toEqual(before);
  }
  return left[0] ?? g.create();
}

const parts = fc.array(fc.array(row, { maxLength: 12 }), { minLength: 1, maxLength: 6 });
const picks = fc.array(fc.nat({ max: 100 }), { minLength: 1, maxLength: 8 });

describe.each(cases)('%s', (_name, aggregate, model, ordered) => {
  it('equals its model for any partitioning, any tree of combining, and accumulators that crossed threads', () => {
    fc.assert(
      fc.property(parts, picks, (rows, tree) => {
        const accumulators = rows.map((part) => structuredClone(addAll(aggregate, part)));
        expect(aggregate.result(combineTree(aggregate, accumulators, tree))).toEqual(model(rows.flat()));
      }),
    );
  });

  it('has an empty accumulator that changes nothing when it is combined', () => {
    fc.assert(
      fc.property(fc.array(row), (rows) => {
        const expected = model(rows);
        expect(aggregate.result(aggregate.combine(aggregate.create(), addAll(aggregate, rows)))).toEqual(expected);
        expect(aggregate.result(aggregate.combine(addAll(aggregate, rows), aggregate.create()))).toEqual(expected);
      }),
    );
  });

  it('goes on after its result was asked for, and leaves that result alone', () => {
    fc.assert(
      fc.property(fc.array(row), fc.array(row), (first, second) => {
        const accumulator = addAll(aggregate, first);
        const early = aggregate.result(accumulator);
        const later = second.reduce((a, r) => add(aggregate, a, r), accumulator);
        expect(aggregate.result(later)).toEqual(model([...first, ...second]));
        expect(early).toEqual(model(first));
      }),
    );
  });

  if (ordered === undefined) {
    it('does not depend on the order of the records', () => {
      fc.assert(
        fc.property(fc.array(row), (rows) => {
          expect(aggregate.result(addAll(aggregate, [...rows].reverse()))).toEqual(model(rows));
        }),
      );
    });
  }

  if (aggregate.retract !== undefined) {
    it('undoes add by retract, in any order', () => {
      fc.assert(
        fc.property(fc.array(fc.tuple(row, fc.nat({ max: 99 }), fc.boolean())), (steps) => {
          let accumulator = aggregate.create();
          const held: Row[] = [];
          for (const [record, pick, isRemoval] of steps) {
            if (isRemoval && held.length > 0) {
              const [gone] = held.splice(pick % held.length, 1) as [Row];
              accumulator = aggregate.retract?.(
                accumulator,
                aggregate.select === undefined ? gone : aggregate.select(gone),
              );
            } else {
              held.push(record);
              accumulator = add(aggregate, accumulator, record);
            }
          }
          expect(aggregate.result(accumulator)).toEqual(model(held));
        }),
      );
    });
  }
});

describe.each([
  ['compiled', compileSteps(Object.entries(spec))],
  ['interpreted', interpretSteps(Object.entries(spec))],
])('the %s composite of all of them', (_name, steps) => {
  it('equals all models at once', () => {
    if (steps === undefined) throw new Error('code from strings is forbidden here');
    const all = { name: 'all', ...steps } as Aggregator<Row, Record<string, unknown>, Record<string, unknown>>;
    fc.assert(
      fc.property(parts, picks, (rows, tree) => {
        const accumulators = rows.map((part) => structuredClone(addAll(all, part)));
        const expected = Object.fromEntries(cases.map(([name, , model]) => [name, model(rows.flat())]));
        expect(all.result(combineTree(all, accumulators, tree))).toEqual(expected);
      }),
      { numRuns: 50 },
    );
  });
});

describe('the public composite', () => {
  it('is the compiled one and can be retracted when all of its entries can', () => {
    const some = composite<Row, { n: Aggregator<Row, number, number>; s: ReturnType<typeof sum<Row>> }>({
      n: count(),
      s: sum((r) => r.x),
    });
    const rows = [1, 2, 3].map((x): Row => ({ id: x, x, word: '', big: 0n, when: new Date(0) }));
    const accumulator = addAll(some, rows);
    expect(some.result(accumulator)).toEqual({ n: 3, s: 6 });
    expect(some.result(some.retract?.(accumulator, rows[1] as Row) ?? {})).toEqual({ n: 2, s: 4 });
    expect(composite({ m: max((r: Row) => r.x) }).retract).toBeUndefined();
  });
});
