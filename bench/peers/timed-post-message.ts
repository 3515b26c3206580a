// The load of the latency bench over two worker threads that post arrays of bids to each other. Main thread.

import { MessageChannel, Worker } from 'node:worker_threads';
import type { AgesMemory } from '../latency/ages.ts';
import type { Running } from '../latency/contestant.ts';
import type { Load } from '../latency/load.ts';
import { CONTROL_STRIDE, STOP_WORD, type TimedPostTask } from './timed-post-message-worker.ts';

export function startPostMessage(load: Load, ages: AgesMemory, polling: boolean): Running {
  const control = new SharedArrayBuffer((STOP_WORD + CONTROL_STRIDE) * 4);
  const { port1, port2 } = new MessageChannel();
  const ended = [port1, port2].map((port, index) => {
    const task: TimedPostTask = { index, load, ages: ages[index]!, polling, port, control };
    const worker = new Worker(new URL('./timed-post-message-worker.js', import.meta.url), {
      workerData: task,
      transferList: [port],
    });
    return new Promise<void>((resolve, reject) => {
      worker.once('exit', () => resolve());
      worker.once('error', reject);
    });
  });
  const completed = Promise.all(ended).then(() => {});
  return {
    completed,
    histograms: () => new Map(),
    stop: async () => {
      Atomics.store(new Int32Array(control), STOP_WORD, 1);
      await completed;
    },
  };
}
