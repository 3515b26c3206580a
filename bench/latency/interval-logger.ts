// Histograms that only grow, as what came to them in each interval of a run. Main thread of a variant's process.

import type { JsHistogram } from 'hdr-histogram-js';
import { decodeHistogram, encodeHistogram } from '../hdr/encoding.ts';

/** Intervals of the log; each costs the main thread less than a millisecond, which is taken from the workers. */
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

/** Reads while the load runs; what came to the counts between two readings is worked out afterwards. */
export class IntervalLogger {
  readonly #read: () => ReadonlyMap<string, JsHistogram>;
  readonly #readings: Reading[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(read: () => ReadonlyMap<string, JsHistogram>) {
    this.#read = read;
  }

  begin(): void {
    this.#take();
    this.#timer = setInterval(() => this.#take(), INTERVAL_MS);
  }

  end(): void {
    clearInterval(this.#timer);
    this.#take();
  }

  intervals(): LoggedInterval[] {
    const [first] = this.#readings;
    return this.#readings.slice(1).flatMap((reading, index) => {
      const before = this.#readings[index]!;
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
    const [first, last] = [this.#readings[0]!, this.#readings.at(-1)!];
    return Object.fromEntries(
      [...last.histograms].map(([name, histogram]) => [
        name,
        encodeHistogram(without(histogram, first.histograms.get(name))),
      ]),
    );
  }

  #take(): void {
    this.#readings.push({ atMs: performance.now(), histograms: this.#read() });
  }
}

/** A copy less what an earlier reading held already. */
function without(histogram: JsHistogram, earlier: JsHistogram | undefined): JsHistogram {
  const copy = decodeHistogram(encodeHistogram(histogram));
  if (earlier !== undefined) copy.subtract(earlier);
  return copy;
}
