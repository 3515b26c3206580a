import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatCount, formatDuration, formatMoment, formatShare } from '../../cli/quantities.ts';

describe('a duration', () => {
  it.each([
    [0, '0'],
    [0.4, '<1ns'],
    [1, '1ns'],
    [740, '740ns'],
    [999.4, '999ns'],
    [999.6, '1.00µs'],
    [12_345, '12.3µs'],
    [999_700, '1.00ms'],
    [1_020_000, '1.02ms'],
    [20e6, '20.0ms'],
    [59.94e9, '59.9s'],
    [59.96e9, '1m00s'],
    [185e9, '3m05s'],
    [3_599.6e9, '1h00m'],
    [4_398e9, '1h13m'],
    [99.9 * 3_600e9, '99h54m'],
    [240 * 3_600e9, '10d'],
  ])('of %d ns reads %s', (ns, text) => {
    expect(formatDuration(ns)).toBe(text);
  });

  it('fits a cell of seven characters, whatever it is', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e17, noNaN: true }), (ns) => {
        expect(formatDuration(ns).length).toBeLessThanOrEqual(7);
      }),
    );
  });
});

describe('a count', () => {
  it.each([
    [0, '0'],
    [0.01, '<0.1'],
    [0.52, '0.5'],
    [9.97, '10'],
    [7, '7'],
    [312, '312'],
    [9_999, '9999'],
    [10_000, '10.0k'],
    [999_600, '1.00M'],
    [3_050_000, '3.05M'],
    [44e9, '44.0G'],
  ])('of %d reads %s', (count, text) => {
    expect(formatCount(count)).toBe(text);
  });

  it('fits a cell of seven characters, whatever it is', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: Number.MAX_SAFE_INTEGER, noNaN: true }), (count) => {
        expect(formatCount(count).length).toBeLessThanOrEqual(7);
      }),
    );
  });
});

describe('a share', () => {
  it.each([
    [0, '0%'],
    [0.001, '<1%'],
    [0.424, '42%'],
    [1, '100%'],
    [Number.NaN, '0%'],
  ])('of %d reads %s', (share, text) => {
    expect(formatShare(share)).toBe(text);
  });
});

describe('a moment', () => {
  it('is a date and a time of day in UTC, or a number where there is no such date', () => {
    expect(formatMoment(0)).toBe('1970-01-01 00:00:00.000');
    expect(formatMoment(-1)).toBe('1969-12-31 23:59:59.999');
    expect(formatMoment(9e15)).toBe('9000000000000000');
  });
});
