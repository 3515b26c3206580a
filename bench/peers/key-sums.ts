// The keyed state of the peers: count and sum of prices a key, and how partial states are added up. Any thread.

import { type Bid, bidAt, type KeyedSumAnswer, LEAST_PRICE, type NamedBid, namedBidAt } from '../keyed-sum/bids.ts';

export type Key = number | string;

interface Sum {
  count: number;
  price: number;
}

/** What crosses threads as a partial result. */
export type PartialSums = readonly (readonly [key: Key, count: number, price: number])[];

export class KeySums {
  readonly #sums = new Map<Key, Sum>();

  add(key: Key, price: number): void {
    const sum = this.#sums.get(key);
    if (sum === undefined) this.#sums.set(key, { count: 1, price });
    else {
      sum.count++;
      sum.price += price;
    }
  }

  addBids(bids: readonly (Bid | NamedBid)[]): void {
    for (const bid of bids) if (bid.price >= LEAST_PRICE) this.add(keyOf(bid), bid.price);
  }

  merge(partial: PartialSums): void {
    for (const [key, count, price] of partial) {
      const sum = this.#sums.get(key);
      if (sum === undefined) this.#sums.set(key, { count, price });
      else {
        sum.count += count;
        sum.price += price;
      }
    }
  }

  toPartial(): PartialSums {
    return Array.from(this.#sums, ([key, { count, price }]) => [key, count, price] as const);
  }

  answer(): KeyedSumAnswer {
    let count = 0;
    let cents = 0;
    for (const sum of this.#sums.values()) {
      count += sum.count;
      cents += sum.price * 100;
    }
    return { count, cents: Math.round(cents), keys: this.#sums.size };
  }
}

export function keyOf(bid: Bid | NamedBid): Key {
  return 'name' in bid ? bid.name : bid.auction;
}

export function makerOf(stringKeys: boolean): (i: number) => Bid | NamedBid {
  return stringKeys ? namedBidAt : bidAt;
}

/** All bids of a share in arrays of `size`, made as they are asked for. */
export function* chunksOf(records: number, size: number, stringKeys: boolean): Generator<(Bid | NamedBid)[]> {
  const bidOf = makerOf(stringKeys);
  for (let from = 0; from < records; from += size) {
    yield Array.from({ length: Math.min(size, records - from) }, (_, i) => bidOf(from + i));
  }
}
