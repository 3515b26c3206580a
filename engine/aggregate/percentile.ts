import type { Aggregator } from './aggregator.ts';
import { refuseOption, refuseUnlessFunction, refuseUnlessNumber } from './refuse.ts';
import {
  emptyMultiset,
  insertValue,
  mergeMultiset,
  removeValue,
  type ValueMultiset,
  valueAtRank,
} from './value-multiset.ts';

/**
 * The exact percentile of a number of each record; `undefined` when there is none.
 *
 * `p` is a share: 0 is the smallest value, 0.5 the median, 1 the largest. Between two values it interpolates linearly at rank
 * `p * (n - 1)`, as DuckDB's `quantile_cont` and numpy's default do. `null` and `undefined` are skipped; a NaN makes the result NaN; a
 * value that is not a number is an error (`ERR_OPERATOR`).
 *
 * Exact means that values are remembered: about 16 bytes for each distinct value where values repeat, 8 to 16 bytes for each value where
 * they do not. Use `percentiles` for several at once over one memory, `approxPercentile` where memory must be bounded.
 *
 * @example
 * flights.keyBy((f) => f.origin).aggregate({ p95: percentile(0.95, (f) => f.delay) })
 */
export function percentile<T>(
  p: number,
  select: (record: T) => number | null | undefined,
): Aggregator<T, ValueMultiset, number | undefined> {
  refuseUnlessShare('percentile', p);
  refuseUnlessFunction('percentile', 'select', select);
  return { ...shared, name: 'percentile', select, result: (values) => quantile(values, p) };
}

/**
 * Several exact percentiles of the same number, remembered once: an array in the order of `shares`; `undefined` when there is no value.
 *
 * @example
 * flights.keyBy((f) => f.origin).aggregate({ delays: percentiles([0.5, 0.95, 0.99], (f) => f.delay) })
 */
export function percentiles<T>(
  shares: readonly number[],
  select: (record: T) => number | null | undefined,
): Aggregator<T, ValueMultiset, number[] | undefined> {
  if (!Array.isArray(shares) || shares.length === 0)
    refuseOption('percentiles needs an array of shares', 'shares', shares);
  for (const p of shares) refuseUnlessShare('percentiles', p);
  refuseUnlessFunction('percentiles', 'select', select);
  const asked = [...shares];
  return {
    ...shared,
    name: 'percentiles',
    select,
    result: (values) => (isEmpty(values) ? undefined : asked.map((p) => quantile(values, p) as number)),
  };
}

/** Throws ERR_OPTION_INVALID unless 0 <= p <= 1. */
export function refuseUnlessShare(aggregate: string, p: unknown): void {
  if (typeof p === 'number' && p >= 0 && p <= 1) return;
  refuseOption(`${aggregate} needs a share from 0 to 1 (0.95, not 95)`, 'p', p);
}

const shared = {
  create: emptyMultiset,
  check(_values: ValueMultiset, value: unknown): void {
    refuseUnlessNumber('percentile', value);
  },
  add(values: ValueMultiset, value: unknown): ValueMultiset {
    if (typeof value === 'number') insertValue(values, value);
    else refuseUnlessNumber('percentile', value);
    return values;
  },
  combine(values: ValueMultiset, other: ValueMultiset): ValueMultiset {
    mergeMultiset(values, other);
    return values;
  },
  retract(values: ValueMultiset, value: unknown): ValueMultiset {
    if (typeof value === 'number') removeValue(values, value);
    else refuseUnlessNumber('percentile', value);
    return values;
  },
};

function isEmpty(values: ValueMultiset): boolean {
  return values.count === 0 && values.nanCount === 0;
}

function quantile(values: ValueMultiset, p: number): number | undefined {
  if (isEmpty(values)) return undefined;
  if (values.nanCount > 0) return Number.NaN;
  const rank = p * (values.count - 1);
  const below = Math.floor(rank);
  const low = valueAtRank(values, below);
  const share = rank - below;
  if (share === 0) return low;
  const high = valueAtRank(values, below + 1);
  if (low === high) return low;
  // Weighed in the order that DuckDB has, for the same last bit. Neighbours of opposite infinities give NaN.
  return low * (1 - share) + high * share;
}
