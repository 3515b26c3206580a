// Query 5 on the bids of Hazelcast Jet's benchmark, which are four numbers: to be held against Jet's figure, and against no other. As there, the
// ten auctions with the most bids are told: with keys that take turns, thousands share the highest count.

import { count, hopping, job, topN, tumbling } from 'millrace';
import { bareBids } from '../bare-bids.ts';
import { answer, PARAMS } from './params.ts';

export default job('nexmark-q5-bare', { params: { ...PARAMS, keys: 10_000 } }, (flow, params) => {
  const { events, rate, keys } = params;
  flow
    .from(bareBids({ bids: events, rate, keys }))
    .eventTime(({ dateTime }) => dateTime)
    .keyBy(({ auction }) => auction)
    .window(hopping({ sizeMs: 10_000, stepMs: 2_000 }))
    .aggregate({ bids: count() })
    .keyBy(({ windowStart }) => windowStart)
    .window(tumbling({ sizeMs: 2_000 }))
    .aggregate(topN(10, ({ bids }) => bids))
    .flatMap(({ value }) => value)
    .map(({ key: auction, windowStart, windowEnd, bids }) => ({ windowStart, windowEnd, auction, bids }))
    .to(answer(params));
});
