// The contestants of the hopping-latency bench. Main thread.

import { setFlagsFromString } from 'node:v8';
import { setEnvironmentData, Worker } from 'node:worker_threads';
import type { JsHistogram } from 'hdr-histogram-js';
import { type HistogramName, run } from 'millrace';
import { collectWithoutHelpers } from '../../cli/young-collector.ts';
import type { Running } from '../latency/contestant.ts';
import { allocateRings, type HandWrittenHoppingTask } from './hand-written-worker.ts';
import { WINDOW_AGES } from './hopping-latency.job.ts';
import { type HoppingLoad, WORKERS } from './hopping-load.ts';
import type { WindowAgesMemory } from './window-ages.ts';

/** Starts threads and load; what arrives is seen in `ages`. Runs until it is stopped. */
export type StartHopping = (load: HoppingLoad, ages: WindowAgesMemory) => Running;

export const HOPPING_CONTESTANTS = {
  millrace: startMillrace,
  'hand-written': startHandWritten,
} as const satisfies Readonly<Record<string, StartHopping>>;

export type HoppingContestant = keyof typeof HOPPING_CONTESTANTS;

const LATENCIES: readonly HistogramName[] = ['wait', 'service', 'age'];

function startMillrace(load: HoppingLoad, ages: WindowAgesMemory): Running {
  // As `millrace run` does. The other contestant makes no garbage.
  collectWithoutHelpers(WORKERS, setFlagsFromString);
  setEnvironmentData(WINDOW_AGES, ages as never);
  const handle = run(new URL('./hopping-latency.job.js', import.meta.url), { workers: WORKERS, params: { ...load } });
  return {
    completed: handle.completed,
    stop: () => handle.stop({ drain: false }),
    histograms: () => {
      const all = new Map<string, JsHistogram>();
      for (const { stage } of handle.metrics().stages) {
        for (const latency of LATENCIES) {
          const histogram = handle.histogram(stage, latency);
          if (histogram !== undefined && histogram.totalCount > 0) all.set(`${stage} ${latency}`, histogram);
        }
      }
      return all;
    },
  };
}

function startHandWritten(load: HoppingLoad, ages: WindowAgesMemory): Running {
  const stop = new SharedArrayBuffer(4);
  const shared = allocateRings(load);
  const completed = Promise.all(
    ages.map((memory, index) => {
      const task: HandWrittenHoppingTask = { index, load, ages: memory, stop, ...shared };
      const worker = new Worker(new URL('./hand-written-worker.js', import.meta.url), { workerData: task });
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
