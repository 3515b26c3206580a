// The operators between a feed and its outlets, as a tree: what the compiler turns into one loop. Any thread.

import type { OperatorNode } from '../graph/operator-node.ts';
import type { EventClock } from '../time/event-clock.ts';
import type { WindowedAggregate } from '../window/windowed-aggregate.ts';
import type { ExchangeOutlet } from './exchange-outlet.ts';
import type { KeyTable } from './key-table.ts';
import type { Outlet } from './outlet.ts';
import type { Preaggregator } from './preaggregator.ts';
import type { StatefulInput } from './stateful-input.ts';
import type { StatefulOperator } from './stateful-operator.ts';

type Fn = (record: unknown) => unknown;

/** How a chain gets its records. */
export type ChainHead =
  | {
      readonly kind: 'batch';
      /** Each record comes with its event time. */
      readonly timed?: boolean;
    }
  /** Computed from their index: no batch in between. */
  | { readonly kind: 'generator'; readonly generator: (index: number) => unknown; readonly node: OperatorNode };

interface Common {
  /** The operator that is blamed when this step throws. */
  readonly node: OperatorNode;
}

/** Adds a value to an accumulator and returns it. */
export type Fold = (accumulator: unknown, value: unknown) => unknown;

export type ChainStep = Common &
  (
    | { readonly kind: 'map' | 'filter' | 'peek'; readonly fn: Fn; readonly next: readonly ChainStep[] }
    | {
        readonly kind: 'split';
        readonly tests: readonly Fn[];
        readonly branches: ReadonlyArray<readonly ChainStep[]>;
        readonly otherwise: readonly ChainStep[];
        /** Counts a record whose branch nobody reads. */
        readonly dropped: () => void;
      }
    /** Gives the record its event time, for all steps behind. */
    | { readonly kind: 'time'; readonly fn: Fn; readonly clock: EventClock; readonly next: readonly ChainStep[] }
    | { readonly kind: 'push'; readonly outlet: Outlet }
    | {
        readonly kind: 'route';
        readonly key: Fn;
        readonly outlet: ExchangeOutlet;
        readonly actorOfPartition: Uint16Array;
      }
    | {
        readonly kind: 'preaggregate';
        readonly key: Fn;
        readonly select: Fn | undefined;
        readonly add: Fold;
        readonly outlet: Preaggregator;
        /** Into the pane of the record's time. */
        readonly windowed: boolean;
        readonly actorOfPartition: Uint16Array;
      }
    | {
        readonly kind: 'aggregate';
        readonly key: Fn;
        readonly select: Fn | undefined;
        readonly add: Fold;
        readonly table: KeyTable;
      }
    | { readonly kind: 'combine'; readonly unpack: Fn; readonly combine: Fold; readonly table: KeyTable }
    | {
        readonly kind: 'window';
        readonly key: Fn;
        readonly select: Fn | undefined;
        readonly add: Fold;
        readonly window: WindowedAggregate;
        /** Takes a record that came too late for all its windows. */
        readonly late: (record: unknown, timeMs: number) => void;
      }
    | {
        readonly kind: 'combineWindow';
        readonly unpack: Fn;
        readonly combine: Fold;
        readonly window: WindowedAggregate;
      }
    | {
        readonly kind: 'stateful';
        /** Undefined for an input that is not brought together by key. */
        readonly key: Fn | undefined;
        readonly operator: StatefulOperator | StatefulInput;
        readonly input: number;
      }
  );

/**
 * Takes records[from..to) through the steps and returns where it stopped: `to`, or behind the record after which an outlet was full.
 * What throws goes to `onThrow`, which returns to go on behind the record, or throws.
 */
export type Chain = (records: readonly unknown[], from: number, to: number, times?: readonly number[]) => number;

/** `step` is the index of the step in depth-first order, `record` what that step received. */
export type OnThrow = (error: unknown, node: OperatorNode, record: unknown, index: number) => void;

/** All steps of a tree, in depth-first order. */
export function* everyStep(steps: readonly ChainStep[]): Generator<ChainStep> {
  for (const step of steps) {
    yield step;
    if ('next' in step) yield* everyStep(step.next);
    if (step.kind === 'split') for (const branch of [...step.branches, step.otherwise]) yield* everyStep(branch);
  }
}

/**
 * The outlets at the leaves with the clocks that their records get their event time from within these steps; undefined stands for records
 * that get none there. More than one where a stream meets itself again.
 */
export function clocksOf(
  steps: readonly ChainStep[],
  clock: EventClock | undefined = undefined,
  found: Map<Outlet, Set<EventClock | undefined>> = new Map(),
): Map<Outlet, Set<EventClock | undefined>> {
  for (const step of steps) {
    const leaf = 'outlet' in step ? step.outlet : step.kind === 'stateful' ? step.operator : undefined;
    if (leaf !== undefined) found.set(leaf, (found.get(leaf) ?? new Set()).add(clock));
    const behind = step.kind === 'time' ? step.clock : clock;
    const next = 'next' in step ? step.next : step.kind === 'split' ? [...step.branches.flat(), ...step.otherwise] : [];
    clocksOf(next, behind, found);
  }
  return found;
}

/** The outlets at the leaves, each once. */
export function outletsOf(steps: readonly ChainStep[]): Set<Outlet> {
  const found = new Set<Outlet>();
  for (const step of everyStep(steps)) {
    if ('outlet' in step) found.add(step.outlet);
    else if (step.kind === 'stateful') found.add(step.operator);
  }
  return found;
}

/**
 * Whether a record may be given up somewhere in this step, and the job go on. Where steps stand side by side, what one of them gives up
 * must still reach the others.
 */
export function forgives(step: ChainStep): boolean {
  for (const { node } of everyStep([step])) if (node.policy !== 'fail') return true;
  return false;
}

/** The operators that the steps may blame. */
export function* culpritsOf(steps: readonly (readonly ChainStep[])[]): Generator<OperatorNode> {
  for (const tree of steps) for (const step of everyStep(tree)) if (step.kind !== 'push') yield step.node;
}
