// When the records of an open-loop load are due, in milliseconds after the start. Any thread.
//
// Record k of stream s of S has index s + k·S. A schedule only knows the clock through what it is given: the same seed gives the
// same times on every thread and in every run.

export type Arrival = 'constant' | 'poisson';

/** Says when its next record is due; `advance` goes on to the one after it. */
export interface Schedule {
  dueMs(): number;
  advance(): void;
}

/** Record with index i is due at i / rate: computed from the index, so that no rounding adds up. */
export class ConstantSchedule implements Schedule {
  readonly #ratePerSecond: number;
  readonly #stride: number;
  #index: number;

  constructor(ratePerSecond: number, stream: number, streams: number) {
    this.#ratePerSecond = ratePerSecond;
    this.#stride = streams;
    this.#index = stream;
  }

  dueMs(): number {
    return (this.#index * 1000) / this.#ratePerSecond;
  }

  advance(): void {
    this.#index += this.#stride;
  }
}

/** Independent exponential gaps: users who do not know of each other. S streams of rate / S together are a stream of the rate. */
export class PoissonSchedule implements Schedule {
  readonly #meanGapMs: number;
  readonly #random: () => number;
  #dueMs: number;

  constructor(ratePerSecond: number, stream: number, streams: number, seed: number) {
    this.#meanGapMs = (1000 * streams) / ratePerSecond;
    this.#random = splitMix32(mix(mix(seed) + stream));
    this.#dueMs = this.#gapMs();
  }

  dueMs(): number {
    return this.#dueMs;
  }

  advance(): void {
    this.#dueMs += this.#gapMs();
  }

  #gapMs(): number {
    // 1 - u is never 0, for u is below 1.
    return -Math.log(1 - this.#random()) * this.#meanGapMs;
  }
}

/**
 * Uniform in [0, 1). SplitMix (Steele, Lea, Flood 2014) with 32-bit state and MurmurHash3's finalizer. Seeds must be mixed
 * first: those that differ by a multiple of the increment give one sequence, shifted.
 */
function splitMix32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    return (mix(state) >>> 0) / 2 ** 32;
  };
}

function mix(value: number): number {
  let z = value | 0;
  z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
  return z ^ (z >>> 16);
}
