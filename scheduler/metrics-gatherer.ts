// Reads the metrics of a whole job out of shared memory. Main thread, without the workers' help.

import type { Float64Histogram } from 'hdr-histogram-js';
import { MillraceError } from '../engine/errors/millrace-error.ts';
import type { Graph } from '../engine/graph/graph.ts';
import type { JobMetrics, ProgressMetrics } from '../engine/metrics/job-metrics.ts';
import { HISTOGRAM_NAMES, type HistogramName } from '../engine/metrics/metrics-layout.ts';
import { type LaneGauges, progressOf, StageReader } from '../engine/metrics/stage-reader.ts';
import { MAIN_THREAD, type PhysicalPlan } from '../engine/plan/physical-plan.ts';
import { SpscRing } from '../engine/queue/index.ts';

export class MetricsGatherer {
  readonly stages: readonly StageReader[];
  readonly #plan: PhysicalPlan;
  readonly #lanes: ReadonlyArray<readonly SharedArrayBuffer[]>;
  readonly #nowNs: () => number;

  constructor(
    graph: Graph,
    plan: PhysicalPlan,
    metrics: SharedArrayBuffer,
    lanes: ReadonlyArray<readonly SharedArrayBuffer[]>,
    nowNs: () => number,
  ) {
    this.#plan = plan;
    this.#lanes = lanes;
    this.#nowNs = nowNs;
    this.stages = plan.stages.map(
      (stage) =>
        new StageReader({
          buffer: metrics,
          name: stage.name,
          operators: stage.nodes.map((id) => graph.node(id).name),
          stage: stage.id,
          workerCount: plan.workers + 1,
          workers: stage.placement.map((worker) => (worker === MAIN_THREAD ? plan.workers : worker)),
        }),
    );
  }

  read(): JobMetrics {
    const now = this.#nowNs();
    const stages = this.stages.map((reader, stage) => reader.snapshot(now, this.#gauges(stage)));
    const metrics: JobMetrics = { job: this.#plan.job, uptimeMs: now / 1e6, workers: this.#plan.workers, stages };
    const progress = overall(stages.map((stage) => stage.progress).filter((part) => part !== undefined));
    if (progress !== undefined) metrics.progress = progress;
    return metrics;
  }

  /** @throws MillraceError ERR_OPTION_INVALID when there is no such stage or latency */
  histogram(stage: string, latency: HistogramName): Float64Histogram {
    const reader = this.stages.find(({ name }) => name === stage);
    const problem =
      reader === undefined
        ? `there is no stage '${stage}': the stages are ${this.stages.map(({ name }) => `'${name}'`).join(', ')}`
        : HISTOGRAM_NAMES.includes(latency)
          ? undefined
          : `there is no latency '${latency}': there are ${HISTOGRAM_NAMES.join(', ')}`;
    if (problem !== undefined)
      throw new MillraceError('ERR_OPTION_INVALID', problem, { place: { job: this.#plan.job } });
    return reader!.histogram(latency);
  }

  #gauges(stage: number): LaneGauges {
    let count = 0;
    let capacityBytes = 0;
    let usedBytes = 0;
    for (const edge of this.#plan.edges) {
      if (edge.to !== stage) continue;
      for (const lane of this.#lanes[edge.id]!) {
        count++;
        capacityBytes += edge.laneBytes;
        usedBytes += SpscRing.occupancyBytes(lane);
      }
    }
    return { count, capacityBytes, occupancy: capacityBytes === 0 ? 0 : usedBytes / capacityBytes };
  }
}

/** Sources count in bytes, rows or else: their shares are averaged, not their units added. */
function overall(parts: readonly ProgressMetrics[]): ProgressMetrics | undefined {
  const [first] = parts;
  if (first === undefined || parts.length === 1) return first;
  const fraction = parts.reduce((sum, part) => sum + part.fraction, 0) / parts.length;
  return progressOf(fraction, 1);
}
