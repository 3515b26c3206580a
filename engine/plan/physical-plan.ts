// What runs where: the outcome of planning, plain data. Any thread; every thread computes the same one from the same graph.

import type { Input } from '../graph/operator-node.ts';

/** In place of a worker's index: the thread that called run(), where collected results arrive. */
export const MAIN_THREAD = -1;

/**
 * keyed       by the hash of the key: equal keys meet on one actor
 * rebalance   round robin
 * broadcast   every record to every actor
 * forward     to the actor on the same worker
 * gather      to the only actor there is
 */
export type ExchangeKind = 'keyed' | 'rebalance' | 'broadcast' | 'forward' | 'gather';

export interface StagePlan {
  readonly id: number;
  readonly name: string;
  /** Ids of the operators fused into this stage, inputs before users. */
  readonly nodes: readonly number[];
  /** The worker of each actor of this stage; [MAIN_THREAD] for results. */
  readonly placement: readonly number[];
  /** What the job asked for, where it asked for more actors than there are workers. */
  readonly wantedParallelism?: number;
}

export interface EdgePlan {
  readonly id: number;
  readonly from: number;
  readonly to: number;
  /** The output that feeds this edge. */
  readonly output: Input;
  /** The operator that reads it: the first of its stage on this way. */
  readonly reader: number;
  /** Which of its inputs. */
  readonly input: number;
  /** Its records have event times, which travel with them. */
  readonly timed: boolean;
  readonly kind: ExchangeKind;
  readonly laneBytes: number;
  /** Partial results are computed on the sending side. */
  readonly preaggregate: boolean;
}

export interface PhysicalPlan {
  readonly job: string;
  readonly workers: number;
  readonly stages: readonly StagePlan[];
  readonly edges: readonly EdgePlan[];
}

/** The pairs (sending actor, receiving actor) that have a lane, in the order of lane numbers. */
export function lanesOf(plan: PhysicalPlan, edge: EdgePlan): ReadonlyArray<readonly [from: number, to: number]> {
  const senders = plan.stages[edge.from]!.placement.length;
  const receivers = plan.stages[edge.to]!.placement.length;
  const lanes: [number, number][] = [];
  for (let from = 0; from < senders; from++) {
    for (let to = 0; to < receivers; to++) if (edge.kind !== 'forward' || from === to) lanes.push([from, to]);
  }
  return lanes;
}
