// The contestants of the latency bench. Main thread.

import { setEnvironmentData } from 'node:worker_threads';
import type { JsHistogram } from 'hdr-histogram-js';
import { type HistogramName, run } from 'millrace';
import { startPiscina } from '../peers/timed-piscina.ts';
import { startPostMessage } from '../peers/timed-post-message.ts';
import type { AgesMemory } from './ages.ts';
import type { Contestant, Running } from './contestant.ts';
import { AGES } from './latency.job.ts';
import { type Load, WORKERS } from './load.ts';
import { startLoadAlone } from './load-alone.ts';

export const CONTESTANTS = {
  millrace: { start: startMillrace },
  postMessage: { start: (load, ages) => startPostMessage(load, ages, false) },
  'postMessage, polled': { start: (load, ages) => startPostMessage(load, ages, true) },
  piscina: { start: startPiscina },
  'load alone': { start: startLoadAlone },
} as const satisfies Readonly<Record<string, Contestant>>;

export type ContestantName = keyof typeof CONTESTANTS;

const LATENCIES: readonly HistogramName[] = ['wait', 'service', 'age'];

function startMillrace(load: Load, ages: AgesMemory): Running {
  setEnvironmentData(AGES, ages as never);
  const handle = run(new URL('./latency.job.js', import.meta.url), { workers: WORKERS, params: { ...load } });
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
