import type { Aggregator } from './aggregator.ts';
import { type Comparable, isUnordered, refuseUnlessComparable } from './comparable.ts';
import { owned } from './own-string.ts';
import { refuseOption, refuseUnlessFunction } from './refuse.ts';

export interface TopNOptions<T = never> {
  /** `highest` (the default) or `lowest` first. */
  order?: 'highest' | 'lowest';
  /** Of two records with an equal rank: below 0 when `a` is to come before `b`. Makes the answer one, whatever the order of arrival. */
  ties?: (a: T, b: T) => number;
}

/** The records kept, best first, each with what it is ranked by. At most n. */
export interface TopNAccumulator<T> {
  ranks: Comparable[];
  records: T[];
}

interface Ranked<T> {
  readonly rank: Comparable | null | undefined;
  readonly record: T;
}

const MOST = 100_000;

/**
 * The `n` records with the highest (or lowest) `by`, best first; fewer when there are fewer.
 *
 * `by` gives a number, bigint, string or Date. Of records with an equal rank `ties` decides; without it the one that arrived first at its
 * worker stays and comes first, and between workers the order of combining decides.
 * Records whose `by` is nullish are skipped; NaN ranks behind everything else. Memory: n whole records a group. It cannot be retracted.
 *
 * @example
 * flights.keyBy((f) => f.origin).aggregate({ worst: topN(3, (f) => f.delay, { ties: (a, b) => a.number - b.number }) })
 */
export function topN<T>(
  n: number,
  by: (record: T) => Comparable | null | undefined,
  options: TopNOptions<NoInfer<T>> = {},
): Aggregator<T, TopNAccumulator<T>, T[]> {
  if (!Number.isInteger(n) || n < 1 || n > MOST) refuseOption(`topN needs an integer from 1 to ${MOST}`, 'n', n);
  refuseUnlessFunction('topN', 'by', by);
  const { order = 'highest', ties } = options;
  if (order !== 'highest' && order !== 'lowest')
    refuseOption("topN's order must be 'highest' or 'lowest'", 'order', order);
  if (ties !== undefined && typeof ties !== 'function')
    refuseOption("topN's ties must be a function of two records", 'ties', ties);
  const sign = order === 'highest' ? 1 : -1;

  return {
    name: 'topN',
    // Ranked here and not in add, so that `by` is called once a record, before anything changes.
    select: (record): Ranked<T> => ({ rank: by(record), record }),
    create: () => ({ ranks: [], records: [] }),
    check(top, value) {
      const { rank } = value as Ranked<T>;
      if (rank !== null && rank !== undefined) refuseUnlessComparable('topN', top.ranks[0], rank);
    },
    add(top, value) {
      const { rank, record } = value as Ranked<T>;
      if (rank === null || rank === undefined) return top;
      refuseUnlessComparable('topN', top.ranks[0], rank);
      offer(top, rank, record, n, sign, ties);
      return top;
    },
    combine(top, other) {
      other.ranks.forEach((rank, index) => {
        refuseUnlessComparable('topN', top.ranks[0], rank);
        offer(top, rank, other.records[index] as T, n, sign, ties);
      });
      return top;
    },
    result: (top) => [...top.records],
  };
}

type Ties<T> = ((a: T, b: T) => number) | undefined;

function offer<T>(top: TopNAccumulator<T>, rank: Comparable, record: T, n: number, sign: 1 | -1, ties: Ties<T>): void {
  const { ranks, records } = top;
  const last = ranks.length - 1;
  if (last === n - 1 && !standsBefore(top, last, rank, record, sign, ties)) return;
  let low = 0;
  let high = ranks.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (standsBefore(top, middle, rank, record, sign, ties)) high = middle;
    else low = middle + 1;
  }
  ranks.splice(low, 0, owned(rank));
  records.splice(low, 0, owned(record));
  if (ranks.length > n) {
    ranks.pop();
    records.pop();
  }
}

/** Whether a record comes before the one kept at `index`. Where nothing decides it does not: the first to arrive stays first. */
function standsBefore<T>(
  { ranks, records }: TopNAccumulator<T>,
  index: number,
  rank: Comparable,
  record: T,
  sign: 1 | -1,
  ties: Ties<T>,
): boolean {
  const other = ranks[index] as Comparable;
  if (isBefore(rank, other, sign)) return true;
  return ties !== undefined && !isBefore(other, rank, sign) && ties(record, records[index] as T) < 0;
}

/** True when `a` must stand before `b`: better by rank, with NaN worse than all. */
function isBefore(a: Comparable, b: Comparable, sign: 1 | -1): boolean {
  if (sign > 0 ? a > b : a < b) return true;
  return isUnordered(b) && !isUnordered(a);
}
