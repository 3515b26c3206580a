// One run of one query. Main thread.

import { type JobReport, run } from 'millrace';
import type { EventOptions } from './events-source.ts';
import type { Query } from './query-list.ts';

export interface Cluster {
  readonly workers: number;
  readonly laneBytes?: number | undefined;
}

export interface QueryRun {
  readonly report: JobReport;
  /** From the call that starts the threads until the answer is whole. */
  readonly wallMs: number;
  /** Processor time of all threads in the same span: making the events, starting threads and compiling are in it. */
  readonly cpuMs: number;
}

/** @param out folder of the answer; empty: it is counted and dropped */
export async function runQuery(query: Query, options: EventOptions, cluster: Cluster, out: string): Promise<QueryRun> {
  const { events, rate, disorder, seed } = options;
  const { workers, laneBytes } = cluster;
  const startedMs = performance.now();
  const before = process.cpuUsage();
  const report = await run(query.module, {
    workers,
    params: { events, rate, disorder, seed, out },
    ...(laneBytes === undefined ? {} : { laneBytes }),
  }).completed;
  const { user, system } = process.cpuUsage(before);
  return { report, wallMs: performance.now() - startedMs, cpuMs: (user + system) / 1e3 };
}
