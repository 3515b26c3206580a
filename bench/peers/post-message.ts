// The keyed sum over worker threads that post arrays of bids to each other: what one writes with node:worker_threads alone. Main thread.
//
//   worker 0: makes its share --- arrays of 512 by postMessage ---> worker of the key: sums          every pair of workers has a channel

import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import type { KeyedSumAnswer } from '../keyed-sum/bids.ts';
import { KeySums } from './key-sums.ts';
import type { PostReport, PostTask } from './post-message-worker.ts';

/** Milliseconds from the first bid made on any thread to the last thread's sums, and the answer. */
export async function runPostMessage(
  records: number,
  workers: number,
  stringKeys: boolean,
): Promise<{ spanMs: number; answer: KeyedSumAnswer }> {
  const ports: MessagePort[][] = Array.from({ length: workers }, () => []);
  for (let a = 0; a < workers; a++) {
    for (let b = a + 1; b < workers; b++) {
      const { port1, port2 } = new MessageChannel();
      ports[a]![b] = port1;
      ports[b]![a] = port2;
    }
  }
  const reports = await Promise.all(
    ports.map((row, index) => {
      const own = row.filter((port) => port !== undefined);
      const task: PostTask = { index, workers, share: records / workers, stringKeys, ports: row };
      return new Promise<PostReport>((resolve, reject) => {
        const worker = new Worker(new URL('./post-message-worker.js', import.meta.url), {
          workerData: task,
          transferList: own,
        });
        worker.once('message', resolve);
        worker.once('error', reject);
      });
    }),
  );
  const sums = new KeySums();
  for (const { partial } of reports) sums.merge(partial);
  return {
    spanMs: Math.max(...reports.map(({ doneMs }) => doneMs)) - Math.min(...reports.map(({ firstMs }) => firstMs)),
    answer: sums.answer(),
  };
}
