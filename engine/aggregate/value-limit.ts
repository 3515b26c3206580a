// The limit of aggregates that keep values: reaching it is an error, because a shortened answer would look like a whole one.
// Any thread.

import { MillraceError } from '../errors/millrace-error.ts';
import { refuseOption } from './refuse.ts';

/** How many values one group keeps unless told otherwise: some tens of megabytes. */
const DEFAULT_LIMIT = 1_000_000;
/** V8's largest Set holds 2^24 values. */
const LARGEST_LIMIT = 2 ** 24;

export function refuseUnlessLimit(aggregate: string, limit: unknown): number {
  if (limit === undefined) return DEFAULT_LIMIT;
  if (typeof limit === 'number' && Number.isInteger(limit) && limit >= 1 && limit <= LARGEST_LIMIT) return limit;
  return refuseOption(`${aggregate} needs a limit that is an integer from 1 to ${LARGEST_LIMIT}`, 'limit', limit);
}

export function overLimit(aggregate: string, what: string, limit: number): never {
  throw new MillraceError(
    'ERR_OPERATOR',
    `${aggregate} keeps at most limit ${what} of one group: limit=${limit}; raise the limit, or use an aggregate that keeps less`,
  );
}
