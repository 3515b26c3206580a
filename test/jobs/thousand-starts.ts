// Starts and stops many small jobs in one process and prints, as JSON, what the process holds after each hundred.
// `node --expose-gc build/test/jobs/thousand-starts.js [jobs]`, 1000 by default.
//
// A tenth of them is aborted at once, a tenth fails, a tenth is drained, the others finish.

import { readdirSync } from 'node:fs';
import { type JobReport, run } from 'millrace';

const jobs = Number(process.argv[2] ?? 1000);
const CONCURRENCY = 4;
const BATCH = 100;

const tiny = new URL('./tiny.js', import.meta.url);
const faulty = new URL('./faulty.js', import.meta.url);

interface Holding {
  readonly jobs: number;
  readonly resources: string[];
  readonly threads: number;
  readonly heapMiB: number;
  readonly rssMiB: number;
  readonly seconds: number;
}

async function startAndStop(index: number): Promise<void> {
  if (index % 10 === 3) {
    const failure = await run(faulty, { workers: 1 }).completed.then(
      () => undefined,
      (error: { code?: string }) => error.code,
    );
    if (failure !== 'ERR_OPERATOR') throw new Error(`job ${index} was to fail with ERR_OPERATOR: ${failure}`);
    return;
  }
  const handle = run(tiny, { workers: 1 });
  if (index % 10 === 5) await handle.stop({ drain: false });
  if (index % 10 === 7) await handle.stop({ drain: true });
  const { outcome, results }: JobReport = await handle.completed;
  const expected = index % 10 === 5 ? 'aborted' : index % 10 === 7 ? 'drained' : 'finished';
  if (outcome !== expected) throw new Error(`job ${index} was to be ${expected}: ${outcome}`);
  if (outcome === 'finished' && results['doubled']?.length !== 3)
    throw new Error(`job ${index} gave ${results['doubled']}`);
}

const startedMs = performance.now();
async function holding(done: number): Promise<Holding> {
  // What is let go of by callbacks gets a turn of the event loop, and garbage goes.
  await new Promise((resolve) => setTimeout(resolve, 50));
  const { gc } = globalThis as { gc?: () => void };
  if (gc === undefined) throw new Error('run it with node --expose-gc');
  gc();
  await new Promise((resolve) => setTimeout(resolve, 50));
  const { heapUsed, rss } = process.memoryUsage();
  return {
    jobs: done,
    resources: process.getActiveResourcesInfo().filter((name) => !name.endsWith('Wrap')),
    threads: process.platform === 'linux' ? readdirSync('/proc/self/task').length : 0,
    heapMiB: heapUsed / 2 ** 20,
    rssMiB: rss / 2 ** 20,
    seconds: (performance.now() - startedMs) / 1000,
  };
}

const holdings: Holding[] = [await holding(0)];
for (let done = 0; done < jobs; done += BATCH) {
  let next = done;
  const last = Math.min(jobs, done + BATCH);
  await Promise.all(
    Array.from({ length: CONCURRENCY }, async () => {
      while (next < last) await startAndStop(next++);
    }),
  );
  holdings.push(await holding(last));
}
console.log(JSON.stringify(holdings));
