import type { Aggregator } from './aggregator.ts';
import { owned } from './own-string.ts';
import { refuseUnlessFunction } from './refuse.ts';
import { overLimit, refuseUnlessLimit } from './value-limit.ts';

export interface CollectOptions {
  /** More values than this in one group are an error, never cut off silently. Default 1 000 000. */
  limit?: number;
}

/**
 * All records of a group, or a value of each, as an array: in order of arrival at their worker, one worker's after the other's.
 *
 * Nothing is skipped, `null` and `undefined` neither. More than `limit` values are an error (`ERR_OPERATOR`). It cannot be retracted.
 *
 * @example
 * orders.keyBy((o) => o.customer).aggregate({ items: collect((o) => o.item, { limit: 10_000 }) })
 */
export function collect<T>(): Aggregator<T, T[], T[]>;
export function collect<T, V>(select: (record: T) => V, options?: CollectOptions): Aggregator<T, V[], V[]>;
export function collect<T>(select: undefined, options: CollectOptions): Aggregator<T, T[], T[]>;
export function collect<T>(
  select?: (record: T) => unknown,
  options: CollectOptions = {},
): Aggregator<T, unknown[], unknown[]> {
  if (select !== undefined) refuseUnlessFunction('collect', 'select', select);
  const limit = refuseUnlessLimit('collect', options.limit);
  const aggregator: Aggregator<T, unknown[], unknown[]> = {
    name: 'collect',
    create: () => [],
    check(values) {
      if (values.length >= limit) overLimit('collect', 'values', limit);
    },
    add(values, value) {
      if (values.length >= limit) overLimit('collect', 'values', limit);
      values.push(owned(value));
      return values;
    },
    combine(values, other) {
      if (values.length + other.length > limit) overLimit('collect', 'values', limit);
      for (const value of other) values.push(value);
      return values;
    },
    result: (values) => [...values],
  };
  return select === undefined ? aggregator : { ...aggregator, select };
}
