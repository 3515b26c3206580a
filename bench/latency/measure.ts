// One run of a load, and what it showed. Main thread of a variant's process.

import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JsHistogram } from 'hdr-histogram-js';
import { mergeHistograms, summarizeLatency } from '../../engine/metrics/latency-summary.ts';
import type { Sample } from '../harness/bench.ts';
import { decodeHistogram, encodeHistogram } from '../hdr/encoding.ts';
import { agesOf, allocateAges, answerOf, arrived } from './ages.ts';
import type { Contestant } from './contestant.ts';
import type { Load } from './load.ts';

/** Intervals of the log; each costs the main thread less than a millisecond, which is taken from the workers. */
const INTERVAL_MS = 500;
const SATURATED_MS = 1_000;

/** Names of what the sink measures, of all bids and of those that another worker made. */
export const ALL_AGES = 'age of bids';
export const CROSSED_AGES = 'age of bids, crossed';

/** A histogram of an interval, encoded. */
export interface LoggedInterval {
  readonly name: string;
  readonly startSeconds: number;
  readonly lengthSeconds: number;
  readonly histogram: string;
}

export interface LatencyDetails {
  readonly rate: number;
  /** ISO 8601: when the first interval began. */
  readonly startedAt: string;
  /** Encoded, by name: the ages at the sink, and what the contestant says of its stages. Warm-up left out. */
  readonly histograms: Readonly<Record<string, string>>;
  readonly intervals: readonly LoggedInterval[];
}

/** Bids a second that a contestant can do: all bids are due at once, and none is measured. */
export async function saturationOf(contestant: Contestant, warmUpMs: number): Promise<number> {
  const ages = allocateAges();
  const running = contestant.start({ rate: 1e9, count: 1e9, warmUpMs: 0 }, ages);
  const failed = running.completed.then(() => {
    throw new Error('all bids arrived before the saturation was known');
  });
  const measured = (async () => {
    await sleep(warmUpMs);
    const [before, startedMs] = [arrived(ages), performance.now()];
    await sleep(SATURATED_MS);
    return ((arrived(ages) - before) / (performance.now() - startedMs)) * 1e3;
  })();
  const rate = await Promise.race([measured, failed]);
  failed.catch(() => {}); // It ends early, as it is told to.
  await running.stop();
  return rate;
}

export async function measureLoad(contestant: Contestant, load: Load): Promise<Sample> {
  const ages = allocateAges();
  const running = contestant.start(load, ages);
  const log = new IntervalLogger(
    () =>
      new Map([
        [ALL_AGES, mergeHistograms(agesOf(ages, 'all'))],
        [CROSSED_AGES, mergeHistograms(agesOf(ages, 'crossed'))],
        ...running.histograms(),
      ]),
  );
  await Promise.race([running.completed, untilWarm(load, () => arrived(ages))]);
  const startedMs = performance.now();
  const [before, startedAt] = [arrived(ages), new Date()];
  log.begin();
  const othersShare = watchOthers();
  await running.completed;
  const spanMs = performance.now() - startedMs;
  const others = othersShare();
  log.end();
  const all = summarizeLatency(agesOf(ages, 'all'));
  const crossed = summarizeLatency(agesOf(ages, 'crossed'));
  const details: LatencyDetails = {
    rate: load.rate,
    startedAt: startedAt.toISOString(),
    histograms: log.whole(),
    intervals: log.intervals(),
  };
  return {
    values: {
      'p50 age': all.p50Ns / 1e3,
      'p99 age': all.p99Ns / 1e3,
      'p99.9 age': all.p999Ns / 1e3,
      'p99.99 age': all.p9999Ns / 1e3,
      'max age': all.maxNs / 1e3,
      'p50 age, crossed': crossed.p50Ns / 1e3,
      'p99 age, crossed': crossed.p99Ns / 1e3,
      rate: (arrived(ages) - before) / spanMs,
      others: Math.max(0.01, others * 100),
    },
    answer: answerOf(ages),
    details,
  };
}

/** The share of all cores' time, 0 to 1, that other processes have from this call to that of the function it returns. */
function watchOthers(): () => number {
  const busyMs = (): number =>
    cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);
  const own = process.cpuUsage();
  const [before, startedMs] = [busyMs(), performance.now()];
  return () => {
    const { user, system } = process.cpuUsage(own);
    const othersMs = busyMs() - before - (user + system) / 1e3;
    return othersMs / ((performance.now() - startedMs) * cpus().length);
  };
}

/** By the bids that have arrived: how long threads take to start is not known beforehand. */
async function untilWarm({ rate, count, warmUpMs }: Load, bids: () => number): Promise<void> {
  const warm = Math.min(count, (rate * warmUpMs) / 1000);
  while (bids() < warm) await sleep(10);
}

/** Counts at one moment; they only grow. */
interface Reading {
  readonly atMs: number;
  readonly histograms: ReadonlyMap<string, JsHistogram>;
}

/** Reads while the load runs; what came to the counts between two readings is worked out afterwards. */
class IntervalLogger {
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
