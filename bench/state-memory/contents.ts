// What is kept by key, one kind at a time: an operator of the engine, and how it is filled. Process of one variant.
//
// Rows are those of `rowOf`: three fields, of which one is a double. Their own size is part of what is measured wherever rows are kept, and is measured by
// itself as the array of rows.

import { count, max, mean, session, sliding, tumbling, type ValueState, valueState } from 'millrace';
import type { Aggregator } from '../../engine/aggregate/aggregator.ts';
import { composite } from '../../engine/aggregate/composite.ts';
import { IntervalJoin } from '../../engine/join/interval-join.ts';
import { WindowJoin } from '../../engine/join/window-join.ts';
import type { StatefulHost, StatefulLogic } from '../../engine/operators/stateful-operator.ts';
import type { AnyProcess } from '../../engine/process/process-definition.ts';
import { ProcessLogic } from '../../engine/process/process-logic.ts';
import type { RowReader } from '../../engine/table/change.ts';
import { GroupAggregate } from '../../engine/table/group-aggregate.ts';
import { packGrouped } from '../../engine/table/packed-row.ts';
import { FinalRows } from '../../engine/table/rows.ts';
import { TableTableJoin } from '../../engine/table/table-table-join.ts';
import { SessionAggregate } from '../../engine/window/session-aggregate.ts';
import { SlidingAggregate } from '../../engine/window/sliding-aggregate.ts';
import { type HoppingWindow, hopping } from '../../engine/window/window-spec.ts';
import { WindowedAggregate } from '../../engine/window/windowed-aggregate.ts';

/** Something that is kept `count` times. */
export interface Content {
  readonly name: string;
  readonly count: number;
  /** How many results it comes to when time has passed. */
  readonly results: number;
  readonly make: (host: StatefulHost) => StatefulLogic;
  readonly fill: (logic: StatefulLogic, count: number) => void;
}

const MANY = 1_000_000;
/** Where each key has many, this many have each. */
const A_KEY = 1_000;
const SIZE_MS = 10_000;
/** A time as it is in use: not a small integer. */
const NOW_MS: number = Math.floor(1.7e12 / SIZE_MS) * SIZE_MS;

interface Row {
  readonly id: number;
  readonly customer: number;
  readonly amount: number;
}

export function rowOf(id: number): Row {
  return { id, customer: id % 5000, amount: id / 2 + 0.25 };
}

type Key = (index: number) => unknown;

export const numberKey: Key = (index) => index * 7;
const stringKey: Key = (index) => `auction-${String(index).padStart(8, '0')}`;

const counted = count() as Aggregator<unknown>;
const highest = max((row: Row) => row.amount) as Aggregator<unknown>;
const several = composite<Row, Record<string, Aggregator<Row>>>({
  rows: count(),
  highest: max((row) => row.amount),
  mean: mean((row) => row.amount),
}) as Aggregator<unknown>;

function windowed(window: HoppingWindow, aggregator: Aggregator<unknown>): Content['make'] {
  return (host) => new WindowedAggregate(window, {}, aggregator, false, host);
}

/** One row, and one key, after the other; all in one moment. */
function oneEach(key: Key): Content['fill'] {
  const row = rowOf(0);
  return (logic, many) => {
    for (let i = 0; i < many; i++) logic.onRecord(key(i), row, NOW_MS, 0);
  };
}

/** In each of `panes` parts of a window once. */
function inPanes(panes: number): Content['fill'] {
  const row = rowOf(0);
  return (logic, many) => {
    for (let pane = 0; pane < panes; pane++) {
      for (let i = 0; i < many / panes; i++) logic.onRecord(numberKey(i), row, NOW_MS + (pane * SIZE_MS) / panes, 0);
    }
  };
}

/** Rows of their own, from the inputs in turn. */
function rows(keyOf: Key, inputs: number): Content['fill'] {
  return (logic, many) => {
    for (let i = 0; i < many; i++) {
      for (let input = 0; input < inputs; input++) logic.onRecord(keyOf(i), rowOf(i), NOW_MS, input);
    }
  };
}

/** A thousand for each key, a millisecond apart; they have had their results, but the last, and are still in the window. */
const slid: Content['fill'] = (logic, many) => {
  const keys = many / A_KEY;
  for (let i = 0; i < A_KEY; i++) {
    for (let key = 0; key < keys; key++) logic.onRecord(numberKey(key), rowOf(i), NOW_MS + i, 0);
  }
  drain(logic.fire(NOW_MS + A_KEY - 1));
};

/** Each key had its result, and waits for late records. */
const told: Content['fill'] = (logic, many) => {
  oneEach(numberKey)(logic, many);
  drain(logic.fire(NOW_MS + SIZE_MS));
};

function grouped(groupOf: Key): Content['fill'] {
  return (logic, many) => {
    for (let i = 0; i < many; i++) {
      const row = { group: groupOf(i), key: i * 7, before: undefined, after: rowOf(i) };
      logic.onRecord(groupOf(i), packGrouped(row), NOW_MS, 0);
    }
    drain(logic.fire(NOW_MS));
  };
}

const reader: RowReader = { rowOf: (row) => row, byTime: false, deletes: false };
const eachOfThousand: Key = (index) => Math.floor(index / A_KEY) * 7;

function timers(named: boolean): Content['make'] {
  const onRecord: AnyProcess['onRecord'] = ({ setTimer, timeMs }) => setTimer(timeMs + 1, named ? 'close' : undefined);
  const definition = { onRecord, onTimer: ({ emit }) => emit(1) } as Pick<AnyProcess, 'onRecord' | 'onTimer'>;
  return (host) => new ProcessLogic(definition as AnyProcess, true, host);
}

function numbered(host: StatefulHost): StatefulLogic {
  const definition = {
    state: { n: valueState(0) },
    onRecord: ({ state, emit }: { state: { n: ValueState<number> }; emit: (n: number) => void }) => {
      state.n.set(state.n.get() + 1);
      emit(1);
    },
  };
  return new ProcessLogic(definition as unknown as AnyProcess, true, host);
}

const ofKeys = { count: MANY, results: MANY };

export const CONTENTS: readonly Content[] = [
  {
    ...ofKeys,
    name: 'tumbling count',
    make: windowed(tumbling({ sizeMs: SIZE_MS }), counted),
    fill: oneEach(numberKey),
  },
  {
    ...ofKeys,
    name: 'tumbling count, strings as keys',
    make: windowed(tumbling({ sizeMs: SIZE_MS }), counted),
    fill: oneEach(stringKey),
  },
  {
    ...ofKeys,
    name: 'tumbling count, max, mean',
    make: windowed(tumbling({ sizeMs: SIZE_MS }), several),
    fill: oneEach(numberKey),
  },
  {
    name: 'hopping count, a pane of ten',
    count: MANY,
    // A key in n panes is in 2 n - 1 windows of n panes, and told once in each.
    results: (MANY / 10) * 19,
    make: windowed(hopping({ sizeMs: SIZE_MS, stepMs: SIZE_MS / 10 }), counted),
    fill: inPanes(10),
  },
  {
    ...ofKeys,
    name: 'session count',
    make: (host) => new SessionAggregate(session({ gapMs: SIZE_MS }).gapMs, {}, counted, false, host),
    fill: oneEach(numberKey),
  },
  {
    ...ofKeys,
    name: 'session count, told and kept',
    make: (host) => new SessionAggregate(SIZE_MS, { allowedLatenessMs: SIZE_MS }, counted, false, host),
    fill: told,
  },
  {
    ...ofKeys,
    name: 'sliding count, a record',
    make: (host) => new SlidingAggregate(sliding({ sizeMs: SIZE_MS }).sizeMs, counted, false, host),
    fill: slid,
  },
  {
    ...ofKeys,
    name: 'sliding max, a record',
    make: (host) => new SlidingAggregate(sliding({ sizeMs: SIZE_MS }).sizeMs, highest, false, host),
    fill: slid,
  },
  {
    name: 'window join, a pair',
    count: MANY / 2,
    results: MANY / 2,
    make: (host) => WindowJoin.ofPairs(tumbling({ sizeMs: SIZE_MS }), 'inner', (left) => left, host),
    fill: rows(numberKey, 2),
  },
  {
    name: 'window join, a row of a thousand',
    count: MANY,
    results: MANY,
    make: (host) => WindowJoin.ofPairs(tumbling({ sizeMs: SIZE_MS }), 'left', (left) => left, host),
    fill: rows(eachOfThousand, 1),
  },
  {
    name: 'interval join, a pair',
    count: MANY / 2,
    results: MANY / 2,
    make: (host) => IntervalJoin.ofPairs({ lowerMs: -SIZE_MS, upperMs: SIZE_MS }, 'inner', (left) => left, host),
    fill: rows(numberKey, 2),
  },
  {
    name: 'interval join, a row of a thousand',
    count: MANY,
    results: MANY,
    make: (host) => IntervalJoin.ofPairs({ lowerMs: -SIZE_MS, upperMs: SIZE_MS }, 'left', (left) => left, host),
    fill: rows(eachOfThousand, 1),
  },
  { ...ofKeys, name: 'table, a row', make: (host) => new FinalRows(reader, host), fill: rows(numberKey, 1) },
  {
    name: 'table join, two rows and theirs',
    count: MANY / 2,
    // Told when they come: nothing is left to tell.
    results: MANY / 2,
    make: (host) => new TableTableJoin([reader, reader], 'inner', (left) => ({ ...(left as Row) }), host),
    fill: rows(numberKey, 2),
  },
  {
    name: 'groupBy count, a group',
    count: MANY / 2,
    results: MANY / 2,
    make: (host) => new GroupAggregate(counted, host),
    fill: grouped(numberKey),
  },
  {
    name: 'groupBy max, a row of a thousand',
    count: MANY / 2,
    results: MANY / 2 / A_KEY,
    make: (host) => new GroupAggregate(highest, host),
    fill: grouped(eachOfThousand),
  },
  { ...ofKeys, name: 'process, a key with a number', make: numbered, fill: oneEach(numberKey) },
  { ...ofKeys, name: 'process, a key and its timer', make: timers(false), fill: oneEach(numberKey) },
  { ...ofKeys, name: 'process, a key and its named timer', make: timers(true), fill: oneEach(numberKey) },
];

export function drain(firing: Iterator<unknown>): void {
  while (firing.next().done !== true);
}

/** Until everything that is kept has been told. */
export function finish(logic: StatefulLogic): void {
  for (const watermarkMs of [NOW_MS + 2 * SIZE_MS - 1, NOW_MS + 4 * SIZE_MS, Number.POSITIVE_INFINITY]) {
    if (logic.isDue(watermarkMs)) drain(logic.fire(watermarkMs));
  }
}
