// Query 16, channel statistics: as query 15 for each channel and day, with the latest minute seen.

import { job, max } from 'millrace';
import { bidCounts, distinctCounts } from './bid-statistics.ts';
import { answer, bids, PARAMS } from './params.ts';
import { dayOf, minuteOf } from './utc.ts';

export default job('nexmark-q16', { params: PARAMS }, (flow, params) => {
  bids(flow, params)
    .map(({ auction, bidder, price, channel, dateTime }) => ({ auction, bidder, price, channel, dateTime }))
    .keyBy(({ channel, dateTime }) => [channel, dayOf(dateTime)] as const)
    .aggregate(
      { minute: max(({ dateTime }) => minuteOf(dateTime)), ...bidCounts, ...distinctCounts },
      { preaggregate: false },
    )
    .map(({ key: [channel, day], ...counts }) => ({ channel, day, ...counts }))
    .to(answer(params));
});
