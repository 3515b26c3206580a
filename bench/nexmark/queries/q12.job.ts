// Query 12, processing-time windows: the bids of each bidder that came within the same ten seconds of the clock on the wall.

import { count, job, type Stream, tumbling } from 'millrace';
import type { Bid } from '../model.ts';
import { answer, bids, PARAMS } from './params.ts';

export interface BidsInWindow {
  readonly bidder: number;
  readonly bids: number;
  readonly windowStart: number;
  readonly windowEnd: number;
}

export function bidsByClock(stream: Stream<Pick<Bid, 'bidder'>>): Stream<BidsInWindow> {
  return stream
    .map(({ bidder }) => ({ bidder }))
    .keyBy(({ bidder }) => bidder)
    .window(tumbling({ sizeMs: 10_000, time: 'processing' }))
    .aggregate({ bids: count() })
    .map(({ key: bidder, bids, windowStart, windowEnd }) => ({ bidder, bids, windowStart, windowEnd }));
}

export default job('nexmark-q12', { params: PARAMS }, (flow, params) => {
  bidsByClock(bids(flow, params)).to(answer(params));
});
