// The distinct values of a group, as an array or as their number. Any thread.
// They are kept in a Set, which has no counts: neither aggregate can be retracted.

import type { Aggregator } from './aggregator.ts';
import { owned } from './own-string.ts';
import { refuse, refuseUnlessFunction } from './refuse.ts';
import { overLimit, refuseUnlessLimit } from './value-limit.ts';

/** What has an equality that survives a trip between threads. */
export type Distinguishable = string | number | bigint | boolean;

export interface DistinctOptions {
  /** More values than this in one group are an error, never cut off silently. Default 1 000 000. */
  limit?: number;
}

/**
 * The distinct values of a group, in the order of their first arrival at their worker, one worker's after the other's.
 *
 * Values are strings, numbers, bigints or booleans, equal as in a Set (NaN equals NaN, 0 equals -0). `null` and `undefined` are skipped.
 * An object is an error (`ERR_OPERATOR`), as are more than `limit` values.
 *
 * @example
 * flights.keyBy((f) => f.origin).aggregate({ destinations: distinct((f) => f.destination) })
 */
export function distinct<T, V extends Distinguishable>(
  select: (record: T) => V | null | undefined,
  options: DistinctOptions = {},
): Aggregator<T, Set<V>, V[]> {
  return { ...distinctSet<T, V>('distinct', select, options), result: (values) => [...values] };
}

/**
 * How many distinct values a group has, exactly. Values, errors and limit are as in `distinct`.
 *
 * @example
 * visits.keyBy((v) => v.page).aggregate({ visitors: countDistinct((v) => v.userId) })
 */
export function countDistinct<T, V extends Distinguishable>(
  select: (record: T) => V | null | undefined,
  options: DistinctOptions = {},
): Aggregator<T, Set<V>, number> {
  return { ...distinctSet<T, V>('countDistinct', select, options), result: (values) => values.size };
}

function distinctSet<T, V>(
  name: string,
  select: (record: T) => V | null | undefined,
  options: DistinctOptions,
): Omit<Aggregator<T, Set<V>, never>, 'result'> {
  refuseUnlessFunction(name, 'select', select);
  const limit = refuseUnlessLimit(name, options.limit);
  const check = (values: Set<V>, value: unknown): void => {
    if (value === null || value === undefined) return;
    const type = typeof value;
    if (type !== 'string' && type !== 'number' && type !== 'bigint' && type !== 'boolean') {
      refuse(name, 'takes strings, numbers, bigints or booleans', value, 'select one field of it');
    }
    if (values.size >= limit && !values.has(value as V)) overLimit(name, 'distinct values', limit);
  };
  return {
    name,
    select,
    create: () => new Set<V>(),
    check,
    add(values, value) {
      if (value === null || value === undefined || values.has(value as V)) return values;
      check(values, value);
      return values.add(owned(value as V));
    },
    combine(values, other) {
      for (const value of other) {
        values.add(value);
        if (values.size > limit) overLimit(name, 'distinct values', limit);
      }
      return values;
    },
  };
}
