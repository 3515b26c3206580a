// Query 15, bidding statistics: bids, distinct bidders and distinct auctions of each day.

import { job } from 'millrace';
import { bidCounts, distinctCounts } from './bid-statistics.ts';
import { answer, bids, PARAMS } from './params.ts';
import { dayOf } from './utc.ts';

export default job('nexmark-q15', { params: PARAMS }, (flow, params) => {
  bids(flow, params)
    .map(({ auction, bidder, price, dateTime }) => ({ auction, bidder, price, day: dayOf(dateTime) }))
    .keyBy(({ day }) => day)
    // A set of all bidders of a day is too large to travel: the bids do, without what is not counted.
    .aggregate({ ...bidCounts, ...distinctCounts }, { preaggregate: false })
    .map(({ key: day, ...counts }) => ({ day, ...counts }))
    .to(answer(params));
});
