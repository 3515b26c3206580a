// Query 18, last bid: the latest bid of each bidder for each auction.

import { job } from 'millrace';
import { byTime } from './bid-order.ts';
import { answer, bids, PARAMS } from './params.ts';

export default job('nexmark-q18', { params: PARAMS }, (flow, params) => {
  bids(flow, params)
    .keyBy(({ bidder, auction }) => [bidder, auction] as const)
    .reduce((a, b) => (byTime(a, b) > 0 ? a : b), { preaggregate: false })
    .map(({ value }) => value)
    .to(answer(params));
});
