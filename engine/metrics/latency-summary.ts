// Latency histograms out of shared memory, as numbers for people and as histograms of hdr-histogram-js for everything else it can do
// (percentile spectra, corrections, logs). Main thread.
//
// The library's JavaScript build with Float64 counts is used, not its WebAssembly build: counts are copied into it by index at
// memory speed either way, they stay exact up to 2^53, and there is nothing to destroy.

import { createRequire } from 'node:module';
import type { Float64Histogram } from 'hdr-histogram-js';
import {
  BUCKET_COUNT,
  HIGHEST_NS,
  HISTOGRAM_COUNTS,
  HISTOGRAM_MAX,
  HISTOGRAM_MIN,
  HISTOGRAM_OVERFLOW,
  HISTOGRAM_SUM,
  SIGNIFICANT_DIGITS,
} from './histogram-layout.ts';

/**
 * Loaded when a job is first asked for its latencies, for every worker imports what its job imports, this module included; and by
 * its own file, for the library's index takes 50 to 130 ms (it unpacks its WebAssembly build), this one class 5 ms.
 */
function newHistogram(): Float64Histogram {
  const library = createRequire(import.meta.url)('hdr-histogram-js/dist/Float64Histogram.js');
  return new (library as { default: typeof Float64Histogram }).default(1, HIGHEST_NS, SIGNIFICANT_DIGITS);
}

/**
 * One latency, as counted so far. All times in nanoseconds; percentiles are exact to better than 1 % of themselves, mean, minimum
 * and maximum are exact. Everything is 0 while `count` is 0.
 */
export interface LatencySummary {
  /** Records counted. */
  count: number;
  minNs: number;
  meanNs: number;
  p50Ns: number;
  p90Ns: number;
  p99Ns: number;
  p999Ns: number;
  p9999Ns: number;
  maxNs: number;
  /** Records above 73 minutes, whose percentiles show as 73 minutes. */
  overflowCount: number;
}

/** The same latency on several workers, added up into one histogram of hdr-histogram-js. */
export function mergeHistograms(parts: readonly Float64Array[]): Float64Histogram {
  const merged = newHistogram();
  let lowestBucket = 0; // of values that are not zero
  let total = 0;
  for (let index = 0; index < BUCKET_COUNT; index++) {
    let count = 0;
    for (const words of parts) count += words[HISTOGRAM_COUNTS + index]!;
    if (count === 0) continue;
    merged.setCountAtIndex(index, count);
    if (lowestBucket === 0) lowestBucket = index;
    total += count;
  }
  merged.setTotalCount(total);
  if (total === 0) return merged;
  // The library keeps the exact extremes of what it records, and so do we. Where the smallest is zero, the next is known by bucket.
  const { minNs, maxNs } = extremes(parts);
  merged.maxValue = Math.floor(Math.min(maxNs, HIGHEST_NS));
  if (minNs >= 1) merged.minNonZeroValue = Math.floor(Math.min(minNs, HIGHEST_NS));
  else if (lowestBucket > 0) merged.minNonZeroValue = merged.valueFromIndex(lowestBucket);
  return merged;
}

/** The same latency on several workers as one summary. */
export function summarizeLatency(parts: readonly Float64Array[]): LatencySummary {
  const merged = mergeHistograms(parts);
  const count = merged.totalCount;
  const { minNs, maxNs } = extremes(parts);
  // A percentile is the upper end of its bucket, which can lie above the largest value there was.
  const percentile = (rank: number): number => (count === 0 ? 0 : Math.min(merged.getValueAtPercentile(rank), maxNs));
  return {
    count,
    minNs: count === 0 ? 0 : minNs,
    meanNs: count === 0 ? 0 : sumOf(parts, HISTOGRAM_SUM) / count,
    p50Ns: percentile(50),
    p90Ns: percentile(90),
    p99Ns: percentile(99),
    p999Ns: percentile(99.9),
    p9999Ns: percentile(99.99),
    maxNs,
    overflowCount: sumOf(parts, HISTOGRAM_OVERFLOW),
  };
}

function extremes(parts: readonly Float64Array[]): { minNs: number; maxNs: number } {
  let minNs = Number.POSITIVE_INFINITY;
  let maxNs = 0;
  for (const words of parts) {
    minNs = Math.min(minNs, words[HISTOGRAM_MIN]!);
    maxNs = Math.max(maxNs, words[HISTOGRAM_MAX]!);
  }
  // A reading can fall between the count and the minimum of the very first record.
  return { minNs: Math.min(minNs, maxNs), maxNs };
}

function sumOf(parts: readonly Float64Array[], word: number): number {
  let sum = 0;
  for (const words of parts) sum += words[word]!;
  return sum;
}
