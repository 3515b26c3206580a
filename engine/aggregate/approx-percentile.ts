import type { Aggregator } from './aggregator.ts';
import { refuseUnlessShare } from './percentile.ts';
import { refuseOption, refuseUnlessFunction, refuseUnlessNumber } from './refuse.ts';
import { addToBucket, emptyBuckets, mergeBuckets, type RelativeBuckets } from './relative-buckets.ts';

export interface ApproxPercentileOptions {
  /** How far the answer may be from a true value, as a share of that value: 0.01 (the default) is one per cent. 0.0001 to 0.5. */
  relativeError?: number;
}

/** A DDSketch: both signs in buckets, and what has no logarithm beside them. */
export interface DistributionSketch {
  count: number;
  zeroCount: number;
  nanCount: number;
  plusInfinityCount: number;
  minusInfinityCount: number;
  positive: RelativeBuckets;
  /** Buckets of the absolute values. */
  negative: RelativeBuckets;
}

/** The buckets of one sign span so many orders of magnitude (base e) below its largest value: 10^18. */
const SPAN = Math.log(1e18);

/**
 * A percentile within a relative error, in bounded memory; `undefined` when there is no value.
 *
 * The answer is within `relativeError` of the true value at rank `floor(p * (n - 1))`, for values down to 10^-18 of the largest of their
 * sign (smaller ones count as that small). It does not depend on the order of the records nor on how many workers shared the work.
 * A group takes at most 17 kB for each sign at an error of 0.01 and ten times that at 0.001; usually far less: 8 bytes for each
 * bucket between the smallest and the largest value. Nullish values, NaN and errors are as in `percentile`.
 *
 * After C. Masson, J. E. Rim, H. K. Lee, "DDSketch: A Fast and Fully-Mergeable Quantile Sketch with Relative-Error Guarantees",
 * PVLDB 12(12), 2019.
 *
 * @example
 * requests.keyBy((r) => r.route).aggregate({ p99: approxPercentile(0.99, (r) => r.latencyMs, { relativeError: 0.005 }) })
 */
export function approxPercentile<T>(
  p: number,
  select: (record: T) => number | null | undefined,
  options: ApproxPercentileOptions = {},
): Aggregator<T, DistributionSketch, number | undefined> {
  refuseUnlessShare('approxPercentile', p);
  refuseUnlessFunction('approxPercentile', 'select', select);
  const { relativeError = 0.01 } = options;
  if (typeof relativeError !== 'number' || !(relativeError >= 0.0001 && relativeError <= 0.5)) {
    refuseOption('approxPercentile needs a relativeError from 0.0001 to 0.5', 'relativeError', relativeError);
  }
  const gamma = (1 + relativeError) / (1 - relativeError);
  const lnGamma = Math.log(gamma);
  const limit = Math.ceil(SPAN / lnGamma);

  const count = (sketch: DistributionSketch, value: unknown, times: number): DistributionSketch => {
    if (typeof value !== 'number') {
      refuseUnlessNumber('approxPercentile', value);
      return sketch;
    }
    sketch.count += times;
    if (value > 0 && value < Number.POSITIVE_INFINITY) {
      addToBucket(sketch.positive, Math.ceil(Math.log(value) / lnGamma), times, limit);
    } else if (value < 0 && value > Number.NEGATIVE_INFINITY) {
      addToBucket(sketch.negative, Math.ceil(Math.log(-value) / lnGamma), times, limit);
    } else if (value === 0) sketch.zeroCount += times;
    else if (value > 0) sketch.plusInfinityCount += times;
    else if (value < 0) sketch.minusInfinityCount += times;
    else sketch.nanCount += times;
    return sketch;
  };
  // The point of a bucket whose relative distance to both its ends is the same.
  const middle = (bucket: number): number => Math.min(Math.exp(bucket * lnGamma) * (2 / (1 + gamma)), Number.MAX_VALUE);

  return {
    name: 'approxPercentile',
    select,
    create,
    check,
    add: (sketch, value) => count(sketch, value, 1),
    combine: (sketch, other) => combine(sketch, other, limit),
    retract: (sketch, value) => count(sketch, value, -1),
    result: (sketch) => valueAt(sketch, p, middle),
  };
}

function create(): DistributionSketch {
  return {
    count: 0,
    zeroCount: 0,
    nanCount: 0,
    plusInfinityCount: 0,
    minusInfinityCount: 0,
    positive: emptyBuckets(),
    negative: emptyBuckets(),
  };
}

function check(_sketch: DistributionSketch, value: unknown): void {
  refuseUnlessNumber('approxPercentile', value);
}

function combine(sketch: DistributionSketch, other: DistributionSketch, limit: number): DistributionSketch {
  sketch.count += other.count;
  sketch.zeroCount += other.zeroCount;
  sketch.nanCount += other.nanCount;
  sketch.plusInfinityCount += other.plusInfinityCount;
  sketch.minusInfinityCount += other.minusInfinityCount;
  mergeBuckets(sketch.positive, other.positive, limit);
  mergeBuckets(sketch.negative, other.negative, limit);
  return sketch;
}

/** Walks the buckets from the smallest value up until the rank is reached. */
function valueAt(sketch: DistributionSketch, p: number, middle: (bucket: number) => number): number | undefined {
  if (sketch.count === 0) return undefined;
  if (sketch.nanCount > 0) return Number.NaN;
  let left = Math.floor(p * (sketch.count - 1)) - sketch.minusInfinityCount;
  if (left < 0) return Number.NEGATIVE_INFINITY;
  const { negative, positive } = sketch;
  for (let at = negative.counts.length - 1; at >= 0; at--) {
    left -= negative.counts[at] as number;
    if (left < 0) return -middle(negative.first + at);
  }
  left -= sketch.zeroCount;
  if (left < 0) return 0;
  for (let at = 0; at < positive.counts.length; at++) {
    left -= positive.counts[at] as number;
    if (left < 0) return middle(positive.first + at);
  }
  return Number.POSITIVE_INFINITY;
}
