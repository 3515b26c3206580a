/** `Atomics.waitAsync` is in every Node that we run on, but not in the ES2023 library that we compile against. */
interface AtomicsWithWaitAsync {
  waitAsync(words: Int32Array, index: number, value: number): { async: boolean; value: string | Promise<string> };
}

export type WaitResult = 'ok' | 'not-equal' | 'timed-out';

/**
 * Every access to a word that two threads share, one method for each memory order. Any thread.
 *
 * The name of a method is the order that the algorithm **needs**. JavaScript's Atomics know one order only, sequentially
 * consistent, so `loadAcquire` and `loadSeqCst` are the same instruction; the names are for the reader, and for a test that
 * replaces this object by one that records, or explores, every access.
 *
 * Production code creates this class only, never a subclass: call sites stay monomorphic and the wrapper is inlined away.
 * It guards nothing: an index outside the buffer throws a RangeError (atomics) or reads 0 (plain).
 */
export class RingMemory {
  readonly #words: Int32Array;

  constructor(words: Int32Array) {
    this.#words = words;
  }

  /** For words that another thread cannot write now: what made them visible was an acquire before. */
  loadPlain(word: number): number {
    return this.#words[word] as number;
  }

  /** For words that another thread cannot read yet: a release will make them visible. */
  storePlain(word: number, value: number): void {
    this.#words[word] = value;
  }

  /** Some value that the word held not long ago. Orders nothing: for gauges, and for words that only this side writes. */
  loadOpaque(word: number): number {
    return Atomics.load(this.#words, word);
  }

  loadAcquire(word: number): number {
    return Atomics.load(this.#words, word);
  }

  storeRelease(word: number, value: number): void {
    Atomics.store(this.#words, word, value);
  }

  /** An acquire that also stands in one order with every `storeSeqCst`: each half of a park / ring handshake needs it. */
  loadSeqCst(word: number): number {
    return Atomics.load(this.#words, word);
  }

  /** A release that also comes before every later `loadSeqCst` of this thread, in an order all threads agree on. */
  storeSeqCst(word: number, value: number): void {
    Atomics.store(this.#words, word, value);
  }

  /** Sleeps while the word holds `value`, at most `timeoutMs` (may be Infinity). Blocks the thread's event loop. */
  wait(word: number, value: number, timeoutMs: number): WaitResult {
    return Atomics.wait(this.#words, word, value, timeoutMs);
  }

  /** As `wait` without blocking: `undefined` when the word does not hold `value`. A waiter lives until it is notified. */
  waitAsync(word: number, value: number): Promise<string> | undefined {
    const waiter = (Atomics as unknown as AtomicsWithWaitAsync).waitAsync(this.#words, word, value);
    return waiter.async ? (waiter.value as Promise<string>) : undefined;
  }

  /** Wakes all waiters of the word: a thread may have an asynchronous and a blocking one at once. */
  notify(word: number): void {
    Atomics.notify(this.#words, word);
  }
}
