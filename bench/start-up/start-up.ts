// Start of a job: from the call of run() to the first result out of two workers, beside what two bare threads take to answer one message.
//
//   run() -> plan -> threads -> deploy -> first record -> exchange -> first result                    2 workers
//
// The clock starts in a process that has loaded its modules but started no thread, and stops when the first result is made on a
// worker (its time travels out in the result), or when both bare threads have answered. Checked: the job's whole answer.

import { Worker } from 'node:worker_threads';
import { run } from 'millrace';
import type { Bench } from '../harness/bench.ts';
import { sharedNowMs } from '../harness/bench.ts';
import { expectedAnswer } from '../keyed-sum/bids.ts';
import type { KeySum } from '../keyed-sum/keyed-sum.job.ts';

const RECORDS = 2;

export const startUp: Bench = {
  name: 'start-up',
  summary: 'from run() to the first result on 2 workers, against two bare threads that answer one message',
  measures: [{ name: 'start', unit: 'ms', better: 'less' }],
  baseline: 'two bare threads',
  variants: [
    {
      name: 'two bare threads',
      threads: 2,
      run: async () => {
        const startedMs = sharedNowMs();
        const answers = await Promise.all([0, 1].map(() => echo()));
        return { values: { start: sharedNowMs() - startedMs }, answer: answers.length };
      },
    },
    {
      name: 'millrace',
      threads: 2,
      run: async () => {
        const startedMs = sharedNowMs();
        const params = { records: RECORDS, workers: 1, stringKeys: false, preaggregate: false };
        const module = new URL('../keyed-sum/keyed-sum.job.js', import.meta.url);
        const { results } = await run(module, { workers: 2, params }).completed;
        const sums = results['sums'] as readonly KeySum[];
        const cents = Math.round(sums.reduce((total, sum) => total + sum.total * 100, 0));
        return { values: { start: Math.min(...sums.map((sum) => sum.doneMs)) - startedMs }, answer: cents };
      },
    },
  ],
  comparisons: [{ name: 'millrace / two bare threads', variant: 'millrace', over: 'two bare threads', atMost: 3 }],
  expected: (variant) => (variant === 'millrace' ? expectedAnswer(RECORDS, 1).cents : 2),
};

function echo(): Promise<void> {
  const source =
    "const { parentPort } = require('node:worker_threads'); parentPort.once('message', (m) => parentPort.postMessage(m));";
  const worker = new Worker(source, { eval: true });
  return new Promise((resolve, reject) => {
    worker.once('message', () => resolve());
    worker.once('error', reject);
    worker.postMessage('are you there?');
  });
}
