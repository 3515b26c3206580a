// Query 20, filter by join: the bids for auctions of category 10, each with its auction.

import { intervalJoin, job } from 'millrace';
import { isAuction, isBid } from '../model.ts';
import { answer, PARAMS, timedEvents } from './params.ts';

export default job('nexmark-q20', { params: PARAMS }, (flow, params) => {
  const events = timedEvents(flow, params);
  intervalJoin(
    events
      .filter(isAuction)
      .filter(({ category }) => category === 10)
      .keyBy(({ id }) => id),
    events.filter(isBid).keyBy(({ auction }) => auction),
    {
      // Some bids come before their auction, which is then among the next ten: 170 events later at most. Others come at any time behind it.
      lowerMs: -10_000,
      upperMs: Number.POSITIVE_INFINITY,
      select: (auction, bid) => ({
        auction: bid.auction,
        bidder: bid.bidder,
        price: bid.price,
        channel: bid.channel,
        url: bid.url,
        dateTime: bid.dateTime,
        extra: bid.extra,
        itemName: auction.itemName,
        description: auction.description,
        initialBid: auction.initialBid,
        reserve: auction.reserve,
        auctionDateTime: auction.dateTime,
        expires: auction.expires,
        seller: auction.seller,
        category: auction.category,
        auctionExtra: auction.extra,
      }),
    },
  ).to(answer(params));
});
