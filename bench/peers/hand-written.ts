// The ceiling: the keyed sum as a loop over shared memory, written by hand for this one job. Main thread: starts the threads, adds up.
//
// hand-written-worker.ts is the loop. Nothing of Millrace is in it: no flow, no schema, no metrics, no errors, one layout, one key.

import { Worker } from 'node:worker_threads';
import type { KeyedSumAnswer } from '../keyed-sum/bids.ts';
import { allocateLane, type HandWrittenTask, type WorkerSums } from './hand-written-worker.ts';

export interface HandWrittenOptions {
  readonly workers: number;
  readonly records: number;
  readonly stringKeys: boolean;
}

/** Milliseconds from the first record made on any thread to the last thread's sums, and the answer. */
export async function runHandWritten(options: HandWrittenOptions): Promise<{ spanMs: number; answer: KeyedSumAnswer }> {
  const { workers, records, stringKeys } = options;
  const each = <T>(make: (index: number) => T): T[] => Array.from({ length: workers }, (_, index) => make(index));
  const lanes = each(() => each(allocateLane));
  const doorbells = new SharedArrayBuffer(workers * 128);
  const sums = await Promise.all(
    each((index) => {
      const share = records / workers;
      return runWorker({
        workers,
        index,
        outbound: lanes[index]!,
        inbound: lanes.map((row) => row[index]!),
        doorbells,
        share,
        stringKeys,
      });
    }),
  );
  return {
    spanMs: Math.max(...sums.map(({ doneMs }) => doneMs)) - Math.min(...sums.map(({ firstMs }) => firstMs)),
    answer: {
      count: sums.reduce((total, { count }) => total + count, 0),
      cents: Math.round(sums.reduce((total, { cents }) => total + cents, 0)),
      keys: sums.reduce((total, { keys }) => total + keys, 0),
    },
  };
}

function runWorker(task: HandWrittenTask): Promise<WorkerSums> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./hand-written-worker.js', import.meta.url), { workerData: task });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}
