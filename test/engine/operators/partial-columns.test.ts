import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Aggregator,
  aggregator,
  approxPercentile,
  composite,
  count,
  distinct,
  max,
  mean,
  min,
  percentile,
  sum,
  sumBigInt,
  topN,
} from '../../../engine/aggregate/index.ts';
import { partialColumns } from '../../../engine/operators/partial-columns.ts';
import { hostileNames } from '../frame/arbitrary-records.ts';
import { LanePair } from '../frame/lane-pair.ts';
import { expectSame } from '../frame/same-data.ts';

interface Row {
  x: number | null;
  word: string;
  big: bigint;
}

const x = (row: Row): number | null => row.x;

const parts: readonly Aggregator<Row>[] = [
  count(),
  sum(x),
  mean(x),
  min(x),
  max((row: Row) => row.word),
  sumBigInt((row: Row) => row.big),
  percentile(0.5, x),
  approxPercentile(0.9, x),
  topN(2, x),
  distinct((row: Row) => row.word),
  aggregator({
    create: () => ({ sum: [0], deep: { er: 'x' } }),
    add: (all, row: Row) => ({ sum: [...all.sum, row.x ?? 0], deep: all.deep }),
    combine: (a) => a,
    result: (a) => a,
  }),
] as readonly Aggregator<Row>[];

const rows: fc.Arbitrary<Row[]> = fc.array(
  fc.record(
    {
      x: fc.oneof(
        { weight: 5, arbitrary: fc.double() },
        fc.constantFrom(null, -0, 0, Number.NaN, Infinity, -Infinity, 3),
      ),
      word: fc.string({ maxLength: 20 }),
      big: fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
    },
    { noNullPrototype: true },
  ),
  { maxLength: 12 },
);

function folded(aggregate: Aggregator<Row>, of: readonly Row[]): unknown {
  let accumulator = aggregate.create();
  for (const row of of) accumulator = aggregate.add(accumulator, aggregate.select?.(row) ?? row);
  return accumulator;
}

describe.each([true, false])('partial results (compiled: %s)', (compiled) => {
  it('are after an exchange what they were before it, whatever the aggregates and their names', () => {
    const names = fc.uniqueArray(fc.oneof(fc.constantFrom(...hostileNames), fc.string({ maxLength: 4 })), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(
        names,
        fc.infiniteStream(fc.nat(parts.length - 1)),
        fc.array(rows, { maxLength: 6 }),
        (of, pick, keys) => {
          const spec = Object.fromEntries(of.map((name) => [name, parts[pick.next().value as number]!]));
          const aggregate = composite<Row, typeof spec>(spec) as unknown as Aggregator<Row>;
          const { pack, unpack } = partialColumns(aggregate as Aggregator<unknown>, compiled);
          const accumulators = keys.map((group) => folded(aggregate, group));
          const before = structuredClone(accumulators);
          const pair = new LanePair({ compileAfterRecords: 0 });
          for (let turn = 0; turn < 2; turn++) {
            const sent = pair.send(accumulators.map((accumulator, key) => pack(`key ${key}`, accumulator)));
            expect(sent.map((partial) => (partial as { k: string }).k)).toEqual(keys.map((_, key) => `key ${key}`));
            expectSame(sent.map(unpack), before);
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  it('have a column for each number, and none for what V8 would have to clone', () => {
    const aggregate = composite<Row, Record<string, Aggregator<Row>>>({ n: count(), total: sum(x), mean: mean(x) });
    const { pack } = partialColumns(aggregate as unknown as Aggregator<unknown>, compiled);
    const pair = new LanePair();
    pair.send([pack(1, folded(aggregate as unknown as Aggregator<Row>, [{ x: 0.5, word: '', big: 0n }]))]);
    const columns = pair.encoder.schema!.columns.map(({ name, kind }) => `${name} ${kind}`);
    expect(columns).toEqual([
      'k int32',
      'a0 int32',
      'a1 float64',
      'a2 int32',
      'a3 int32',
      'a4 float64',
      'a5 int32',
      'a6 int32',
      'a7 int32',
    ]);
  });

  it('keep what a sum knows of values that are not finite', () => {
    const total = sum((value: number) => value) as unknown as Aggregator<unknown>;
    const { pack, unpack } = partialColumns(total, compiled);
    const accumulator = [1, Number.NaN, Infinity].reduce((all, value) => total.add(all, value), total.create());
    const pair = new LanePair();
    const partials = [pack(1, total.create()), pack(2, accumulator)];
    expectSame(pair.send(partials).map(unpack), [total.create(), accumulator]);
  });

  it('travel whole when they have more parts than a schema has columns', () => {
    const spec = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`n${i}`, count<Row>() as Aggregator<Row>]));
    const aggregate = composite<Row, typeof spec>(spec) as unknown as Aggregator<Row>;
    const { pack, unpack } = partialColumns(aggregate as Aggregator<unknown>, compiled);
    const accumulator = folded(aggregate, [{ x: 1, word: '', big: 0n }]);
    const partial = pack(1, accumulator);
    expect(Object.keys(partial as object)).toEqual(['k', 'a0']);
    expectSame(unpack(partial), accumulator);
  });
});
