// Query 4, average price for a category: the mean of the prices at which its auctions closed.

import { job, mean } from 'millrace';
import { answer, PARAMS } from './params.ts';
import { winningPrices } from './winning-prices.ts';

export default job('nexmark-q4', { params: PARAMS }, (flow, params) => {
  winningPrices(flow, params)
    .keyBy(({ category }) => category)
    .aggregate(mean(({ price }) => price))
    .map(({ key: category, value: avgPrice }) => ({ category, avgPrice }))
    .to(answer(params));
});
