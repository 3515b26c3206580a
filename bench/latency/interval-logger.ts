// Histograms that only grow, as what came to them in each interval of a run. Main thread of a variant's process.

import type { JsHistogram } from 'hdr-histogram-js';
import { decodeHistogram, encodeHistogram } from '../hdr/encoding.ts';

/** Intervals of the log. Each reading costs the main thread some tenths of a millisecond, which are taken from a worker. */
const INTERVAL_MS = 500;

/** A histogram of an interval, encoded. */
export interface LoggedInterval {
  readonly name: string;
  readonly startSeconds: number;
  readonly lengthSeconds: number;
  readonly histogram: string;
}

/** Counts at one moment; they only grow. */
interface Reading {
  readonly atMs: number;
  readonly histograms: ReadonlyMap<string, JsHistogram>;
}

type Read = () => ReadonlyMap<string, JsHistogram>;

/** Reads while the load runs; what came to the counts between two readings is worked out afterwards. */
export class IntervalLogger {
  readonly #read: Read;
  readonly #readOnce: Read;
  readonly #readings: Reading[] = [];
  /** At the beginning and at the end. */
  readonly #ends: Reading[] = [];
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param read what all contestants have, by intervals
   * @param readOnce what only some have, over the whole run: reading it in between would cost them latency that others are spared
   */
  constructor(read: Read, readOnce: Read) {
    this.#read = read;
    this.#readOnce = readOnce;
  }

  begin(): void {
    this.#takeOnce();
    this.#take();
    this.#timer = setInterval(() => this.#take(), INTERVAL_MS);
  }

  end(): void {
    clearInterval(this.#timer);
    this.#take();
    this.#takeOnce();
  }

  intervals(): LoggedInterval[] {
    return [...this.#between(this.#readings), ...this.#between(this.#ends)];
  }

  #between(readings: readonly Reading[]): LoggedInterval[] {
    const [first] = readings;
    return readings.slice(1).flatMap((reading, index) => {
      const before = readings[index]!;
      return [...reading.histograms].map(([name, histogram]) => ({
        name,
        startSeconds: (before.atMs - first!.atMs) / 1e3,
        lengthSeconds: (reading.atMs - before.atMs) / 1e3,
        histogram: encodeHistogram(without(histogram, before.histograms.get(name))),
      }));
    });
  }

  /** All intervals together. */
  whole(): Record<string, string> {
    const wholes = [this.#readings, this.#ends].flatMap((readings) => {
      const [first, last] = [readings[0]!, readings.at(-1)!];
      return [...last.histograms].map(([name, histogram]): [string, string] => [
        name,
        encodeHistogram(without(histogram, first.histograms.get(name))),
      ]);
    });
    return Object.fromEntries(wholes);
  }

  #take(): void {
    this.#readings.push({ atMs: performance.now(), histograms: this.#read() });
  }

  #takeOnce(): void {
    this.#ends.push({ atMs: performance.now(), histograms: this.#readOnce() });
  }
}

/** A copy less what an earlier reading held already. */
function without(histogram: JsHistogram, earlier: JsHistogram | undefined): JsHistogram {
  const copy = decodeHistogram(encodeHistogram(histogram));
  if (earlier !== undefined) copy.subtract(earlier);
  return copy;
}
