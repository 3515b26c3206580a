// One run of the hopping load, and what it showed. Main thread of a variant's process.

import { setTimeout as sleep } from 'node:timers/promises';
import { summarizeLatency } from '../../engine/metrics/latency-summary.ts';
import type { Sample } from '../harness/bench.ts';
import { watchOthers } from '../harness/others-share.ts';
import { IntervalLogger } from '../latency/interval-logger.ts';
import type { LatencyDetails } from '../latency/measure.ts';
import type { StartHopping } from './contestants.ts';
import { expectedOfHopping, type HoppingLoad } from './hopping-load.ts';
import { loadNowMs } from './load-clock.ts';
import { allocateWindowAges, answerOfWindows, seenMs, windowAgesOf } from './window-ages.ts';

/** Threads have started by then, or are late and catch up during the warm-up. */
const START_MS = 500;
/** So long before what is measured, the log takes its first reading: that of the stages keeps the main thread busy for 40 ms. */
const PREPARING_MS = 500;
/** After the last window's end. Whoever needs longer has fallen behind for good. */
const PATIENCE_MS = 10_000;

/** Names of what the sink measures. */
export const FIRST_AGE = 'age of first results';
export const EVERY_AGE = 'age of every result';

export async function measureHopping(start: StartHopping, load: Omit<HoppingLoad, 'startMs'>): Promise<Sample> {
  const { stepMs, warmUpMs, lastMs, rate } = load;
  const startMs = Math.ceil((loadNowMs() + START_MS) / stepMs) * stepMs;
  const ages = allocateWindowAges();
  const running = start({ ...load, startMs }, ages);
  const log = new IntervalLogger(
    new Map([
      [FIRST_AGE, windowAgesOf(ages, 'first')],
      [EVERY_AGE, windowAgesOf(ages, 'every')],
    ]),
    () => running.histograms(),
  );
  /** Looks no sooner than it can be: each look wakes the main thread on a core that a worker needs. */
  const until = async (soonestMs: number, reached: () => boolean): Promise<void> => {
    await sleep(soonestMs - loadNowMs());
    while (!reached() && loadNowMs() < startMs + lastMs + PATIENCE_MS) await sleep(stepMs);
  };
  const failed = running.completed.then(() => {
    throw new Error('the contestant ended before it was stopped');
  });
  failed.catch(() => {}); // It ends in time when it is told to.
  const { results } = expectedOfHopping(load);
  const measured = (async () => {
    await until(startMs + warmUpMs - PREPARING_MS, () => seenMs(ages) >= warmUpMs - PREPARING_MS);
    const startedAt = new Date();
    const othersShare = watchOthers();
    log.begin();
    // Nothing is left to be told then; less than all of it by the end of patience is a wrong answer.
    await until(startMs + lastMs, () => answerOfWindows(ages).results >= results);
    log.end();
    return { startedAt, others: othersShare() };
  })();
  const { startedAt, others } = await Promise.race([measured, failed]);
  await running.stop();
  const first = summarizeLatency(windowAgesOf(ages, 'first'));
  const every = summarizeLatency(windowAgesOf(ages, 'every'));
  const details: LatencyDetails = {
    rate,
    startedAt: startedAt.toISOString(),
    ...log.logged(),
  };
  return {
    values: {
      'p50 age': first.p50Ns / 1e3,
      'p99 age': first.p99Ns / 1e3,
      'p99.9 age': first.p999Ns / 1e3,
      'p99.99 age': first.p9999Ns / 1e3,
      'max age': first.maxNs / 1e3,
      'p50 age, every result': every.p50Ns / 1e3,
      'p99 age, every result': every.p99Ns / 1e3,
      'p99.99 age, every result': every.p9999Ns / 1e3,
      others: Math.max(0.01, others * 100),
    },
    answer: answerOfWindows(ages),
    details,
  };
}
