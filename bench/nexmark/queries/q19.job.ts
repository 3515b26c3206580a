// Query 19, top ten: the ten highest bids of each auction, with their ranks.

import { aggregator, job } from 'millrace';
import type { Bid } from '../model.ts';
import { byPrice } from './bid-order.ts';
import { answer, bids, PARAMS } from './params.ts';

const RANKS = 10;

/** The best bids, best first. */
const topBids = aggregator({
  name: 'topBids',
  create: (): Bid[] => [],
  add: (best, bid: Bid) => offer(best, bid),
  combine: (best, others) => others.reduce(offer, best),
  result: (best) => best,
});

function offer(best: Bid[], bid: Bid): Bid[] {
  if (best.length === RANKS && byPrice(bid, best[RANKS - 1]!) > 0) return best;
  let rank = best.length;
  while (rank > 0 && byPrice(bid, best[rank - 1]!) < 0) rank--;
  best.splice(rank, 0, bid);
  if (best.length > RANKS) best.pop();
  return best;
}

export default job('nexmark-q19', { params: PARAMS }, (flow, params) => {
  bids(flow, params)
    .keyBy(({ auction }) => auction)
    .aggregate(topBids, { preaggregate: false })
    .flatMap(({ value }) => value.map((bid, index) => ({ ...bid, rank: index + 1 })))
    .to(answer(params));
});
