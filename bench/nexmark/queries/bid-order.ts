// The order of bids in which no two different bids of one auction are equal, so that "the latest" and "the highest" have one meaning: what the
// workload leaves open among bids of one millisecond, the text decides. Any thread.

import type { Bid } from '../model.ts';

type Dated = Pick<Bid, 'dateTime' | 'extra'>;

/** Below 0 when `a` is the earlier one. Of one millisecond, the bid whose text comes first. */
export function byTime(a: Dated, b: Dated): number {
  return a.dateTime - b.dateTime || (a.extra < b.extra ? -1 : a.extra > b.extra ? 1 : 0);
}

/** Below 0 when `a` is the better one: the higher price, then the earlier bid. */
export function byPrice(a: Bid, b: Bid): number {
  return b.price - a.price || byTime(a, b);
}
