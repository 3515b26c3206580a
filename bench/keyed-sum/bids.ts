// The records of the keyed sum, and the answer they must come to. Any thread.
//
// Every worker's share counts from 0, so that the shares can be computed apart and the answer is that of one share times the workers.
//
//   x = (i * 2654435761) mod 1e9;   auction = x mod 1000;   bidder = i mod 5000;   price = (x mod 10000) / 100
//   a string key is 'auction-' + auction + '-lot'; bids under 5 are dropped; asked are count and sum of the prices of each auction

export interface Bid {
  readonly auction: number;
  readonly bidder: number;
  readonly price: number;
}

export interface NamedBid extends Bid {
  readonly name: string;
}

export const AUCTIONS = 1000;
export const LEAST_PRICE = 5;

export const AUCTION_NAMES: readonly string[] = Array.from({ length: AUCTIONS }, (_, i) => `auction-${i}-lot`);

export function bidAt(i: number): Bid {
  const x = (i * 2654435761) % 1e9;
  return { auction: x % AUCTIONS, bidder: i % 5000, price: (x % 10_000) / 100 };
}

export function namedBidAt(i: number): NamedBid {
  const x = (i * 2654435761) % 1e9;
  const auction = x % AUCTIONS;
  return { auction, bidder: i % 5000, price: (x % 10_000) / 100, name: AUCTION_NAMES[auction]! };
}

/** Count and cents over all keys, and the number of keys. Prices are whole cents, so the rounded sum does not depend on the order. */
export interface KeyedSumAnswer {
  readonly count: number;
  readonly cents: number;
  readonly keys: number;
}

/** By a plain loop that shares no code with any contestant but the records. */
export function expectedAnswer(share: number, workers: number): KeyedSumAnswer {
  let count = 0;
  let cents = 0;
  const seen = new Set<number>();
  for (let i = 0; i < share; i++) {
    const x = (i * 2654435761) % 1e9;
    const hundredths = x % 10_000;
    if (hundredths < LEAST_PRICE * 100) continue;
    count++;
    cents += hundredths;
    seen.add(x % AUCTIONS);
  }
  return { count: count * workers, cents: cents * workers, keys: seen.size };
}
