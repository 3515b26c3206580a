// Where the splits of one source are, over all workers: each says in a word of its own where its slowest split is. Any thread.
//
//   worker 0   12:01  <- reads on               limit = the slowest of all + alignMs
//   worker 1   12:04     waits until worker 0 has come closer, and rings
//
// The words are 64-bit integers written and read by Atomics: a time is never seen half written, and the Dekker argument of the doorbell
// (engine/queue/doorbell.ts) holds for whoever looks once more before it sleeps. In whole milliseconds, rounded down: others may wait a
// millisecond more than they must.

import type { Doorbell } from '../queue/index.ts';
import { END_OF_TIME, NO_WATERMARK } from '../time/watermark.ts';

/** Has not begun, or waits for its first record: nobody runs ahead of that. */
export const NOTHING_READ: bigint = -(2n ** 62n);
/** Has no split that others wait for: all are at their end, or idle. */
export const NOBODY: bigint = 2n ** 62n;

export class SplitAlignment {
  readonly #words: BigInt64Array;
  readonly #own: number;
  readonly #others: readonly number[];
  readonly #bells: readonly Doorbell[];
  #published: number = NO_WATERMARK;

  /** @param others the words of the other workers, and `bells` their doorbells */
  constructor(words: BigInt64Array, own: number, others: readonly number[], bells: readonly Doorbell[]) {
    this.#words = words;
    this.#own = own;
    this.#others = others;
    this.#bells = bells;
  }

  /** Tells the other workers where the slowest split of this one is, and wakes those that wait for it. END_OF_TIME: there is none. */
  publish(slowestMs: number): void {
    if (slowestMs === this.#published) return;
    this.#published = slowestMs;
    Atomics.store(this.#words, this.#own, toWord(slowestMs));
    for (const bell of this.#bells) bell.ring();
  }

  /** Where the slowest split on any other worker is; NO_WATERMARK as long as one has not read anything. */
  slowestOfOthers(): number {
    let slowest = NOBODY;
    for (const word of this.#others) {
      const value = Atomics.load(this.#words, word);
      if (value < slowest) slowest = value;
    }
    if (slowest === NOBODY) return END_OF_TIME;
    return slowest === NOTHING_READ ? NO_WATERMARK : Number(slowest);
  }
}

function toWord(ms: number): bigint {
  if (ms === END_OF_TIME) return NOBODY;
  return ms === NO_WATERMARK ? NOTHING_READ : BigInt(Math.floor(ms));
}
