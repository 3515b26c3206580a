// Query 8, new users: the persons who registered and opened an auction within the same ten seconds.

import { job, max, sum, tumbling } from 'millrace';
import { type Auction, isBid, isPerson, type Person } from '../model.ts';
import { answer, PARAMS, timedEvents } from './params.ts';

export default job('nexmark-q8', { params: PARAMS }, (flow, params) => {
  timedEvents(flow, params)
    .filter((event): event is Person | Auction => !isBid(event))
    .keyBy((event) => (isPerson(event) ? event.id : event.seller))
    .window(tumbling({ sizeMs: 10_000 }))
    .aggregate({
      name: max((event) => (isPerson(event) ? event.name : undefined)),
      auctions: sum((event) => (isPerson(event) ? 0 : 1)),
    })
    .filter(({ name, auctions }) => name !== undefined && auctions > 0)
    .map(({ key: id, name, windowStart, windowEnd }) => ({ id, name, windowStart, windowEnd }))
    .to(answer(params));
});
