// Query 3, local items: who sells in category 10 and lives in Oregon, Idaho or California.

import { intervalJoin, job } from 'millrace';
import { isAuction, isPerson } from '../model.ts';
import { answer, PARAMS, timedEvents } from './params.ts';

const STATES = new Set(['OR', 'ID', 'CA']);

export default job('nexmark-q3', { params: PARAMS }, (flow, params) => {
  const events = timedEvents(flow, params);
  const sellers = events
    .filter(isPerson)
    .filter(({ state }) => STATES.has(state))
    .map(({ id, name, city, state }) => ({ id, name, city, state }));
  const auctions = events
    .filter(isAuction)
    .filter(({ category }) => category === 10)
    .map(({ id, seller }) => ({ id, seller }));
  intervalJoin(
    sellers.keyBy(({ id }) => id),
    auctions.keyBy(({ seller }) => seller),
    {
      // Whenever either came.
      lowerMs: Number.NEGATIVE_INFINITY,
      upperMs: Number.POSITIVE_INFINITY,
      select: ({ name, city, state }, { id }) => ({ name, city, state, auction: id }),
    },
  ).to(answer(params));
});
