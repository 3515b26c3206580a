// The price at which each auction closed, for queries 4 and 6: the highest of the bids from its dateTime to its expires, both included. Any thread.

import { type Flow, intervalGroup, type Stream } from 'millrace';
import { isAuction, isBid } from '../model.ts';
import { type QueryParams, timedEvents } from './params.ts';

export interface ClosedAuction {
  readonly auction: number;
  readonly seller: number;
  readonly category: number;
  readonly expires: number;
  readonly price: number;
}

/** Each when the watermark has passed its end. An auction without a bid has no price, and is left out. */
export function winningPrices(flow: Flow, params: Readonly<QueryParams>): Stream<ClosedAuction> {
  const events = timedEvents(flow, params);
  const auctions = events
    .filter(isAuction)
    .map(({ id, seller, category, dateTime, expires }) => ({ id, seller, category, dateTime, expires }));
  const bids = events.filter(isBid).map(({ auction, price }) => ({ auction, price }));
  return intervalGroup(
    auctions.keyBy(({ id }) => id),
    bids.keyBy(({ auction }) => auction),
    {
      lowerMs: 0,
      upperMs: ({ dateTime, expires }) => expires - dateTime,
      select: ({ id, seller, category, expires }, offers) => {
        if (offers.length === 0) return [];
        let price = 0;
        for (const offer of offers) if (offer.price > price) price = offer.price;
        return [{ auction: id, seller, category, expires, price }];
      },
    },
  );
}
