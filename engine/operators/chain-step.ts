// The operators between a feed and its outlets, as a tree: what the compiler turns into one loop. Any thread.

import type { OperatorNode } from '../graph/operator-node.ts';
import type { ExchangeOutlet } from './exchange-outlet.ts';
import type { KeyTable } from './key-table.ts';
import type { Outlet } from './outlet.ts';
import type { Preaggregator } from './preaggregator.ts';

type Fn = (record: unknown) => unknown;

/** How a chain gets its records. */
export type ChainHead =
  | { readonly kind: 'batch' }
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
        readonly actorOfPartition: Uint16Array;
      }
    | {
        readonly kind: 'aggregate';
        readonly key: Fn;
        readonly select: Fn | undefined;
        readonly add: Fold;
        readonly table: KeyTable;
      }
    | { readonly kind: 'combine'; readonly combine: Fold; readonly table: KeyTable }
  );

/**
 * Takes records[from..to) through the steps and returns where it stopped: `to`, or behind the record after which an outlet was full.
 * What throws goes to `onThrow`, which returns to go on behind the record, or throws.
 */
export type Chain = (records: readonly unknown[], from: number, to: number) => number;

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

/** The outlets at the leaves, each once. */
export function outletsOf(steps: readonly ChainStep[]): Set<Outlet> {
  const found = new Set<Outlet>();
  for (const step of everyStep(steps)) if ('outlet' in step) found.add(step.outlet);
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
