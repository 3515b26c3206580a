// The job's clock: nanoseconds since the job began, as a double, the same zero on every thread of the job. Any thread.
//
// performance.now() is the cheapest clock that does not allocate (about 38 ns a call), but it counts from the start of its own
// thread. process.hrtime.bigint() reads the same monotonic counter from one zero for the whole process, but makes a BigInt.
// So each thread measures once how far its performance.now() lies from hrtime, and adds that from then on; the two never drift
// apart, for they are one counter.
//
// Guaranteed: never runs backwards on one thread. Not guaranteed: that two threads agree better than the error of that one
// measurement (tens of nanoseconds, see OFFSET_TRIES), so a difference taken across threads may come out slightly negative.
// A double holds whole nanoseconds for the first 104 days of a job.

import { performance } from 'node:perf_hooks';
import { MillraceError } from '../errors/millrace-error.ts';

/** A source of time that every latency and time-out of a job is measured with. */
export interface Clock {
  /** Nanoseconds since the job's zero. Never decreases on one thread. */
  nowNs(): number;
}

const NS_PER_MS = 1e6;

/**
 * Each try brackets one hrtime reading between two performance.now() readings; the tightest bracket wins. The first few tries
 * run cold and span microseconds; after 16 the bracket is as tight as the two calls cost, below 0.2 us.
 */
const OFFSET_TRIES = 16;

class MonotonicClock implements Clock {
  readonly #offsetNs: number;

  constructor(offsetNs: number) {
    this.#offsetNs = offsetNs;
  }

  nowNs(): number {
    return performance.now() * NS_PER_MS + this.#offsetNs;
  }
}

/**
 * The real clock of a job, for the thread that calls this. The main thread takes `epochNs` once, from
 * `process.hrtime.bigint()`, and sends it to every worker; each of them makes a clock of its own from it.
 *
 * @param epochNs the job's zero in the words of `process.hrtime.bigint()`
 *
 * @example
 * const clock = monotonicClock(process.hrtime.bigint());
 * const startedNs = clock.nowNs();
 */
export function monotonicClock(epochNs: bigint): Clock {
  let offsetNs = 0;
  let tightestNs = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < OFFSET_TRIES; tries++) {
    const beforeNs = performance.now() * NS_PER_MS;
    const sinceEpochNs = Number(process.hrtime.bigint() - epochNs);
    const afterNs = performance.now() * NS_PER_MS;
    if (afterNs - beforeNs < tightestNs) {
      tightestNs = afterNs - beforeNs;
      offsetNs = sinceEpochNs - (beforeNs + afterNs) / 2;
    }
  }
  return new MonotonicClock(offsetNs);
}

/**
 * A clock that stands still until it is told to move: jobs tested with it see the times that the test chose.
 *
 * @example
 * const clock = new VirtualClock();
 * clock.advance(20_000_000); // twenty milliseconds later
 */
export class VirtualClock implements Clock {
  #nowNs: number;

  /** @param startNs what the clock shows at first, in nanoseconds since the job's zero */
  constructor(startNs = 0) {
    this.#nowNs = requireNs('startNs', startNs);
  }

  nowNs(): number {
    return this.#nowNs;
  }

  /** Moves the clock forward by `deltaNs` nanoseconds. Throws ERR_OPTION_INVALID on a negative or non-finite step. */
  advance(deltaNs: number): void {
    this.#nowNs += requireNs('deltaNs', deltaNs);
  }
}

function requireNs(name: string, valueNs: number): number {
  if (Number.isFinite(valueNs) && valueNs >= 0) return valueNs;
  throw new MillraceError(
    'ERR_OPTION_INVALID',
    `${name} must be a finite number of nanoseconds, 0 or more: ${name}=${valueNs}`,
  );
}
