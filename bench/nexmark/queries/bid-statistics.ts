// What queries 15 to 17 count in their groups of bids, in total and by rank of price. Any thread.

import { count, countDistinct, sum } from 'millrace';
import type { Bid } from '../model.ts';

type Priced = Pick<Bid, 'price'>;
type Counted = Pick<Bid, 'auction' | 'bidder' | 'price'>;

const isRank1 = ({ price }: Priced): boolean => price < 10_000;
const isRank2 = ({ price }: Priced): boolean => price >= 10_000 && price < 1_000_000;
const isRank3 = ({ price }: Priced): boolean => price >= 1_000_000;

/** In one group: as many as a Set holds. More are an error. */
const limit = 2 ** 24;

export const bidCounts = {
  totalBids: count<Priced>(),
  rank1Bids: sum((bid: Priced) => (isRank1(bid) ? 1 : 0)),
  rank2Bids: sum((bid: Priced) => (isRank2(bid) ? 1 : 0)),
  rank3Bids: sum((bid: Priced) => (isRank3(bid) ? 1 : 0)),
};

// undefined is not counted.
export const distinctCounts = {
  totalBidders: countDistinct((bid: Counted) => bid.bidder, { limit }),
  rank1Bidders: countDistinct((bid: Counted) => (isRank1(bid) ? bid.bidder : undefined), { limit }),
  rank2Bidders: countDistinct((bid: Counted) => (isRank2(bid) ? bid.bidder : undefined), { limit }),
  rank3Bidders: countDistinct((bid: Counted) => (isRank3(bid) ? bid.bidder : undefined), { limit }),
  totalAuctions: countDistinct((bid: Counted) => bid.auction, { limit }),
  rank1Auctions: countDistinct((bid: Counted) => (isRank1(bid) ? bid.auction : undefined), { limit }),
  rank2Auctions: countDistinct((bid: Counted) => (isRank2(bid) ? bid.auction : undefined), { limit }),
  rank3Auctions: countDistinct((bid: Counted) => (isRank3(bid) ? bid.auction : undefined), { limit }),
};
