import fc from 'fast-check';
import { Float64Histogram } from 'hdr-histogram-js';
import { describe, expect, it } from 'vitest';
import {
  BUCKET_COUNT,
  bucketOf,
  HIGHEST_NS,
  HISTOGRAM_WORDS,
  SIGNIFICANT_DIGITS,
} from '../../../engine/metrics/histogram-layout.ts';
import { HistogramRecorder } from '../../../engine/metrics/histogram-recorder.ts';
import { mergeHistograms, summarizeLatency } from '../../../engine/metrics/latency-summary.ts';

const PERCENTILES = [0, 1, 25, 50, 75, 90, 99, 99.9, 99.99, 100];

/** Values over the whole range, each power of two as likely as the next, with its edges. */
const valueNs = fc.oneof(
  fc.tuple(fc.integer({ min: 0, max: 41 }), fc.double({ min: 0, max: 1, noNaN: true })).map(([power, part]) => {
    return Math.min(HIGHEST_NS, 2 ** power * (1 + part));
  }),
  fc.tuple(fc.integer({ min: 0, max: 42 }), fc.constantFrom(-1, 0, 1)).map(([power, step]) => {
    return Math.min(HIGHEST_NS, 2 ** power + step);
  }),
);
const recording = fc.tuple(valueNs, fc.integer({ min: 1, max: 1_000_000 }));

function recorded(records: readonly (readonly [number, number])[]): Float64Array {
  const words = new Float64Array(new SharedArrayBuffer(HISTOGRAM_WORDS * 8));
  const recorder = new HistogramRecorder(words);
  for (const [value, count] of records) recorder.record(value, count);
  return words;
}

function library(): Float64Histogram {
  return new Float64Histogram(1, HIGHEST_NS, SIGNIFICANT_DIGITS);
}

describe('a latency histogram in shared memory', () => {
  it('has as many buckets as the library, for the same range and precision', () => {
    expect(BUCKET_COUNT).toBe(library().countsArrayLength);
    expect(HIGHEST_NS).toBeGreaterThan(3600e9);
  });

  it('puts every value into the bucket that the library puts it into', () => {
    const reference = library();
    fc.assert(
      fc.property(valueNs, (value) => {
        expect(bucketOf(value)).toBe(reference.countsArrayIndex(Math.floor(value)));
      }),
      { numRuns: 5_000 },
    );
  });

  it('goes through all buckets in order, first to last, as values grow', () => {
    const reference = library();
    for (let bucket = 0; bucket < BUCKET_COUNT; bucket++) {
      const lowest = reference.valueFromIndex(bucket);
      expect(bucketOf(lowest)).toBe(bucket);
      expect(bucketOf(reference.highestEquivalentValue(lowest))).toBe(bucket);
    }
    expect(bucketOf(HIGHEST_NS)).toBe(BUCKET_COUNT - 1);
  });

  it('reads back as the histogram that the library makes of the same values', () => {
    fc.assert(
      fc.property(fc.array(recording, { maxLength: 200 }), (records) => {
        const reference = library();
        for (const [value, count] of records) reference.recordValueWithCount(Math.floor(value), count);
        const merged = mergeHistograms([recorded(records)]);
        expect(merged.totalCount).toBe(reference.totalCount);
        expect(merged.maxValue).toBe(reference.maxValue);
        // Beside zeros the smallest other value is known by its bucket only.
        const smallest = records.some(([value]) => value < 1)
          ? reference.lowestEquivalentValue(reference.minNonZeroValue)
          : reference.minNonZeroValue;
        expect(merged.minNonZeroValue).toBe(
          reference.minNonZeroValue <= HIGHEST_NS ? smallest : Number.MAX_SAFE_INTEGER,
        );
        expect(merged.mean).toBe(reference.mean);
        expect(merged.outputPercentileDistribution()).toBe(reference.outputPercentileDistribution());
        for (const percentile of PERCENTILES) {
          expect(merged.getValueAtPercentile(percentile)).toBe(reference.getValueAtPercentile(percentile));
        }
      }),
    );
  });

  it('is the same whether one worker recorded everything or several shared it', () => {
    fc.assert(
      fc.property(fc.array(recording, { maxLength: 100 }), fc.array(recording, { maxLength: 100 }), (one, other) => {
        const apart = mergeHistograms([recorded(one), recorded([]), recorded(other)]);
        const together = mergeHistograms([recorded([...one, ...other])]);
        expect(apart.outputPercentileDistribution()).toBe(together.outputPercentileDistribution());
        expect(apart.minNonZeroValue).toBe(together.minNonZeroValue);
      }),
    );
  });

  it('is exact about the smallest, the mean and the largest, and within one percent in between', () => {
    const records = Array.from({ length: 1_000 }, (_, index) => [(index + 1) * 1_000 + 7, 1] as const);
    const summary = summarizeLatency([recorded(records)]);
    expect(summary).toMatchObject({ count: 1_000, minNs: 1_007, meanNs: 500_507, maxNs: 1_000_007, overflowCount: 0 });
    expect(Math.abs(summary.p50Ns / 500_007 - 1)).toBeLessThan(0.01);
    expect(Math.abs(summary.p99Ns / 990_007 - 1)).toBeLessThan(0.01);
  });

  it('never shows a percentile above the largest value', () => {
    fc.assert(
      fc.property(fc.array(recording, { minLength: 1, maxLength: 50 }), (records) => {
        const { p50Ns, p90Ns, p99Ns, p999Ns, p9999Ns, maxNs } = summarizeLatency([recorded(records)]);
        expect([p50Ns, p90Ns, p99Ns, p999Ns, p9999Ns, maxNs]).toEqual(
          [p50Ns, p90Ns, p99Ns, p999Ns, p9999Ns, maxNs].sort((a, b) => a - b),
        );
      }),
    );
  });

  it('counts a batch of records at once as it counts them one by one', () => {
    const batch = summarizeLatency([recorded([[5_000, 300]])]);
    const single = summarizeLatency([recorded(Array.from({ length: 300 }, () => [5_000, 1] as const))]);
    expect(batch).toEqual(single);
  });

  it('keeps values beyond its range in the last bucket, counts them and knows the largest', () => {
    const summary = summarizeLatency([
      recorded([
        [1_000, 1],
        [HIGHEST_NS, 1],
        [HIGHEST_NS + 1, 2],
        [9e15, 3],
      ]),
    ]);
    expect(summary).toMatchObject({ count: 7, overflowCount: 5, maxNs: 9e15, p99Ns: HIGHEST_NS });
    expect(mergeHistograms([recorded([[9e15, 3]])]).maxValue).toBe(HIGHEST_NS);
  });

  it('counts what came out below nothing, as times across threads may, as nothing', () => {
    expect(
      summarizeLatency([
        recorded([
          [-40, 2],
          [Number.NaN, 1],
        ]),
      ]),
    ).toMatchObject({ count: 3, minNs: 0, maxNs: 0, meanNs: 0 });
  });

  it('ignores a batch without records', () => {
    expect(
      summarizeLatency([
        recorded([
          [500, 0],
          [700, Number.NaN],
        ]),
      ]),
    ).toMatchObject({ count: 0, maxNs: 0 });
  });

  it('is all zeros before anything was recorded, on no worker, and before a worker began', () => {
    const zeros = {
      count: 0,
      minNs: 0,
      meanNs: 0,
      p50Ns: 0,
      p90Ns: 0,
      p99Ns: 0,
      p999Ns: 0,
      p9999Ns: 0,
      maxNs: 0,
      overflowCount: 0,
    };
    expect(summarizeLatency([recorded([])])).toEqual(zeros);
    expect(summarizeLatency([])).toEqual(zeros);
    expect(summarizeLatency([new Float64Array(HISTOGRAM_WORDS)])).toEqual(zeros);
  });
});
