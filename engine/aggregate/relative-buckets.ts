// Counts in buckets of exponentially growing width: one half (positive or negative values) of a DDSketch. Any thread.
//
// Bucket i counts the values in (gamma^(i-1), gamma^i]. The buckets between the lowest and the highest in use are held densely, and
// at most `limit` of them: when the highest moves up, those at the bottom collapse into one. Where that floor lies depends
// only on the highest bucket that ever was, so the counts do not depend on the order of adding and merging.

export interface RelativeBuckets {
  /** counts[0] is bucket `first`. */
  counts: Float64Array;
  first: number;
  /** The highest bucket ever used; -Infinity when none was. */
  highest: number;
}

/** Grown by so many buckets at least, so that growing is rare. */
const SPARE = 32;

export function emptyBuckets(): RelativeBuckets {
  return { counts: new Float64Array(0), first: 0, highest: Number.NEGATIVE_INFINITY };
}

/** Adds `times` (may be negative: takes back) to a bucket, or to the floor where the bucket lies below it. */
export function addToBucket(buckets: RelativeBuckets, bucket: number, times: number, limit: number): void {
  if (bucket > buckets.highest) raise(buckets, bucket, limit);
  const floor = buckets.highest - limit + 1;
  const index = Math.max(bucket, floor);
  if (index < buckets.first) resize(buckets, Math.max(floor, index - SPARE), buckets.first + buckets.counts.length);
  const at = index - buckets.first;
  buckets.counts[at] = (buckets.counts[at] as number) + times;
}

/** Adds all of `other`, which stays as it is. */
export function mergeBuckets(buckets: RelativeBuckets, other: RelativeBuckets, limit: number): void {
  if (other.highest > buckets.highest) raise(buckets, other.highest, limit);
  for (let at = 0; at < other.counts.length; at++) {
    const count = other.counts[at] as number;
    if (count !== 0) addToBucket(buckets, other.first + at, count, limit);
  }
}

function raise(buckets: RelativeBuckets, highest: number, limit: number): void {
  buckets.highest = highest;
  if (buckets.counts.length === 0) {
    buckets.first = highest;
    buckets.counts = new Float64Array(Math.min(SPARE, limit));
    return;
  }
  const end = buckets.first + buckets.counts.length;
  const first = Math.max(buckets.first, highest - limit + 1);
  if (highest < end && first === buckets.first) return;
  resize(buckets, first, highest < end ? end : Math.min(highest + 1 + SPARE, first + limit));
}

/** Makes the array span [first, end); counts that lie below collapse into `first`. */
function resize(buckets: RelativeBuckets, first: number, end: number): void {
  const counts = new Float64Array(end - first);
  for (let at = 0; at < buckets.counts.length; at++) {
    const count = buckets.counts[at] as number;
    if (count === 0) continue;
    const to = Math.max(buckets.first + at - first, 0);
    counts[to] = (counts[to] as number) + count;
  }
  buckets.counts = counts;
  buckets.first = first;
}
