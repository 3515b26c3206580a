// Who runs the load of the latency bench. Main thread.

import type { JsHistogram } from 'hdr-histogram-js';
import type { AgesMemory } from './ages.ts';
import type { Load } from './load.ts';

export interface Contestant {
  /** Starts threads and load; what arrives is seen in `ages`. */
  start(load: Load, ages: AgesMemory): Running;
}

export interface Running {
  /** Resolves when all bids have arrived and all threads have ended, or after stop(). */
  readonly completed: Promise<unknown>;
  /** Ends it where it is. */
  stop(): Promise<void>;
  /** What it measures of itself, by name, counted since its start. Empty before there is anything. */
  histograms(): ReadonlyMap<string, JsHistogram>;
}
