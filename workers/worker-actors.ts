// All actors of one worker, wired by the plan. On the thread that will step them: a worker's, or one that simulates several workers.

import type { Split } from '../engine/connector/source.ts';
import type { Graph } from '../engine/graph/graph.ts';
import type { OperatorNode } from '../engine/graph/operator-node.ts';
import { LaneEnds } from '../engine/lane/lane-ends.ts';
import { StageRecorder } from '../engine/metrics/stage-recorder.ts';
import type { Outlet } from '../engine/operators/outlet.ts';
import { actorOfPartition } from '../engine/partition/partition-table.ts';
import type { PhysicalPlan } from '../engine/plan/physical-plan.ts';
import { DRAIN } from '../engine/protocol/control-words.ts';
import { type JobMemory, metricsBlocks } from '../engine/protocol/job-memory.ts';
import type { ColdState } from '../engine/state/cold-store.ts';
import type { Actor } from './actor.ts';
import { buildActor } from './build-actor.ts';
import type { OpenSink } from './open-sink.ts';
import type { StepClock } from './step-clock.ts';
import type { WorkerContext } from './worker-context.ts';

export interface WorkerWiring {
  /** As this thread built it. */
  readonly graph: Graph;
  readonly plan: PhysicalPlan;
  /** Index of the worker. */
  readonly worker: number;
  readonly memory: JobMemory;
  readonly splits: ReadonlyMap<number, readonly Split[]>;
  /** Read whenever this thread begins to step actors. */
  readonly clock: StepClock;
  /** The time on the wall at the zero of that clock, in ms since 1970. */
  readonly startedAtMs: number;
  /** Ends the sleep of this worker; called from callbacks on its thread. */
  readonly wake: () => void;
  /** Called when what was due by event time or by the clock has been told. */
  readonly fired: () => void;
  /** Aborted when the worker is torn down. */
  readonly signal: AbortSignal;
  /** Where state goes that memory does not hold; without it, all is in memory. */
  readonly coldState?: ColdState | undefined;
  /** Stands in for a sink in tests. */
  readonly outletFor?: (node: OperatorNode) => Outlet | undefined;
}

/**
 * The actors in the order of stages. Sinks are added to `sinks` as they open, so that those opened before a failure can be aborted.
 *
 * @throws MillraceError ERR_SINK when a sink cannot be opened
 */
export async function buildWorkerActors(wiring: WorkerWiring, sinks: OpenSink[]): Promise<Actor[]> {
  const { graph, plan, worker, memory, clock, startedAtMs, wake, fired, signal, outletFor } = wiring;
  const { control, metrics, lanes } = memory;
  const sources = graph.nodes.filter((node) => node.operation.kind === 'source').map((node) => node.id);
  const context: WorkerContext = {
    graph,
    plan,
    worker,
    control,
    clock,
    nowNs: clock.nowNs,
    startedAtMs,
    wake,
    fired,
    draining: () => control.command >= DRAIN,
    signal,
    splits: (node) => wiring.splits.get(node) ?? [],
    sourceIndex: (node) => sources.indexOf(node),
    actorOfPartition: (edge) => actorOfPartition(plan.stages[edge.to]!.placement.length),
    coldState: wiring.coldState,
    ...(outletFor === undefined ? {} : { outletFor }),
  };
  const ends = new LaneEnds(plan, lanes, control, worker);
  const actors: Actor[] = [];
  for (const stage of plan.stages) {
    if (!stage.placement.includes(worker)) continue;
    const recorder = StageRecorder.over(metrics, stage.id, worker, metricsBlocks(plan));
    actors.push(await buildActor(stage, context, ends, recorder, sinks));
  }
  return actors;
}

/** Lets every actor give back what must not outlive it, whatever the others do; then the first failure is thrown. */
export async function closeActors(actors: readonly Actor[]): Promise<void> {
  const closings = await Promise.allSettled(actors.map((actor) => actor.close()));
  const failed = closings.find((closing) => closing.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
