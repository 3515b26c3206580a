// The load by itself, on as many threads as the others have: what they are measured with, and on. Main thread.

import { Worker } from 'node:worker_threads';
import type { AgesMemory } from './ages.ts';
import type { Running } from './contestant.ts';
import type { Load } from './load.ts';
import type { LoadAloneTask } from './load-alone-worker.ts';

export function startLoadAlone(load: Load, ages: AgesMemory): Running {
  const stop = new SharedArrayBuffer(4);
  const completed = Promise.all(
    ages.map((memory, index) => {
      const task: LoadAloneTask = { index, load, ages: memory, stop };
      const worker = new Worker(new URL('./load-alone-worker.js', import.meta.url), { workerData: task });
      return new Promise<void>((resolve, reject) => {
        worker.once('exit', () => resolve());
        worker.once('error', reject);
      });
    }),
  );
  return {
    completed,
    histograms: () => new Map(),
    stop: async () => {
      Atomics.store(new Int32Array(stop), 0, 1);
      await completed;
    },
  };
}
