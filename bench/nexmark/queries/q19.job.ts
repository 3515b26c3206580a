// Query 19, top ten: the ten highest bids of each auction, with their ranks.

import { job, topN } from 'millrace';
import { byTime } from './bid-order.ts';
import { answer, bids, PARAMS } from './params.ts';

export default job('nexmark-q19', { params: PARAMS }, (flow, params) => {
  bids(flow, params)
    .keyBy(({ auction }) => auction)
    // Of one price the earlier bid comes first.
    .aggregate(
      topN(10, ({ price }) => price, { ties: byTime }),
      { preaggregate: false },
    )
    .flatMap(({ value }) => value.map((bid, index) => ({ ...bid, rank: index + 1 })))
    .to(answer(params));
});
