// One run of a load, and what it showed. Main thread of a variant's process.

import { setTimeout as sleep } from 'node:timers/promises';
import { summarizeLatency } from '../../engine/metrics/latency-summary.ts';
import type { Sample } from '../harness/bench.ts';
import { watchOthers } from '../harness/others-share.ts';
import { undisturbed } from '../harness/quiet-machine.ts';
import { agesOf, allocateAges, answerOf, arrived } from './ages.ts';
import type { Contestant } from './contestant.ts';
import { IntervalLogger, type LoggedInterval } from './interval-logger.ts';
import type { Load } from './load.ts';

const SATURATED_MS = 1_000;

/** Names of what the sink measures, of all bids and of those that another worker made. */
export const ALL_AGES = 'age of bids';
export const CROSSED_AGES = 'age of bids, crossed';

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
  const ended = running.completed.then(() => {
    throw new Error('all bids arrived before the saturation was known');
  });
  const measured = (async () => {
    await sleep(warmUpMs);
    const [before, startedMs] = [arrived(ages), performance.now()];
    await sleep(SATURATED_MS);
    return ((arrived(ages) - before) / (performance.now() - startedMs)) * 1e3;
  })();
  const rate = await Promise.race([measured, ended]);
  ended.catch(() => {}); // It ends early, as it is told to.
  await running.stop();
  return rate;
}

/** On a machine as quiet as it gets. */
export async function measureLoad(contestant: Contestant, load: Load): Promise<Sample> {
  const { sample } = await undisturbed(() => runLoad(contestant, load));
  return sample;
}

/** Once, whatever else the machine does. */
export async function runLoad(contestant: Contestant, load: Load): Promise<{ sample: Sample; othersShare: number }> {
  const ages = allocateAges();
  const running = contestant.start(load, ages);
  const log = new IntervalLogger(
    new Map([
      [ALL_AGES, agesOf(ages, 'all')],
      [CROSSED_AGES, agesOf(ages, 'crossed')],
    ]),
    () => running.histograms(),
  );
  await Promise.race([running.completed, untilWarm(load, () => arrived(ages))]);
  const startedMs = performance.now();
  const [before, startedAt] = [arrived(ages), new Date()];
  log.begin();
  const watched = watchOthers();
  await running.completed;
  const spanMs = performance.now() - startedMs;
  const othersShare = watched();
  log.end();
  const all = summarizeLatency(agesOf(ages, 'all'));
  const crossed = summarizeLatency(agesOf(ages, 'crossed'));
  const details: LatencyDetails = {
    rate: load.rate,
    startedAt: startedAt.toISOString(),
    ...log.logged(),
  };
  const sample: Sample = {
    values: {
      'p50 age': all.p50Ns / 1e3,
      'p99 age': all.p99Ns / 1e3,
      'p99.9 age': all.p999Ns / 1e3,
      'p99.99 age': all.p9999Ns / 1e3,
      'max age': all.maxNs / 1e3,
      'p50 age, crossed': crossed.p50Ns / 1e3,
      'p99 age, crossed': crossed.p99Ns / 1e3,
      rate: (arrived(ages) - before) / spanMs,
      others: Math.max(0.01, othersShare * 100),
    },
    answer: answerOf(ages),
    details,
  };
  return { sample, othersShare };
}

/** By the bids that have arrived: how long threads take to start is not known beforehand. */
async function untilWarm({ rate, count, warmUpMs }: Load, bids: () => number): Promise<void> {
  const warm = Math.min(count, (rate * warmUpMs) / 1000);
  while (bids() < warm) await sleep(10);
}
