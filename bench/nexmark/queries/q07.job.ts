// Query 7, highest bid: the bids with the highest price of each ten seconds.

import { job, tumbling } from 'millrace';
import { highest } from './highest.ts';
import { answer, PARAMS, timedBids } from './params.ts';

export default job('nexmark-q7', { params: PARAMS }, (flow, params) => {
  timedBids(flow, params)
    .keyBy(() => 'all')
    .window(tumbling({ sizeMs: 10_000 }))
    .aggregate(highest(({ price }) => price))
    .flatMap(({ windowStart, windowEnd, value }) =>
      value.map(({ auction, bidder, price, dateTime, extra }) => ({
        windowStart,
        windowEnd,
        auction,
        bidder,
        price,
        dateTime,
        extra,
      })),
    )
    .to(answer(params));
});
