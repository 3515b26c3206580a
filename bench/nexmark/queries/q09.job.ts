// Query 9, winning bids: every auction with the highest of its bids; of equals the earliest.

import { intervalGroup, job } from 'millrace';
import { isAuction, isBid } from '../model.ts';
import { byPrice } from './bid-order.ts';
import { answer, PARAMS, timedEvents } from './params.ts';

export default job('nexmark-q9', { params: PARAMS }, (flow, params) => {
  const events = timedEvents(flow, params);
  intervalGroup(
    events.filter(isAuction).keyBy(({ id }) => id),
    events.filter(isBid).keyBy(({ auction }) => auction),
    {
      lowerMs: 0,
      upperMs: ({ dateTime, expires }) => expires - dateTime,
      select: (auction, bids) => {
        const [first, ...others] = bids;
        if (first === undefined) return [];
        const winner = others.reduce((best, bid) => (byPrice(bid, best) < 0 ? bid : best), first);
        const { bidder, price, channel, url, dateTime: bidDateTime, extra: bidExtra } = winner;
        return [{ ...auction, bidder, price, channel, url, bidDateTime, bidExtra }];
      },
    },
  ).to(answer(params));
});
