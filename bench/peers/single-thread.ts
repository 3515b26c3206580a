// The keyed sum on one thread: a plain loop, and Node streams. Main thread.

import { Readable, Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Bid, type KeyedSumAnswer, LEAST_PRICE, type NamedBid } from '../keyed-sum/bids.ts';
import { KeySums, keyOf, makerOf } from './key-sums.ts';

export function sumByLoop(records: number, stringKeys: boolean): KeyedSumAnswer {
  const sums = new KeySums();
  const bidOf = makerOf(stringKeys);
  for (let i = 0; i < records; i++) {
    const bid = bidOf(i);
    if (bid.price >= LEAST_PRICE) sums.add(keyOf(bid), bid.price);
  }
  return sums.answer();
}

/** One object a chunk, as object mode is used. */
export async function sumByStreams(records: number, stringKeys: boolean): Promise<KeyedSumAnswer> {
  const sums = new KeySums();
  const bidOf = makerOf(stringKeys);
  let made = 0;
  await pipeline(
    new Readable({
      objectMode: true,
      highWaterMark: 512,
      read() {
        while (made < records) if (!this.push(bidOf(made++))) return;
        this.push(null);
      },
    }),
    new Transform({
      objectMode: true,
      highWaterMark: 512,
      transform(bid: Bid | NamedBid, _encoding, done) {
        if (bid.price >= LEAST_PRICE) done(null, bid);
        else done();
      },
    }),
    new Writable({
      objectMode: true,
      highWaterMark: 512,
      write(bid: Bid | NamedBid, _encoding, done) {
        sums.add(keyOf(bid), bid.price);
        done();
      },
    }),
  );
  return sums.answer();
}
