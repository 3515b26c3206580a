// Query 5, hot items: the auctions with the most bids in the last ten seconds, every two seconds.

import { count, hopping, job, tumbling } from 'millrace';
import { highest } from './highest.ts';
import { answer, PARAMS, timedBids } from './params.ts';

export default job('nexmark-q5', { params: PARAMS }, (flow, params) => {
  timedBids(flow, params)
    .keyBy(({ auction }) => auction)
    .window(hopping({ sizeMs: 10_000, stepMs: 2_000 }))
    .aggregate({ bids: count() })
    // Results of one window have its last millisecond as their time, so each tumbling window of the step holds those of one.
    .keyBy(({ windowStart }) => windowStart)
    .window(tumbling({ sizeMs: 2_000 }))
    .aggregate(highest(({ bids }) => bids))
    .flatMap(({ value }) => value)
    .map(({ key: auction, windowStart, windowEnd, bids }) => ({ windowStart, windowEnd, auction, bids }))
    .to(answer(params));
});
