// Random trees of steps over recording outlets: what the compiler and the interpreter of chains are compared with.

import fc from 'fast-check';
import type { ErrorPolicy, OperatorNode } from '../../../engine/graph/operator-node.ts';
import type { ChainStep } from '../../../engine/operators/chain-step.ts';
import type { ExchangeOutlet } from '../../../engine/operators/exchange-outlet.ts';
import { KeyTable } from '../../../engine/operators/key-table.ts';
import type { Outlet } from '../../../engine/operators/outlet.ts';
import type { Preaggregator } from '../../../engine/operators/preaggregator.ts';
import { Panes } from '../../../engine/window/panes.ts';

/** A tree as plain data, so that the same tree can be built twice. */
export type Shape =
  | {
      readonly kind: 'map' | 'filter' | 'peek';
      readonly n: number;
      readonly policy: ErrorPolicy;
      readonly next: readonly Shape[];
    }
  | { readonly kind: 'split'; readonly policy: ErrorPolicy; readonly branches: ReadonlyArray<readonly Shape[]> }
  | { readonly kind: 'push' }
  | { readonly kind: 'route' | 'preaggregate' | 'aggregate'; readonly policy: ErrorPolicy };

const policy = fc.constantFrom<ErrorPolicy>('fail', 'skip', 'dead-letter');

export const shapes: fc.Arbitrary<readonly Shape[]> = fc.letrec<{ list: readonly Shape[]; step: Shape }>((tie) => ({
  list: fc.array(tie('step'), { minLength: 1, maxLength: 3, depthIdentifier: 'tree' }),
  step: fc.oneof(
    { depthIdentifier: 'tree', maxDepth: 4 },
    fc.oneof(
      fc.constant<Shape>({ kind: 'push' }),
      fc.record({ kind: fc.constantFrom('route' as const, 'preaggregate' as const, 'aggregate' as const), policy }),
    ),
    fc.record({
      kind: fc.constantFrom('map' as const, 'filter' as const, 'peek' as const),
      n: fc.integer({ min: 2, max: 5 }),
      policy,
      next: tie('list'),
    }),
    fc.record({
      kind: fc.constant('split' as const),
      policy,
      branches: fc.array(fc.oneof(fc.constant<readonly Shape[]>([]), tie('list')), { minLength: 2, maxLength: 4 }),
    }),
  ),
})).list;

/** Records that a step refuses: those divisible by this. */
export const REFUSED = 11;

function refuse(record: unknown): number {
  const n = record as number;
  if (n % REFUSED === 0) throw new RangeError(`refused ${n}`);
  return n;
}

/** Writes down what it is given; is full after every record that 5 divides, until it is drained. */
export class RecordingOutlet implements Outlet {
  full = false;
  aside = false;
  readonly holdup = 'lane';
  readonly #log: string[];
  readonly #name: string;
  readonly table = new KeyTable(() => 0);
  readonly panes = Panes.eternal(() => 0);

  constructor(log: string[], name: string) {
    this.#log = log;
    this.#name = name;
  }

  push(record: unknown, receiver?: number): void {
    this.#log.push(`${this.#name} ${String(record)} ${receiver ?? ''}`);
    if ((record as number) % 5 === 0) this.full = true;
    // Now and then the preaggregator of the tree steps aside, or comes back.
    if ((record as number) % 3 === 0) this.aside = !this.aside;
  }
  pushTo(receiver: number, record: unknown): void {
    this.push(record, receiver);
  }
  place(key: unknown): number {
    this.#log.push(`${this.#name} place ${String(key)}`);
    if ((key as number) % 4 === 0) this.aside = !this.aside;
    return this.panes.current.place(key);
  }
  drain(): boolean {
    this.full = false;
    return true;
  }
  flush(): boolean {
    return false;
  }
  end(): boolean {
    return true;
  }
  intake(): void {}
  advance(): void {}
}

export interface BuiltTree {
  readonly steps: readonly ChainStep[];
  readonly outlets: readonly RecordingOutlet[];
  readonly log: string[];
}

/** Steps whose outlets and functions write into one log. */
export function build(tree: readonly Shape[]): BuiltTree {
  const log: string[] = [];
  const outlets: RecordingOutlet[] = [];
  const actorOfPartition = Uint16Array.from({ length: 256 }, (_, partition) => partition % 3);
  let nodes = 0;
  const outlet = (): RecordingOutlet => {
    const made = new RecordingOutlet(log, `outlet ${outlets.length}`);
    outlets.push(made);
    return made;
  };
  const node = (shape: Shape): OperatorNode => ({
    id: nodes,
    operation: { kind: 'merge' },
    inputs: [],
    name: `${shape.kind} ${nodes++}`,
    named: false,
    parallelism: undefined,
    policy: 'policy' in shape ? shape.policy : 'fail',
  });
  const step = (shape: Shape): ChainStep => {
    const common = { node: node(shape) };
    const add = (a: unknown, b: unknown): unknown => (a as number) + refuse(b);
    const key = (record: unknown): number => refuse(record) % 7;
    switch (shape.kind) {
      case 'map':
        return { ...common, kind: 'map', fn: (record) => refuse(record) + shape.n, next: shape.next.map(step) };
      case 'filter':
        return {
          ...common,
          kind: 'filter',
          fn: (record) => refuse(record) % shape.n !== 0,
          next: shape.next.map(step),
        };
      case 'peek':
        return {
          ...common,
          kind: 'peek',
          fn: (record) => log.push(`${common.node.name} sees ${refuse(record)}`),
          next: shape.next.map(step),
        };
      case 'split': {
        const branches = shape.branches.slice(1).map((branch) => branch.map(step));
        return {
          ...common,
          kind: 'split',
          tests: branches.map((_, i) => (record: unknown) => refuse(record) % (i + 2) === 0),
          branches,
          otherwise: shape.branches[0]!.map(step),
          dropped: () => void log.push(`${common.node.name} drops`),
        };
      }
      case 'push':
        return { ...common, kind: 'push', outlet: outlet() };
      case 'route':
        return { ...common, kind: 'route', key, outlet: outlet() as unknown as ExchangeOutlet, actorOfPartition };
      case 'preaggregate':
        return {
          ...common,
          kind: 'preaggregate',
          key,
          select: (record) => refuse(record) * 2,
          add,
          outlet: outlet() as unknown as Preaggregator,
          windowed: false,
          actorOfPartition,
        };
      case 'aggregate':
        return { ...common, kind: 'aggregate', key, select: undefined, add, table: outlet().table };
    }
  };
  return { steps: tree.map(step), outlets, log };
}
