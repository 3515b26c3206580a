// Fused operators: what does a chain compiled into one loop cost beside closures that call each other?
//
//   batch of 512 -> map -> filter -> map -> sum            one thread, one core
//
// A process that runs one chain only would flatter closures: they share their call sites with every other chain, and slow down together.
// So each contestant first runs several chains of other functions, as a job with several stages does. Checked: the sum. Each contestant
// runs alone in its process, and is warm before the clock starts.

import type { OperatorNode } from '../../engine/graph/operator-node.ts';
import { compileChain } from '../../engine/operators/chain-compiler.ts';
import type { Chain, ChainStep } from '../../engine/operators/chain-step.ts';
import type { Outlet } from '../../engine/operators/outlet.ts';
import type { Bench, Scale, Variant } from '../harness/bench.ts';
import { sharedNowMs } from '../harness/bench.ts';

interface Reading {
  readonly sensor: number;
  readonly celsius: number;
}

/** Three operators, and a way to sum what comes out of them. Made anew for each chain, so that no two share a function. */
interface Operators {
  readonly variety: number;
  readonly first: (reading: Reading) => Reading;
  readonly test: (reading: Reading) => boolean;
  readonly last: (reading: Reading) => number;
}

type Fn = (record: unknown) => unknown;

/** Takes a batch through the operators, and adds up what comes out of them. */
type SumBatch = (batch: readonly Reading[]) => number;

const BATCH = 512;
const ROUNDS = 40_000;
const WARM_UP_ROUNDS = 2_000;
/** Chains that run before the measured one: more than the four shapes that a call site of V8 tells apart. */
const OTHER_CHAINS = 8;

function operatorsOf(variety: number): Operators {
  // Text of its own for each: V8 keeps feedback by function text and place, and stages differ in both.
  const make = new Function(
    `return {
      variety: ${variety},
      first: (r) => ({ sensor: r.sensor, celsius: r.celsius + ${variety} }),
      test: (r) => r.sensor % 4 !== ${variety % 4},
      last: (r) => r.celsius * 2,
    };`,
  );
  return make() as Operators;
}

const node: OperatorNode = {
  id: 0,
  operation: { kind: 'merge' },
  inputs: [],
  name: 'operator',
  named: true,
  parallelism: undefined,
  policy: 'fail',
};

function chainOf(operators: Operators, compiled: boolean): SumBatch {
  const outlet = new SumOutlet();
  const push: ChainStep = { kind: 'push', node, outlet };
  const last: ChainStep = { kind: 'map', node, fn: operators.last as Fn, next: [push] };
  const test: ChainStep = { kind: 'filter', node, fn: operators.test as Fn, next: [last] };
  const steps: ChainStep[] = [{ kind: 'map', node, fn: operators.first as Fn, next: [test] }];
  const chain: Chain = compileChain(
    { kind: 'batch' },
    steps,
    (error) => {
      throw error;
    },
    compiled,
  );
  return (batch) => {
    outlet.sum = 0;
    chain(batch, 0, batch.length);
    return outlet.sum;
  };
}

class SumOutlet implements Outlet {
  full = false;
  readonly holdup = 'lane';
  sum = 0;

  push(record: unknown): void {
    this.sum += record as number;
  }
  drain(): boolean {
    return true;
  }
  flush(): boolean {
    return false;
  }
  end(): boolean {
    return true;
  }
  advance(): void {}
  intake(): void {}
}

const CONTESTANTS: Readonly<Record<string, (operators: Operators) => SumBatch>> = {
  'millrace, compiled': (operators) => chainOf(operators, true),
  'millrace, interpreted': (operators) => chainOf(operators, false),
  /** The least that closures can do: no errors placed, no backpressure. */
  'bare closures': ({ first, test, last }) => {
    let sum = 0;
    const map =
      <T, U>(fn: (record: T) => U, next: (record: U) => void) =>
      (record: T): void =>
        next(fn(record));
    const filter =
      <T>(fn: (record: T) => boolean, next: (record: T) => void) =>
      (record: T): void => {
        if (fn(record)) next(record);
      };
    const run = map(
      first,
      filter(
        test,
        map(last, (value: number) => (sum += value)),
      ),
    );
    return (batch) => {
      sum = 0;
      for (const record of batch) run(record);
      return sum;
    };
  },
  'array methods':
    ({ first, test, last }) =>
    (batch) =>
      batch
        .map(first)
        .filter(test)
        .map(last)
        .reduce((sum, value) => sum + value, 0),
  /** What three operators come to when one writes them as one: the ceiling. */
  'loop by hand':
    ({ variety }) =>
    (batch) => {
      let sum = 0;
      for (const { sensor, celsius } of batch) if (sensor % 4 !== variety % 4) sum += (celsius + variety) * 2;
      return sum;
    },
};

export const chain: Bench = {
  name: 'chain',
  summary: 'map, filter, map: one compiled loop, against closures, array methods and a loop by hand',
  measures: [{ name: 'time', unit: 'ns a record', better: 'less' }],
  baseline: 'millrace, compiled',
  variants: Object.entries(CONTESTANTS).map(
    ([name, contestant]): Variant => ({
      name,
      threads: 1,
      run: (scale) => Promise.resolve(measure(contestant, scale)),
    }),
  ),
  comparisons: ['millrace, interpreted', 'bare closures', 'array methods', 'loop by hand'].map((variant) => ({
    name: `${variant} / compiled`,
    variant,
    over: 'millrace, compiled',
  })),
  expected: (_, scale) => {
    // The measured chain adds nothing and drops every fourth sensor.
    const kept = readings().filter(({ sensor }) => sensor % 4 !== 0);
    return kept.reduce((sum, { celsius }) => sum + celsius * 2, 0) * roundsAt(scale);
  },
};

function readings(): Reading[] {
  return Array.from({ length: BATCH }, (_, i) => ({ sensor: i % 97, celsius: (i * 7) % 40 }));
}

function roundsAt({ quick }: Scale): number {
  return ROUNDS / (quick ? 4 : 1);
}

function measure(contestant: (operators: Operators) => SumBatch, scale: Scale) {
  const batch = readings();
  for (let other = 1; other <= OTHER_CHAINS; other++) repeat(contestant(operatorsOf(other)), batch, WARM_UP_ROUNDS);
  const measured = contestant(operatorsOf(0));
  repeat(measured, batch, WARM_UP_ROUNDS);
  const rounds = roundsAt(scale);
  const startedMs = sharedNowMs();
  const answer = repeat(measured, batch, rounds);
  const time = ((sharedNowMs() - startedMs) * 1e6) / (rounds * BATCH);
  return { values: { time }, answer };
}

function repeat(sumBatch: SumBatch, batch: readonly Reading[], rounds: number): number {
  let sum = 0;
  for (let round = 0; round < rounds; round++) sum += sumBatch(batch);
  return sum;
}
