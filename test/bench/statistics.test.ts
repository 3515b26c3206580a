import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pairwiseRatios, spreadOf } from '../../bench/harness/statistics.ts';

describe('statistics of rounds', () => {
  it('takes the middle of an odd number of values and the mean of the middle two of an even number', () => {
    expect(spreadOf([3, 1, 2])).toEqual({ min: 1, median: 2, max: 3 });
    expect(spreadOf([4, 1, 3, 2])).toEqual({ min: 1, median: 2.5, max: 4 });
    expect(spreadOf([10, 9])).toEqual({ min: 9, median: 9.5, max: 10 });
  });

  it('never lets a median leave its extremes, and does not depend on the order', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 1e-6, max: 1e9, noNaN: true }), { minLength: 1 }), (values) => {
        const { min, median, max } = spreadOf(values);
        expect(median).toBeGreaterThanOrEqual(min);
        expect(median).toBeLessThanOrEqual(max);
        expect(spreadOf([...values].reverse())).toEqual({ min, median, max });
      }),
    );
  });

  it('leaves the values as they were', () => {
    const values = [3, 1, 2];
    spreadOf(values);
    expect(values).toEqual([3, 1, 2]);
  });

  it('makes ratios round by round, so that a slow phase of the machine cancels', () => {
    expect(pairwiseRatios([10, 5, 20], [20, 10, 40])).toEqual([0.5, 0.5, 0.5]);
  });

  it('refuses what has no rounds, or rounds that are no pairs', () => {
    expect(() => spreadOf([])).toThrow(RangeError);
    expect(() => pairwiseRatios([1], [1, 2])).toThrow(RangeError);
  });
});
