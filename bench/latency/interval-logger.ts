// Histograms that only grow, as what came to them in each interval of a run. Main thread of a variant's process.

import type { JsHistogram } from 'hdr-histogram-js';
import { mergeHistograms } from '../../engine/metrics/latency-summary.ts';
import { decodeHistogram, encodeHistogram } from '../hdr/encoding.ts';

const INTERVAL_MS = 500;

/** A histogram of an interval, encoded. */
export interface LoggedInterval {
  readonly name: string;
  readonly startSeconds: number;
  readonly lengthSeconds: number;
  readonly histogram: string;
}

type Histograms = ReadonlyMap<string, JsHistogram>;

/** Counts at one moment; they only grow. */
interface Reading {
  readonly atMs: number;
  readonly histograms: Histograms;
}

/** Copies while the load runs; all else is worked out afterwards, for what the main thread does is taken from a worker. */
export class IntervalLogger {
  readonly #words: ReadonlyMap<string, readonly Float64Array[]>;
  readonly #readOnce: () => Histograms;
  readonly #copies: { readonly atMs: number; readonly words: ReadonlyMap<string, readonly Float64Array[]> }[] = [];
  /** At the beginning and at the end. */
  readonly #ends: Reading[] = [];
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param words what all contestants have, by intervals: by name, the words of one histogram a thread (histogram-layout.ts)
   * @param readOnce what only some have, over the whole run: reading it in between would cost them latency that others are spared
   */
  constructor(words: ReadonlyMap<string, readonly Float64Array[]>, readOnce: () => Histograms) {
    this.#words = words;
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

  /** What came in each interval, and in all of them together by name, encoded. */
  logged(): { readonly intervals: LoggedInterval[]; readonly histograms: Record<string, string> } {
    const series = [this.#readings(), this.#ends];
    return {
      intervals: series.flatMap((readings) => this.#between(readings)),
      histograms: Object.fromEntries(series.flatMap((readings) => this.#whole(readings))),
    };
  }

  #readings(): Reading[] {
    return this.#copies.map(({ atMs, words }) => {
      return { atMs, histograms: new Map([...words].map(([name, parts]) => [name, mergeHistograms(parts)])) };
    });
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

  #whole(readings: readonly Reading[]): [string, string][] {
    const [first, last] = [readings[0]!, readings.at(-1)!];
    return [...last.histograms].map(([name, histogram]) => [
      name,
      encodeHistogram(without(histogram, first.histograms.get(name))),
    ]);
  }

  #take(): void {
    const words = new Map([...this.#words].map(([name, parts]) => [name, parts.map((part) => part.slice())]));
    this.#copies.push({ atMs: performance.now(), words });
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
