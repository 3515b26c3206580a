// What queries 15 to 17 count in their groups of bids, in total and by rank of price. Any thread.

import { count, countDistinct, sum } from 'millrace';
import type { Bid } from '../model.ts';

const isRank1 = ({ price }: Bid): boolean => price < 10_000;
const isRank2 = ({ price }: Bid): boolean => price >= 10_000 && price < 1_000_000;
const isRank3 = ({ price }: Bid): boolean => price >= 1_000_000;

/** In one group: as many as a Set holds. More are an error. */
const limit = 2 ** 24;

export const bidCounts = {
  totalBids: count<Bid>(),
  rank1Bids: sum((bid: Bid) => (isRank1(bid) ? 1 : 0)),
  rank2Bids: sum((bid: Bid) => (isRank2(bid) ? 1 : 0)),
  rank3Bids: sum((bid: Bid) => (isRank3(bid) ? 1 : 0)),
};

// undefined is not counted.
export const distinctCounts = {
  totalBidders: countDistinct((bid: Bid) => bid.bidder, { limit }),
  rank1Bidders: countDistinct((bid: Bid) => (isRank1(bid) ? bid.bidder : undefined), { limit }),
  rank2Bidders: countDistinct((bid: Bid) => (isRank2(bid) ? bid.bidder : undefined), { limit }),
  rank3Bidders: countDistinct((bid: Bid) => (isRank3(bid) ? bid.bidder : undefined), { limit }),
  totalAuctions: countDistinct((bid: Bid) => bid.auction, { limit }),
  rank1Auctions: countDistinct((bid: Bid) => (isRank1(bid) ? bid.auction : undefined), { limit }),
  rank2Auctions: countDistinct((bid: Bid) => (isRank2(bid) ? bid.auction : undefined), { limit }),
  rank3Auctions: countDistinct((bid: Bid) => (isRank3(bid) ? bid.auction : undefined), { limit }),
};
