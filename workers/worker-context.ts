import type { Split } from '../engine/connector/source.ts';
import type { Graph } from '../engine/graph/graph.ts';
import type { OperatorNode } from '../engine/graph/operator-node.ts';
import type { Outlet } from '../engine/operators/outlet.ts';
import type { EdgePlan, PhysicalPlan } from '../engine/plan/physical-plan.ts';
import type { ControlWords } from '../engine/protocol/control-words.ts';
import type { ColdState } from '../engine/state/cold-store.ts';
import type { StepClock } from './step-clock.ts';

/** What the actors of one worker share: the job as this thread built it, and the worker itself. */
export interface WorkerContext {
  readonly graph: Graph;
  readonly plan: PhysicalPlan;
  /** Index of this worker. */
  readonly worker: number;
  readonly control: ControlWords;
  readonly clock: StepClock;
  /** Reads that clock, and leaves its last reading as it is. */
  readonly nowNs: () => number;
  /** The time on the wall at the zero of that clock, in ms since 1970. */
  readonly startedAtMs: number;
  /** Ends the sleep of this worker; from callbacks on this thread. */
  readonly wake: () => void;
  /** What was due by event time or by the clock has been told. */
  readonly fired: () => void;
  readonly draining: () => boolean;
  /** Aborted when the worker is torn down. */
  readonly signal: AbortSignal;
  readonly splits: (node: number) => readonly Split[];
  /** The number of a source among the sources of the job. */
  readonly sourceIndex: (node: number) => number;
  /** partition -> index of the receiving actor. */
  readonly actorOfPartition: (edge: EdgePlan) => Uint16Array;
  /** Where state goes that memory does not hold. */
  readonly coldState: ColdState | undefined;
  /** Stands in for a sink in tests. */
  readonly outletFor?: (node: OperatorNode) => Outlet | undefined;
}
