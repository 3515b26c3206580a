// All values of a group as doubles, each with how often it came: what an exact percentile has to remember. Any thread.
//
//   pending  unsorted values, 8 bytes each, in an array that doubles
//   runs     sorted distinct values with their counts, 16 bytes for each distinct value
//   removed  values taken back, not yet cancelled against the others
//
// When `pending` is full it is sorted, and moves into the runs if that makes it at least halve in size. So a group of n values
// with d distinct ones takes about 16·d bytes where values repeat (delays in minutes: a few kB for any n) and 8·n to 16·n where they do not,
// plus pending values: at most 256 or 2·d, whichever is more. Everything is amortised O(log n) a value.
//
// It is plain data, so it crosses threads by structured clone. NaNs are only counted; -0 is kept as 0.

import { MillraceError } from '../errors/millrace-error.ts';

export interface ValueMultiset {
  /** Values held, without the NaNs and without those removed. */
  count: number;
  nanCount: number;
  pending: Float64Array;
  pendingCount: number;
  removed: Float64Array;
  removedCount: number;
  runValues: Float64Array;
  runCounts: Float64Array;
}

/** Below this many pending values sorting them to save memory is not worth a sort. */
const COMPACT_FROM = 256;
/** Up to this many runs finding a value in them is faster than sorting it (43 ns against 80 at 75 runs, equal at some thousands). */
const SEARCH_RUNS = 4096;
const FIRST_CAPACITY = 8;
const NOTHING = new Float64Array(0);

export function emptyMultiset(): ValueMultiset {
  return {
    count: 0,
    nanCount: 0,
    pending: NOTHING,
    pendingCount: 0,
    removed: NOTHING,
    removedCount: 0,
    runValues: NOTHING,
    runCounts: NOTHING,
  };
}

export function insertValue(set: ValueMultiset, value: number): void {
  if (Number.isNaN(value)) {
    set.nanCount++;
    return;
  }
  if (set.pendingCount === set.pending.length) reserve(set, 1);
  set.pending[set.pendingCount++] = value + 0;
  set.count++;
}

/** Takes back a value that was inserted. */
export function removeValue(set: ValueMultiset, value: number): void {
  if (Number.isNaN(value)) {
    set.nanCount--;
    return;
  }
  if (set.removedCount === set.removed.length) {
    // As many removals as half of what is kept pay for one pass over it.
    const kept = set.pendingCount + set.runValues.length;
    if (set.removedCount >= COMPACT_FROM && set.removedCount >= kept >> 1) settle(set);
    else set.removed = grown(set.removed, set.removedCount + 1);
  }
  set.removed[set.removedCount++] = value + 0;
  set.count--;
}

/** Adds all of `other`, which stays as it is. */
export function mergeMultiset(set: ValueMultiset, other: ValueMultiset): void {
  if (other.runValues.length > 0) {
    const runs = mergeRuns(set.runValues, set.runCounts, other.runValues, other.runCounts);
    set.runValues = runs.values;
    set.runCounts = runs.counts;
  }
  reserve(set, other.pendingCount);
  set.pending.set(other.pending.subarray(0, other.pendingCount), set.pendingCount);
  set.pendingCount += other.pendingCount;
  if (set.removed.length < set.removedCount + other.removedCount) {
    set.removed = grown(set.removed, set.removedCount + other.removedCount);
  }
  set.removed.set(other.removed.subarray(0, other.removedCount), set.removedCount);
  set.removedCount += other.removedCount;
  set.count += other.count;
  set.nanCount += other.nanCount;
}

/** The value at a rank (0 is the smallest). Sorts what was not sorted yet; the set holds the same values afterwards. */
export function valueAtRank(set: ValueMultiset, rank: number): number {
  if (set.removedCount > 0) settle(set);
  const pending = set.pending.subarray(0, set.pendingCount);
  if (set.runValues.length === 0) return sortUnlessSorted(pending)[rank] as number;
  if (set.pendingCount > 0) settle(set);
  if (set.runValues.length === 0) return set.pending[rank] as number;
  let before = 0;
  let run = 0;
  while (before + (set.runCounts[run] as number) <= rank) before += set.runCounts[run++] as number;
  return set.runValues[run] as number;
}

/** Makes room for `more` pending values: by moving those pending into the runs where it saves memory, else by growing. */
function reserve(set: ValueMultiset, more: number): void {
  if (set.pendingCount + more <= set.pending.length) return;
  if (set.pendingCount >= COMPACT_FROM) compact(set);
  // As many pending values as runs pay for the pass over the runs.
  const wanted = Math.max(set.pendingCount + more, Math.min(set.runValues.length, set.count));
  if (wanted > set.pending.length) set.pending = grown(set.pending, wanted, set.pendingCount);
}

function compact(set: ValueMultiset): void {
  const pendingCount = set.pendingCount;
  if (set.runValues.length > 0 && set.runValues.length <= SEARCH_RUNS) countKnown(set);
  // Mostly known values: there is room again, without a sort.
  if (set.pendingCount <= pendingCount >> 1) return;
  const pending = sortUnlessSorted(set.pending.subarray(0, set.pendingCount));
  const added = toRuns(pending);
  const runs = mergeRuns(set.runValues, set.runCounts, added.values, added.counts);
  // 16 bytes for each new run against 8 for each pending value: halved at least.
  if ((runs.values.length - set.runValues.length) * 16 > pending.length * 4) return;
  set.runValues = runs.values;
  set.runCounts = runs.counts;
  set.pendingCount = 0;
  // It grew until repeats showed; from now on it need not be longer than the runs.
  const enough = 2 ** Math.ceil(Math.log2(Math.max(COMPACT_FROM, runs.values.length)));
  if (set.pending.length > enough) set.pending = new Float64Array(enough);
}

/** Moves pending values that have a run into it, and the others together. */
function countKnown(set: ValueMultiset): void {
  const { pending, runValues, runCounts } = set;
  let unknownCount = 0;
  for (let at = 0; at < set.pendingCount; at++) {
    const value = pending[at] as number;
    let low = 0;
    let high = runValues.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((runValues[middle] as number) < value) low = middle + 1;
      else high = middle;
    }
    if (runValues[low] === value) runCounts[low] = (runCounts[low] as number) + 1;
    else pending[unknownCount++] = value;
  }
  set.pendingCount = unknownCount;
}

/** Brings everything together: removed values cancel, and the smaller of the two representations is kept. */
function settle(set: ValueMultiset): void {
  const added = toRuns(sortUnlessSorted(set.pending.subarray(0, set.pendingCount)));
  const removed = toRuns(sortUnlessSorted(set.removed.subarray(0, set.removedCount)));
  removed.counts.forEach((count, index) => {
    removed.counts[index] = -count;
  });
  const together = mergeRuns(set.runValues, set.runCounts, added.values, added.counts);
  const { values, counts } = mergeRuns(together.values, together.counts, removed.values, removed.counts);
  set.removedCount = 0;
  if (values.length * 2 <= set.count) {
    set.runValues = values;
    set.runCounts = counts;
    set.pendingCount = 0;
    return;
  }
  set.runValues = NOTHING;
  set.runCounts = NOTHING;
  if (set.pending.length < set.count) set.pending = new Float64Array(set.count);
  let end = 0;
  values.forEach((value, index) => {
    set.pending.fill(value, end, (end += counts[index] as number));
  });
  set.pendingCount = end;
}

interface Runs {
  values: Float64Array;
  counts: Float64Array;
}

function toRuns(sorted: Float64Array): Runs {
  let distinct = 0;
  for (let i = 0; i < sorted.length; i++) if (i === 0 || sorted[i] !== sorted[i - 1]) distinct++;
  const runs = { values: new Float64Array(distinct), counts: new Float64Array(distinct) };
  let run = -1;
  for (let i = 0; i < sorted.length; i++) {
    if (i === 0 || sorted[i] !== sorted[i - 1]) runs.values[++run] = sorted[i] as number;
    runs.counts[run] = (runs.counts[run] as number) + 1;
  }
  return runs;
}

/** Counts of equal values are added; a run whose count becomes 0 disappears. */
function mergeRuns(valuesA: Float64Array, countsA: Float64Array, valuesB: Float64Array, countsB: Float64Array): Runs {
  if (valuesB.length === 0) return { values: valuesA, counts: countsA };
  const values = new Float64Array(valuesA.length + valuesB.length);
  const counts = new Float64Array(values.length);
  let length = 0;
  let a = 0;
  let b = 0;
  while (a < valuesA.length || b < valuesB.length) {
    const valueA = a < valuesA.length ? (valuesA[a] as number) : Number.NaN;
    const valueB = b < valuesB.length ? (valuesB[b] as number) : Number.NaN;
    // A side that is used up is NaN, and less than nothing.
    const takeA = valueA <= valueB || b === valuesB.length;
    const takeB = valueB <= valueA || a === valuesA.length;
    const count = (takeA ? (countsA[a++] as number) : 0) + (takeB ? (countsB[b++] as number) : 0);
    if (count === 0) continue;
    if (count < 0) {
      throw new MillraceError('ERR_OPERATOR', `percentile was asked to take back a value that it never got: ${valueB}`);
    }
    values[length] = takeA ? valueA : valueB;
    counts[length++] = count;
  }
  return length === values.length
    ? { values, counts }
    : { values: values.slice(0, length), counts: counts.slice(0, length) };
}

function sortUnlessSorted(values: Float64Array): Float64Array {
  for (let i = 1; i < values.length; i++) if ((values[i - 1] as number) > (values[i] as number)) return values.sort();
  return values;
}

function grown(array: Float64Array, length: number, used: number = array.length): Float64Array {
  const larger = new Float64Array(Math.max(FIRST_CAPACITY, 2 * array.length, 2 ** Math.ceil(Math.log2(length))));
  larger.set(array.subarray(0, used));
  return larger;
}
