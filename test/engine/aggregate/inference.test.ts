// What the compiler infers: `tsc` checks this file, so a wrong type fails the type check and a missing error does too.

import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  type Aggregator,
  aggregator,
  approxPercentile,
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
  type ResultOf,
  sum,
  sumBigInt,
  topN,
} from '../../../engine/aggregate/index.ts';

interface Flight {
  delay: number;
  origin: string;
  date: Date;
  seats: bigint;
  gate: number | null;
}

/** The flow API's `aggregate`, reduced to its types. */
class Keyed<T> {
  readonly records: readonly T[];
  constructor(records: readonly T[]) {
    this.records = records;
  }
  aggregate<S extends Record<string, Aggregator<T>>>(spec: S): { [K in keyof S]: ResultOf<S[K]> } {
    const all = composite<T, S>(spec);
    return all.result(this.records.reduce((accumulator, record) => all.add(accumulator, record), all.create()));
  }
}

const flights = new Keyed<Flight>([
  { delay: 5, origin: 'HAM', date: new Date(0), seats: 100n, gate: null },
  { delay: 15, origin: 'MUC', date: new Date(1), seats: 200n, gate: 3 },
]);

describe('the types of aggregates', () => {
  it('infers the record from the flow and the result from the select', () => {
    const result = flights.aggregate({
      n: count(),
      total: sum((r) => r.delay),
      gates: sum((r) => r.gate),
      seats: sumBigInt((r) => r.seats),
      avg: mean((r) => r.delay),
      worst: max((r) => r.delay),
      last: max((r) => r.date),
      first: min((r) => r.origin),
      most: max((r) => r.seats),
      median: percentile(0.5, (r) => r.delay),
      several: percentiles([0.5, 0.9], (r) => r.delay),
      approximate: approxPercentile(0.5, (r) => r.delay),
      top: topN(3, (r) => r.delay),
      origins: distinct((r) => r.origin),
      places: countDistinct((r) => r.origin),
      all: collect(),
      delays: collect((r) => r.delay),
      bounded: collect(undefined, { limit: 5 }),
    });
    expectTypeOf(result.n).toEqualTypeOf<number>();
    expectTypeOf(result.total).toEqualTypeOf<number>();
    expectTypeOf(result.gates).toEqualTypeOf<number>();
    expectTypeOf(result.seats).toEqualTypeOf<bigint>();
    expectTypeOf(result.avg).toEqualTypeOf<number | undefined>();
    expectTypeOf(result.worst).toEqualTypeOf<number | undefined>();
    expectTypeOf(result.last).toEqualTypeOf<Date | undefined>();
    expectTypeOf(result.first).toEqualTypeOf<string | undefined>();
    expectTypeOf(result.most).toEqualTypeOf<bigint | undefined>();
    expectTypeOf(result.median).toEqualTypeOf<number | undefined>();
    expectTypeOf(result.several).toEqualTypeOf<number[] | undefined>();
    expectTypeOf(result.approximate).toEqualTypeOf<number | undefined>();
    expectTypeOf(result.top).toEqualTypeOf<Flight[]>();
    expectTypeOf(result.origins).toEqualTypeOf<string[]>();
    expectTypeOf(result.places).toEqualTypeOf<number>();
    expectTypeOf(result.all).toEqualTypeOf<Flight[]>();
    expectTypeOf(result.delays).toEqualTypeOf<number[]>();
    expectTypeOf(result.bounded).toEqualTypeOf<Flight[]>();
    expect(result).toMatchObject({
      n: 2,
      total: 20,
      gates: 3,
      seats: 300n,
      avg: 10,
      worst: 15,
      first: 'HAM',
      delays: [5, 15],
    });
    expect(result.top.map((r) => r.origin)).toEqual(['MUC', 'HAM']);
  });

  it('infers an accumulator of the user’s own', () => {
    const result = flights.aggregate({
      longest: aggregator({
        create: () => ({ letters: 0 }),
        add: (accumulator, flight) => {
          expectTypeOf(accumulator).toEqualTypeOf<{ letters: number }>();
          expectTypeOf(flight).toEqualTypeOf<Flight>();
          return { letters: Math.max(accumulator.letters, flight.origin.length) };
        },
        combine: (accumulator, other) => ({ letters: Math.max(accumulator.letters, other.letters) }),
        result: (accumulator) => accumulator.letters,
      }),
    });
    expectTypeOf(result.longest).toEqualTypeOf<number>();
    expect(result.longest).toBe(3);
  });

  it('makes a wrong field or a wrong type an error where it is written', () => {
    const wrong = (): unknown => [
      flights.aggregate({
        // @ts-expect-error: there is no such field
        n: mean((r) => r.dealy),
        // @ts-expect-error: a string has no sum
        s: sum((r) => r.origin),
        // @ts-expect-error: a bigint has no sum of numbers
        b: sum((r) => r.seats),
        // @ts-expect-error: a Date has no mean
        d: mean((r) => r.date),
        // @ts-expect-error: objects have no order
        o: max((r) => r),
        // @ts-expect-error: objects have no equality
        u: distinct((r) => r.date),
        // @ts-expect-error: there is no such option
        p: approxPercentile(0.5, (r) => r.delay, { error: 0.1 }),
      }),
      // @ts-expect-error: not an aggregate
      flights.aggregate({ n: 5 }),
    ];
    expect(wrong).toThrow();
  });
});
