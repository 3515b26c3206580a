// Query 17, auction statistics: for each auction and day the number of bids, and least, highest, mean and sum of their prices.

import { job, max, mean, min, sum } from 'millrace';
import { bidCounts } from './bid-statistics.ts';
import { answer, bids, PARAMS } from './params.ts';
import { dayOf } from './utc.ts';

export default job('nexmark-q17', { params: PARAMS }, (flow, params) => {
  bids(flow, params)
    .map(({ auction, price, dateTime }) => ({ auction, price, dateTime }))
    .keyBy(({ auction, dateTime }) => [auction, dayOf(dateTime)] as const)
    .aggregate(
      {
        ...bidCounts,
        minPrice: min(({ price }) => price),
        maxPrice: max(({ price }) => price),
        avgPrice: mean(({ price }) => price),
        sumPrice: sum(({ price }) => price),
      },
      // Half of the bids are for an auction of their own: eight sums of a few bids are more to send than the bids.
      { preaggregate: false },
    )
    .map(({ key: [auction, day], ...statistics }) => ({ auction, day, ...statistics }))
    .to(answer(params));
});
