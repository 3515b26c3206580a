// The bucket arithmetic of HdrHistogram (Gil Tene, https://hdrhistogram.org), over Float64 words. Any thread.
//
//   values 0 .. 255           one bucket each
//   values 256 .. 511         128 buckets, 2 ns wide
//   values 512 .. 1023        128 buckets, 4 ns wide
//   ...                       every power of two has 128 buckets: a value is known to better than 1 % of itself
//   2^41 .. 2^42 - 1          the last 128: 2^42 ns is 73 minutes
//
// Indices are those of hdr-histogram-js for (lowestDiscernibleValue 1, highestTrackableValue HIGHEST_NS, SIGNIFICANT_DIGITS), so
// counts are copied into it index by index; a test holds the two together. Counts are doubles because 32-bit ones would wrap
// within two minutes at 50 million records a second in one bucket. Two digits because three need 264 KiB a histogram.
//
// | word                     | what it holds                                   | writer | reader |
// |--------------------------|-------------------------------------------------|--------|--------|
// | MIN                      | the smallest value, exact; +Infinity when empty | worker | main   |
// | MAX                      | the largest value, exact, also beyond HIGHEST   | worker | main   |
// | SUM                      | sum of value x count, for an exact mean         | worker | main   |
// | OVERFLOW                 | how many counts were above HIGHEST              | worker | main   |
// | COUNTS .. + BUCKET_COUNT | count of each bucket                            | worker | main   |

export const SIGNIFICANT_DIGITS = 2;

const SUB_BUCKET_HALF_BITS = 7;
const SUB_BUCKET_HALF = 1 << SUB_BUCKET_HALF_BITS;
const RANGE_BITS = 42;

/** The largest value that has a bucket of its own: 4 398 s. What is larger counts in the last bucket, and as overflow. */
export const HIGHEST_NS: number = 2 ** RANGE_BITS - 1;

/** 128 buckets for each power of two from 2^7 on, and 128 for the values below. */
export const BUCKET_COUNT: number = (RANGE_BITS - SUB_BUCKET_HALF_BITS + 1) * SUB_BUCKET_HALF;

/** Word offsets within one histogram. The header fills a cache line pair, so that histograms stay 128-byte aligned. */
export const HISTOGRAM_MIN = 0;
export const HISTOGRAM_MAX = 1;
export const HISTOGRAM_SUM = 2;
export const HISTOGRAM_OVERFLOW = 3;
export const HISTOGRAM_COUNTS = 16;
export const HISTOGRAM_WORDS: number = HISTOGRAM_COUNTS + BUCKET_COUNT;

/** Values from here on exceed a signed 32-bit integer and are scaled down by an exact power of two before the integer work. */
const LARGE = 2 ** 31;
const LARGE_SHIFT = RANGE_BITS - 31;
const LARGE_SCALE = 2 ** -LARGE_SHIFT;

/** The bucket of `valueNs`, which must lie in 0 .. HIGHEST_NS; fractions of a nanosecond are dropped. */
export function bucketOf(valueNs: number): number {
  let scaled: number;
  let shift: number;
  if (valueNs < LARGE) {
    scaled = valueNs | 0;
    if (scaled < 2 * SUB_BUCKET_HALF) return scaled;
    shift = 0;
  } else {
    scaled = (valueNs * LARGE_SCALE) | 0;
    shift = LARGE_SHIFT;
  }
  // The top eight bits of the value are its place among the buckets of its power of two.
  const drop = 31 - SUB_BUCKET_HALF_BITS - Math.clz32(scaled);
  return (drop + shift) * SUB_BUCKET_HALF + (scaled >>> drop);
}
