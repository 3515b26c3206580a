// State of windows: what does a key cost in memory, in each pane or session that it is in?
//
//   a million keys (fewer where each is in ten panes) -> the operator's own state -> heap in use after a collection, divided
//
// One thread. The records are gone; what is measured is what stays until a window has fired. Checked: every key is there, with its count.
// The Map is what a hand-written program would keep for a count, without windows.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { count, max, mean, session, tumbling } from 'millrace';
import type { Aggregator } from '../../engine/aggregate/aggregator.ts';
import { composite } from '../../engine/aggregate/composite.ts';
import type { StatefulHost, StatefulLogic } from '../../engine/operators/stateful-operator.ts';
import { SessionAggregate } from '../../engine/window/session-aggregate.ts';
import { type HoppingWindow, hopping, type SessionWindow } from '../../engine/window/window-spec.ts';
import { WindowedAggregate } from '../../engine/window/windowed-aggregate.ts';
import type { Bench, Sample, Variant } from '../harness/bench.ts';

const KEYS = 1_000_000;
const SIZE_MS = 10_000;

interface Bid {
  readonly price: number;
}

type Key = (index: number) => unknown;

const numberKey: Key = (index) => index * 7;
const stringKey: Key = (index) => `auction-${String(index).padStart(8, '0')}`;

const counted = count() as Aggregator<unknown>;
const several = composite<Bid, Record<string, Aggregator<Bid>>>({
  bids: count(),
  highest: max((bid) => bid.price),
  mean: mean((bid) => bid.price),
}) as Aggregator<unknown>;

interface Plan {
  readonly name: string;
  readonly keys: number;
  /** Panes, or sessions, that each key is in. */
  readonly copies: number;
  readonly make: (host: StatefulHost) => StatefulLogic;
  readonly key: Key;
}

const TUMBLING = tumbling({ sizeMs: SIZE_MS });
const TEN_PANES = hopping({ sizeMs: SIZE_MS, stepMs: SIZE_MS / 10 });

function windowed(window: HoppingWindow, aggregator: Aggregator<unknown>): Plan['make'] {
  return (host) => new WindowedAggregate(window, {}, aggregator, false, host);
}

function sessions({ gapMs }: SessionWindow): Plan['make'] {
  return (host) => new SessionAggregate(gapMs, {}, counted, false, host);
}

const PLANS: readonly Plan[] = [
  { name: 'tumbling count, numbers as keys', keys: KEYS, copies: 1, make: windowed(TUMBLING, counted), key: numberKey },
  { name: 'tumbling count, strings as keys', keys: KEYS, copies: 1, make: windowed(TUMBLING, counted), key: stringKey },
  { name: 'tumbling count, max, mean', keys: KEYS, copies: 1, make: windowed(TUMBLING, several), key: numberKey },
  { name: 'hopping count, ten panes', keys: KEYS / 10, copies: 10, make: windowed(TEN_PANES, counted), key: numberKey },
  { name: 'session count', keys: KEYS, copies: 1, make: sessions(session({ gapMs: SIZE_MS })), key: numberKey },
];

export const windowState: Bench = {
  name: 'window-state',
  summary: 'heap of a key in each pane or session of its window',
  measures: [{ name: 'state', unit: 'B', better: 'less' }],
  baseline: 'Map of counts',
  variants: [
    { name: 'Map of counts', threads: 1, run: () => Promise.resolve(map()) },
    ...PLANS.map((plan): Variant => ({ name: plan.name, threads: 1, run: () => Promise.resolve(state(plan)) })),
  ],
  comparisons: PLANS.map(({ name }) => ({ name, variant: name })),
  expected: (variant) => {
    const plan = PLANS.find(({ name }) => name === variant);
    // A key in n panes is in 2 n - 1 windows of n panes, and told once in each.
    return plan === undefined ? KEYS : plan.keys * (2 * plan.copies - 1);
  },
};

function map(): Sample {
  const before = heapBytes();
  const counts = new Map<unknown, number>();
  for (let i = 0; i < KEYS; i++) counts.set(numberKey(i), (counts.get(numberKey(i)) ?? 0) + 1);
  const grown = heapBytes() - before;
  return { values: { state: grown / KEYS }, answer: counts.size };
}

function state({ keys, copies, make, key }: Plan): Sample {
  let results = 0;
  const host: StatefulHost = {
    emit: () => {
      results++;
    },
    full: false,
    late: () => {},
    failed: (error) => {
      throw error;
    },
    nowMs: () => 0,
    requestFire: () => {},
    startedAtMs: 0,
    forgives: false,
  };
  // Classes and code are there before it is measured.
  fill(make(host), key, 100, 1);
  const before = heapBytes();
  const logic = make(host);
  fill(logic, key, keys, copies);
  const grown = heapBytes() - before;
  for (const firing = logic.fire(SIZE_MS * 2 - 1); firing.next().done !== true; );
  return { values: { state: grown / (keys * copies) }, answer: results };
}

function fill(logic: StatefulLogic, key: Key, keys: number, copies: number): void {
  const bid: Bid = { price: 1.5 };
  for (let copy = 0; copy < copies; copy++) {
    for (let i = 0; i < keys; i++) logic.onRecord(key(i), bid, (copy * SIZE_MS) / copies, 0);
  }
}

/** Of this thread, after a collection. */
function heapBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}
