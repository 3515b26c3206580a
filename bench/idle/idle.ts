// An idle job: what it burns, and how long its first record takes after a quiet time.
//
//   source (idle, then woken) -> [ exchange by key ] -> map -> main thread       2 workers, parked
//
// `cpu` is the processor time of the whole process (both workers, main thread) while the job is quiet, in percent of one core. `wake` is
// the median time from the source's wake-up to the record behind the exchange. The baseline is one round trip of Atomics.wait and
// Atomics.notify between two threads that sleep as long. Checked: every record arrives.

import { Worker } from 'node:worker_threads';
import { run } from 'millrace';
import type { Bench, Sample, Scale } from '../harness/bench.ts';
import { sharedNowMs } from '../harness/bench.ts';
import { spreadOf } from '../harness/statistics.ts';

const quietMsAt = ({ quick }: Scale): number => (quick ? 500 : 2000);
const WAKE_UPS = 5;

export const idle: Bench = {
  name: 'idle',
  summary: 'processor time of a quiet job, and its first record afterwards, against a bare wait and notify',
  measures: [
    { name: 'wake', unit: 'us', better: 'less' },
    { name: 'cpu', unit: '% of a core', better: 'less' },
  ],
  baseline: 'bare wait and notify',
  variants: [
    { name: 'bare wait and notify', threads: 1, run: runBare },
    { name: 'millrace', threads: 1, run: runMillrace },
  ],
  comparisons: [
    { name: 'wake, millrace / bare round trip', variant: 'millrace', over: 'bare wait and notify', atMost: 20 },
    { name: 'percent of a core when idle', variant: 'millrace', measure: 'cpu', atMost: 1 },
  ],
  expected: () => WAKE_UPS,
};

async function runMillrace(scale: Scale): Promise<Sample> {
  const quietMs = quietMsAt(scale);
  const handle = run(new URL('./idle.job.js', import.meta.url), { workers: 2, params: { wakeUps: WAKE_UPS, quietMs } });
  // Threads are parked by then.
  // There are wake-ups in the measured time, as there are in a quiet job's.
  await new Promise((resolve) => setTimeout(resolve, 1.5 * quietMs + 250));
  const cpu = await cpuShare((WAKE_UPS - 3) * quietMs);
  const { results } = await handle.completed;
  const took = results['took'] as readonly { tookMs: number }[];
  return { values: { wake: spreadOf(took.map(({ tookMs }) => tookMs)).median * 1e3, cpu }, answer: took.length };
}

/** Percent of one core that this process uses in the next while. */
async function cpuShare(forMs: number): Promise<number> {
  const before = process.cpuUsage();
  const startedMs = sharedNowMs();
  await new Promise((resolve) => setTimeout(resolve, forMs));
  const { user, system } = process.cpuUsage(before);
  return ((user + system) / 1e3 / (sharedNowMs() - startedMs)) * 100;
}

const ECHO = `
const { workerData } = require('node:worker_threads');
const words = new Int32Array(workerData);
for (let round = 0; round < ${WAKE_UPS}; round++) {
  Atomics.wait(words, 0, round);
  Atomics.store(words, 1, round + 1);
  Atomics.notify(words, 1);
}`;

async function runBare(scale: Scale): Promise<Sample> {
  const quietMs = quietMsAt(scale);
  const words = new Int32Array(new SharedArrayBuffer(8));
  const worker = new Worker(ECHO, { eval: true, workerData: words.buffer });
  const took: number[] = [];
  let cpu = 0;
  for (let round = 0; round < WAKE_UPS; round++) {
    cpu = await cpuShare(quietMs); // The last counts: the first holds the start of the thread.
    const startedMs = sharedNowMs();
    Atomics.store(words, 0, round + 1);
    Atomics.notify(words, 0);
    Atomics.wait(words, 1, round, 1000);
    took.push(sharedNowMs() - startedMs);
  }
  await new Promise((resolve) => worker.once('exit', resolve));
  return { values: { wake: spreadOf(took).median * 1e3, cpu }, answer: took.length };
}
