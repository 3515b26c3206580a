// Query 11, user sessions: the bids of each bidder, as long as they follow each other in less than ten seconds.

import { count, job, session } from 'millrace';
import { answer, PARAMS, timedBids } from './params.ts';

export default job('nexmark-q11', { params: PARAMS }, (flow, params) => {
  timedBids(flow, params)
    .map(({ bidder }) => ({ bidder }))
    .keyBy(({ bidder }) => bidder)
    .window(session({ gapMs: 10_000 }))
    .aggregate({ bids: count() })
    .map(({ key: bidder, bids, windowStart, windowEnd }) => ({
      bidder,
      bids,
      sessionStart: windowStart,
      sessionEnd: windowEnd,
    }))
    .to(answer(params));
});
