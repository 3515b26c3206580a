import { RingMemory } from './ring-memory.ts';

// How one thread sleeps until another has news, without a lost wake-up and without a system call when nobody sleeps.
//
//   sleeper                                    ringer
//   1  word = PARKED    (prepareToPark)        1  make the news visible (publish, release, close, a flag)
//   2  look once more: any news?               2  word == PARKED?              (ring)
//        yes -> word = AWAKE (cancelPark)           no  -> done: one load was all it cost
//   3  sleep while word == PARKED  (park)           yes -> word = AWAKE, notify
//
// All four accesses are sequentially consistent, so they stand in one order (Dekker): if the sleeper's second look came before
// the news, then its PARKED came before the ringer's look at the word, and the ringer rings. A ring between 2 and 3 changes
// the word, and a sleep on a word that is not PARKED ends at once.
//
// A wake-up says "look again", never "there is something": a late ringer may wake a sleeper that has seen its news already.

const AWAKE = 0;
const PARKED = 1;

/**
 * One word of shared memory on which **one** thread sleeps and which any number of threads ring.
 * The word starts as 0. A worker that reads many rings gives them all the same doorbell and parks once.
 *
 * What the sleeper checks between `prepareToPark` and `park`, and what the ringer does before `ring`, must go through Atomics.
 *
 * @example
 * doorbell.prepareToPark();
 * if (consumer.poll() === RING_EMPTY) doorbell.park(100);
 * else doorbell.cancelPark();
 */
export class Doorbell {
  readonly #memory: RingMemory;
  readonly #word: number;
  /** An asynchronous waiter registered on the word and not yet notified. It cannot be cancelled, so it is kept and reused. */
  #asyncWaiter = false;
  #endAsyncPark: ((rung: boolean) => void) | undefined;

  /** `words` must view a SharedArrayBuffer. Keep the word 128 bytes away from any other busy word. */
  constructor(words: Int32Array, wordIndex: number, memory: RingMemory = new RingMemory(words)) {
    if (!(words.buffer instanceof SharedArrayBuffer)) {
      throw new TypeError('A doorbell needs an Int32Array over a SharedArrayBuffer: pass new Int32Array(sharedBuffer)');
    }
    if (!Number.isInteger(wordIndex) || wordIndex < 0 || wordIndex >= words.length) {
      throw new RangeError(`wordIndex must be an index of words (0 to ${words.length - 1}): wordIndex=${wordIndex}`);
    }
    this.#memory = memory;
    this.#word = wordIndex;
  }

  /** Announces the sleep. Then look once more, and call `park` or `cancelPark`. */
  prepareToPark(): void {
    // Dekker: before the second look of the caller. Pairs with the acquire in Doorbell.ring.
    this.#memory.storeSeqCst(this.#word, PARKED);
  }

  /** Takes the announcement back: there is work after all. */
  cancelPark(): void {
    // Pairs with the acquire in Doorbell.ring. Late is harmless: a ringer then rings somebody who is awake.
    this.#memory.storeRelease(this.#word, AWAKE);
  }

  /**
   * Sleeps until rung, at most `timeoutMs` milliseconds; blocks the event loop of the thread. Call `prepareToPark` first.
   * Always give a bound: a ringer can be terminated between its news and its ring.
   *
   * @returns false when the time ran out; true when rung, which means "look again"
   */
  park(timeoutMs: number): boolean {
    const rung = this.#memory.wait(this.#word, PARKED, timeoutMs) !== 'timed-out';
    this.cancelPark();
    return rung;
  }

  /**
   * As `park`, for a thread that must keep its event loop. Holds the process alive for as long as it sleeps. At most one at a
   * time. Sleeping a million times without being rung costs one waiter, not a million.
   *
   * @returns a promise of false when the time ran out; of true when rung, or ended by `endParkAsync`
   */
  parkAsync(timeoutMs: number): Promise<boolean> {
    if (this.#endAsyncPark !== undefined)
      throw new TypeError('A doorbell can be parked on once at a time: await the last parkAsync first');
    if (!this.#asyncWaiter) {
      const waiter = this.#memory.waitAsync(this.#word, PARKED);
      if (waiter === undefined) return Promise.resolve(true);
      this.#asyncWaiter = true;
      waiter.then(() => {
        this.#asyncWaiter = false;
        this.#endAsyncPark?.(true);
      });
    }
    return new Promise((resolve) => {
      // The timer is also what holds the event loop: a thread that awaits nothing but waitAsync exits.
      const timer = setTimeout(() => this.#endAsyncPark?.(false), Math.min(timeoutMs, TIMER_MAX_MS));
      this.#endAsyncPark = (rung) => {
        clearTimeout(timer);
        this.#endAsyncPark = undefined;
        this.cancelPark();
        resolve(rung);
      };
    });
  }

  /** Ends this thread's own `parkAsync` from a callback on the same thread. Does nothing when there is none. */
  endParkAsync(): void {
    this.#endAsyncPark?.(true);
  }

  /** Wakes the sleeper if it announced a sleep. Call it after the news is visible, from any thread. One load when nobody sleeps. */
  ring(): void {
    // Dekker: after the news. Pairs with the release in Doorbell.prepareToPark, the release in Doorbell.cancelPark and
    // the release in Doorbell.#wake.
    if (this.#memory.loadSeqCst(this.#word) === PARKED) this.#wake();
  }

  #wake(): void {
    // The next ringer need not ring again; a sleeper that has not fallen asleep yet finds the word changed, and does not.
    // Pairs with the acquire in Doorbell.ring.
    this.#memory.storeRelease(this.#word, AWAKE);
    this.#memory.notify(this.#word);
  }
}

/** What setTimeout can hold. A longer one would fire at once. */
const TIMER_MAX_MS = 2 ** 31 - 1;
