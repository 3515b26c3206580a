// What is special about doubles: rounding, NaN, infinities, zeros of both signs, and values that are no numbers.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Aggregator,
  approxPercentile,
  collect,
  countDistinct,
  distinct,
  max,
  mean,
  min,
  percentile,
  sum,
  sumBigInt,
  topN,
} from '../../../engine/aggregate/index.ts';
import { MillraceError } from '../../../engine/errors/millrace-error.ts';

const self = (value: unknown): number => value as number;

function accumulate<A, R>(g: Aggregator<unknown, A, R>, values: readonly unknown[]): A {
  return values.reduce<A>((a, v) => g.add(a, g.select === undefined ? v : g.select(v)), g.create());
}
const resultOf = <A, R>(g: Aggregator<unknown, A, R>, values: readonly unknown[]): R => g.result(accumulate(g, values));

function split<V>(values: readonly V[], workers: number): V[][] {
  return Array.from({ length: workers }, (_, worker) => values.filter((_value, index) => index % workers === worker));
}

describe('a compensated sum', () => {
  it('is the same for one worker and for seven, where a plain sum is not', () => {
    const values = Array.from({ length: 100_000 }, (_, i) => Math.sqrt(i) * 1.1 + 0.1);
    const g = sum(self);
    const totals = [1, 2, 3, 7].map((workers) =>
      g.result(
        split(values, workers)
          .map((part) => accumulate(g, part))
          .reduce((a, b) => g.combine(a, b)),
      ),
    );
    const plain = [1, 2, 3, 7].map((workers) =>
      split(values, workers)
        .map((part) => part.reduce((a, b) => a + b, 0))
        .reduce((a, b) => a + b, 0),
    );
    expect(new Set(totals).size).toBe(1);
    expect(new Set(plain).size).toBeGreaterThan(1);
  });

  it('keeps what a plain sum loses', () => {
    expect(resultOf(sum(self), [1, 1e100, 1, -1e100])).toBe(2);
    expect(
      resultOf(
        sum(self),
        Array.from({ length: 10 }, () => 0.1),
      ),
    ).toBe(1);
  });

  it('is within an ulp of the exact sum of any finite values of one sign', () => {
    const value = fc.double({ min: 0, max: 1e9, noNaN: true });
    fc.assert(
      fc.property(fc.array(value, { maxLength: 200 }), fc.integer({ min: 1, max: 5 }), (values, workers) => {
        const g = sum(self);
        const total = g.result(
          split(values, workers)
            .map((part) => accumulate(g, part))
            .reduce((a, b) => g.combine(a, b)),
        );
        const exact = exactSum(values);
        expect(Math.abs(total - exact)).toBeLessThanOrEqual(exact * Number.EPSILON);
      }),
    );
  });

  it('is poisoned by NaN and by infinities in every order alike, and recovers when they are taken back', () => {
    const special = fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1, 2.5);
    fc.assert(
      fc.property(fc.array(special), fc.array(special), (first, second) => {
        const g = sum(self);
        const plain = [...first, ...second].reduce((a, b) => a + b, 0);
        expect(g.result(g.combine(accumulate(g, first), accumulate(g, second)))).toBe(plain);
        let accumulator = accumulate(g, [...first, ...second]);
        for (const value of second) accumulator = g.retract?.(accumulator, value) ?? accumulator;
        expect(g.result(accumulator)).toBe(first.reduce((a, b) => a + b, 0));
      }),
    );
  });

  it('overflows as addition does', () => {
    expect(resultOf(sum(self), [1e308, 1e308])).toBe(Number.POSITIVE_INFINITY);
    expect(resultOf(sum(self), [1e308, 1e308, -1e308])).toBe(Number.POSITIVE_INFINITY);
  });
});

/** The exact sum, rounded once: doubles as fractions of 2^1074. */
function exactSum(values: readonly number[]): number {
  const view = new DataView(new ArrayBuffer(8));
  let total = 0n;
  for (const value of values) {
    view.setFloat64(0, value);
    const bits = view.getBigUint64(0);
    const exponent = (bits >> 52n) & 0x7ffn;
    const fraction = bits & 0xfffffffffffffn;
    total += exponent === 0n ? fraction : (fraction | (1n << 52n)) << (exponent - 1n);
  }
  // To 64 significant bits first: Number() of the whole would overflow.
  const shift = Math.max(0, total.toString(2).length - 64);
  return Number(total >> BigInt(shift)) * 2 ** (shift - 1074 + 500) * 2 ** -500;
}

describe('min and max', () => {
  it('let NaN win whatever came before or after it', () => {
    for (const g of [min(self), max(self)]) {
      expect(resultOf(g, [1, Number.NaN, 2])).toBe(Number.NaN);
      expect(resultOf(g, [Number.NaN, 1])).toBe(Number.NaN);
      expect(g.result(g.combine(g.combine(g.create(), 1), Number.NaN))).toBe(Number.NaN);
    }
    const invalid = new Date(Number.NaN);
    expect(
      resultOf(
        max((v) => v as Date),
        [new Date(0), invalid, new Date(1)],
      ),
    ).toBe(invalid);
  });

  it('order the zeros, so that the answer does not depend on which came first', () => {
    for (const zeros of [
      [0, -0],
      [-0, 0],
    ]) {
      expect(resultOf(max(self), zeros)).toBe(0);
      expect(resultOf(min(self), zeros)).toBe(-0);
    }
  });

  it('refuse to compare values of two kinds, in add and in combine', () => {
    const g = max((v) => v as number | string);
    expect(() => resultOf(g, [1, '2'])).toThrow(/max compares values of one kind: got string "2"; there is 1 already/);
    expect(() => g.combine(g.add(g.create(), 'a'), 3)).toThrow(MillraceError);
    expect(() => resultOf(g, [{}])).toThrow(/max compares numbers, bigints, strings or Dates: got object/);
  });
});

describe('percentile', () => {
  it('keeps few bytes when values repeat, and the answer stays exact', () => {
    const g = percentile(0.5, self);
    const values = Array.from({ length: 200_001 }, (_, i) => ((i * 7919) % 500) - 100);
    const accumulator = accumulate(g, values);
    const bytes = accumulator.pending.byteLength + accumulator.runValues.byteLength + accumulator.runCounts.byteLength;
    expect(bytes).toBeLessThanOrEqual(16 * 500 + 8 * 512);
    expect(g.result(accumulator)).toBe([...values].sort((a, b) => a - b)[100_000]);
  });

  it('keeps at most 16 bytes for each value when none repeats', () => {
    const g = percentile(0.5, self);
    const values = Array.from({ length: 100_001 }, (_, i) => ((i * 7919) % 100_001) + 0.5);
    const accumulator = accumulate(g, values);
    const bytes = accumulator.pending.byteLength + accumulator.runValues.byteLength + accumulator.runCounts.byteLength;
    expect(bytes).toBeLessThanOrEqual(16 * 131_072);
    expect(g.result(accumulator)).toBe(50_000.5);
  });

  it('stays exact in large windows that slide, with values that repeat and values that do not', () => {
    for (const distinctValues of [20, 100_000]) {
      const g = percentile(0.5, self);
      const values = Array.from({ length: 30_000 }, (_, i) => (i * 7919) % distinctValues);
      let accumulator = g.create();
      values.forEach((value, index) => {
        accumulator = g.add(accumulator, value);
        if (index >= 5000) accumulator = g.retract?.(accumulator, values[index - 5000]) ?? accumulator;
        if (index % 2999 !== 0) return;
        const window = values.slice(Math.max(0, index - 4999), index + 1).sort((a, b) => a - b);
        const middle = (window.length - 1) / 2;
        expect(g.result(accumulator)).toBe(
          ((window[Math.floor(middle)] as number) + (window[Math.ceil(middle)] as number)) / 2,
        );
      });
    }
  });

  it('says so when it is asked to take back what it never got', () => {
    const g = percentile(0.5, self);
    const accumulator = g.retract?.(accumulate(g, [1, 2]), 3);
    expect(() => accumulator !== undefined && g.result(accumulator)).toThrow(/never got: 3/);
  });

  it('interpolates towards infinities without making NaN of them', () => {
    const { NEGATIVE_INFINITY: low, POSITIVE_INFINITY: high } = Number;
    expect(resultOf(percentile(0.25, self), [low, 1, 2])).toBe(low);
    expect(resultOf(percentile(0.75, self), [low, 1, high])).toBe(high);
    expect(resultOf(percentile(0.5, self), [low, 1, high])).toBe(1);
    expect(resultOf(percentile(0.5, self), [high, high])).toBe(high);
    expect(resultOf(percentile(0.5, self), [-1.7e308, 1.7e308])).toBe(0);
    expect(resultOf(percentile(0.5, self), [1, Number.NaN])).toBe(Number.NaN);
  });
});

describe('approxPercentile', () => {
  const values = fc.array(
    fc.oneof(
      fc.double({ min: 1e-6, max: 1e6, noNaN: true }),
      fc.double({ min: -1e6, max: -1e-6, noNaN: true }),
      fc.constant(0),
    ),
    { minLength: 1, maxLength: 300 },
  );

  it('is within its relative error of the value at that rank, however the work was shared', () => {
    fc.assert(
      fc.property(
        values,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.constantFrom(0.001, 0.01, 0.2),
        fc.integer({ min: 1, max: 5 }),
        (all, p, relativeError, workers) => {
          const g = approxPercentile(p, self, { relativeError });
          const answer = g.result(
            split(all, workers)
              .map((part) => structuredClone(accumulate(g, part)))
              .reduce((a, b) => g.combine(a, b)),
          );
          const truth = [...all].sort((a, b) => a - b)[Math.floor(p * (all.length - 1))] as number;
          expect(Math.abs((answer as number) - truth)).toBeLessThanOrEqual(Math.abs(truth) * (relativeError + 1e-9));
          expect(answer).toBe(resultOf(g, [...all].reverse()));
        },
      ),
    );
  });

  it('takes values back', () => {
    fc.assert(
      fc.property(values, values, (kept, gone) => {
        const g = approxPercentile(0.5, self);
        let accumulator = accumulate(g, [...gone, ...kept]);
        for (const value of gone) accumulator = g.retract?.(accumulator, value) ?? accumulator;
        expect(g.result(accumulator)).toBe(resultOf(g, kept));
      }),
    );
  });

  it('stays within its memory over the whole range of doubles, and collapses the small values only', () => {
    const g = approxPercentile(0.99, self);
    const all = Array.from({ length: 2000 }, (_, i) => 10 ** (-300 + (i * 600) / 1999));
    const orders = [
      all,
      [...all].reverse(),
      all.filter((_, i) => i % 2 === 0).concat(all.filter((_, i) => i % 2 === 1)),
    ];
    const accumulators = orders.map((order) => accumulate(g, order));
    for (const accumulator of accumulators) {
      expect(accumulator.positive.counts.byteLength).toBeLessThanOrEqual(17_000);
      expect(accumulator.positive.counts.reduce((a, b) => a + b)).toBe(2000);
    }
    const truth = all[Math.floor(0.99 * 1999)] as number;
    const answers = accumulators.map((accumulator) => g.result(accumulator) as number);
    expect(new Set(answers).size).toBe(1);
    expect(Math.abs((answers[0] as number) - truth)).toBeLessThanOrEqual(truth * 0.0101);
    expect(g.result(g.combine(accumulate(g, all.slice(1000)), accumulate(g, all.slice(0, 1000))))).toBe(answers[0]);
    expect(g.result(g.combine(accumulate(g, all.slice(0, 1000)), accumulate(g, all.slice(1000))))).toBe(answers[0]);
  });

  it('knows infinities, zeros and NaN', () => {
    const { NEGATIVE_INFINITY: low, POSITIVE_INFINITY: high } = Number;
    const ends = [low, -0, high];
    expect([0, 0.5, 1].map((p) => resultOf(approxPercentile(p, self), ends))).toEqual([low, 0, high]);
    expect(resultOf(approxPercentile(0.5, self), [1, Number.NaN])).toBe(Number.NaN);
    expect(resultOf(approxPercentile(0.5, self), [Number.MAX_VALUE])).toBeLessThanOrEqual(Number.MAX_VALUE);
    expect(resultOf(approxPercentile(0.5, self), [])).toBeUndefined();
  });
});

describe('values that an aggregate cannot take', () => {
  it.each([
    ['sum', sum(self), '12', 'sum takes numbers: got string "12"; convert it in the select function'],
    ['sum', sum(self), 5n, 'sum takes numbers: got bigint 5n; convert it with Number(…), or use sumBigInt'],
    [
      'sumBigInt',
      sumBigInt((v) => v as bigint),
      5,
      'sumBigInt takes bigints: got 5; use sum for numbers, or convert it with BigInt(…)',
    ],
    ['mean', mean(self), true, 'mean takes numbers: got true; convert it in the select function'],
    [
      'percentile',
      percentile(0.5, self),
      new Date(0),
      'percentile takes numbers: got Date; convert it in the select function',
    ],
    [
      'approxPercentile',
      approxPercentile(0.5, self),
      [1],
      'approxPercentile takes numbers: got array of 1; convert it in the select function',
    ],
    [
      'distinct',
      distinct((v) => v as string),
      {},
      'distinct takes strings, numbers, bigints or booleans: got object; select one field of it',
    ],
    [
      'topN',
      topN(2, (v) => v as number),
      [1],
      'topN compares numbers, bigints, strings or Dates: got array of 1; convert it in the select function',
    ],
  ] as [string, Aggregator<unknown>, unknown, string][])(
    'are refused by %s, which stays as it was',
    (_name, g, value, message) => {
      const accumulator = g.create();
      const before = structuredClone(accumulator);
      const select = (record: unknown): unknown => (g.select === undefined ? record : g.select(record));
      const selected = select(value);
      let thrown: unknown;
      try {
        g.add(accumulator, selected);
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toMatchObject({ code: 'ERR_OPERATOR', message });
      expect(accumulator).toEqual(before);
      expect(() => g.check?.(accumulator, selected)).toThrow(message);
      for (const nullish of [null, undefined]) expect(() => g.check?.(accumulator, select(nullish))).not.toThrow();
    },
  );

  it('never shorten an answer: one value above the limit is an error in add and in combine', () => {
    for (const g of [
      distinct((v) => v as number, { limit: 2 }),
      countDistinct((v) => v as number, { limit: 2 }),
      collect((v) => v, { limit: 2 }),
    ] as Aggregator<unknown>[]) {
      expect(() => resultOf(g, [1, 2])).not.toThrow();
      expect(() => resultOf(g, [1, 2, 3])).toThrow(/keeps at most limit .* limit=2; raise the limit/);
      expect(() => g.combine(accumulate(g, [1, 2]), accumulate(g, [3]))).toThrow(/limit=2/);
    }
    expect(
      resultOf(
        distinct((v) => v as number, { limit: 2 }),
        [1, 2, 1, 2],
      ),
    ).toEqual([1, 2]);
  });
});

describe('arguments of aggregates', () => {
  it.each([
    [() => percentile(95, self), /percentile needs a share from 0 to 1 \(0.95, not 95\): p=95/],
    [() => percentile(Number.NaN, self), /p=NaN/],
    [() => percentile(-0.01, self), /p=-0.01/],
    [() => approxPercentile(0.5, self, { relativeError: 0 }), /relativeError from 0.0001 to 0.5: relativeError=0/],
    [() => topN(0, self), /topN needs an integer from 1 to 100000: n=0/],
    [() => topN(1.5, self), /n=1.5/],
    [() => topN(1, self, { ties: 'first' as never }), /topN's ties must be a function of two records: ties=/],
    [() => topN(1, self, { order: 'best' as 'highest' }), /order="?string "best"/],
    [() => sum('delay' as never), /sum needs a function from a record to its value: select=string "delay"/],
    [() => collect(self, { limit: 0 }), /limit=0/],
  ])('are refused when the job is built (%#)', (build, message) => {
    expect(build).toThrow(message);
    expect(build).toThrow(expect.objectContaining({ code: 'ERR_OPTION_INVALID' }) as Error);
  });

  it('take the ends of their ranges', () => {
    expect(resultOf(percentile(0, self), [3, 1, 2])).toBe(1);
    expect(resultOf(percentile(1, self), [3, 1, 2])).toBe(3);
    expect(resultOf(topN(100_000, self), [1])).toEqual([1]);
    expect(resultOf(topN(1, self), [1, 3, 2])).toEqual([3]);
  });
});

describe('topN', () => {
  it('keeps the first to arrive of equal ranks, and ranks NaN last in both orders', () => {
    const rows = [5, Number.NaN, 7, 5, 7].map((rank, id) => ({ rank, id }));
    const ids = (order: 'highest' | 'lowest', n: number): number[] =>
      resultOf(
        topN(n, (r) => (r as { rank: number }).rank, { order }),
        rows,
      ).map((r) => (r as { id: number }).id);
    expect(ids('highest', 5)).toEqual([2, 4, 0, 3, 1]);
    expect(ids('highest', 3)).toEqual([2, 4, 0]);
    expect(ids('lowest', 5)).toEqual([0, 3, 2, 4, 1]);
  });

  it('lets ties be decided, in either order of ranks', () => {
    const rows = [5, Number.NaN, 7, 5, 7, Number.NaN].map((rank, id) => ({ rank, id }));
    const ids = (order: 'highest' | 'lowest', n: number): number[] => {
      const ties = (a: unknown, b: unknown): number => (b as { id: number }).id - (a as { id: number }).id;
      const top = topN(n, (r: unknown) => (r as { rank: number }).rank, { order, ties });
      return resultOf(top, rows).map((r) => (r as { id: number }).id);
    };
    expect(ids('highest', 6)).toEqual([4, 2, 3, 0, 5, 1]);
    expect(ids('highest', 3)).toEqual([4, 2, 3]);
    expect(ids('lowest', 6)).toEqual([3, 0, 4, 2, 5, 1]);
  });
});
