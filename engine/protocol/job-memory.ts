// The shared memory of one job, as its plan needs it. Allocated on the main thread; every thread of the job maps it.

import { allocateMetrics } from '../metrics/metrics-layout.ts';
import { lanesOf, type PhysicalPlan } from '../plan/physical-plan.ts';
import { SpscRing } from '../queue/index.ts';
import { ControlWords } from './control-words.ts';

export interface JobMemory {
  readonly control: ControlWords;
  readonly metrics: SharedArrayBuffer;
  /** By edge, then by lane in the order of `lanesOf`. */
  readonly lanes: ReadonlyArray<readonly SharedArrayBuffer[]>;
}

/** One block of metrics more a stage than there are workers: the main thread's, for collected results. */
export function metricsBlocks(plan: PhysicalPlan): number {
  return plan.workers + 1;
}

export function allocateJobMemory(plan: PhysicalPlan, sources: number): JobMemory {
  return {
    control: ControlWords.allocate(sources, plan.workers),
    metrics: allocateMetrics(plan.stages.length, metricsBlocks(plan)),
    lanes: plan.edges.map((edge) => lanesOf(plan, edge).map(() => SpscRing.allocate(edge.laneBytes))),
  };
}
