// Query 6, average selling price by seller: the mean price of the last ten auctions of each seller to close.

import { job, topN } from 'millrace';
import { answer, PARAMS } from './params.ts';
import { winningPrices } from './winning-prices.ts';

export default job('nexmark-q6', { params: PARAMS }, (flow, params) => {
  winningPrices(flow, params)
    .keyBy(({ seller }) => seller)
    // Of those that close in the same millisecond, the one with the higher id is the later.
    .aggregate(topN(10, ({ expires }) => expires, { ties: (a, b) => b.auction - a.auction }))
    .map(({ key: seller, value: last }) => ({
      seller,
      avgPrice: last.reduce((sum, { price }) => sum + price, 0) / last.length,
    }))
    .to(answer(params));
});
