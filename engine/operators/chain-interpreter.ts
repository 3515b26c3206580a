// The same work as chain-compiler.ts without generated code, for processes that forbid it. On the thread of the actor.

import type { OperatorNode } from '../graph/operator-node.ts';
import { LIMITS } from '../limits.ts';
import { hashKey } from '../partition/key-hash.ts';
import type { Pane } from '../window/pane.ts';
import {
  type Chain,
  type ChainHead,
  type ChainStep,
  type Fold,
  forgives,
  type OnThrow,
  outletsOf,
} from './chain-step.ts';
import type { KeyTable } from './key-table.ts';

/** Whose code runs, and on what: read when something throws. */
interface Cursor {
  step: { readonly node: OperatorNode } | undefined;
  record: unknown;
  /** Of the record of the feed. */
  index: number;
  /** Returns when the record is given up by policy, else throws. */
  readonly tell: (error: unknown) => void;
}

type Run = (record: unknown, timeMs?: number) => void;

export function interpretChain(head: ChainHead, steps: readonly ChainStep[], onThrow: OnThrow): Chain {
  const cursor: Cursor = {
    step: undefined,
    record: undefined,
    index: 0,
    tell: (error) => {
      if (cursor.step === undefined) throw error;
      onThrow(error, cursor.step.node, cursor.record, cursor.index);
    },
  };
  const run = sequence(steps, cursor);
  const outlets = [...outletsOf(steps)];
  const generateRecord = (generator: ChainHead & { kind: 'generator' }, index: number): unknown => {
    cursor.step = generator;
    cursor.record = undefined;
    return generator.generator(index);
  };
  return (records, from, to, times) => {
    let i = from;
    try {
      for (; i < to; i++) {
        cursor.index = i;
        if (head.kind === 'generator') run(generateRecord(head, i));
        else run(records[i], head.timed === true ? times?.[i] : undefined);
        cursor.step = undefined;
        if (outlets.some((outlet) => outlet.full)) return i + 1;
      }
      return i;
    } catch (error) {
      cursor.tell(error);
      return i + 1;
    }
  };
}

function sequence(steps: readonly ChainStep[], cursor: Cursor): Run {
  const runs = steps.map((step, position) => {
    const run = interpret(step, cursor);
    return position === steps.length - 1 || !forgives(step) ? run : guarded(run, cursor);
  });
  return (record, timeMs) => {
    for (const run of runs) run(record, timeMs);
  };
}

function guarded(run: Run, cursor: Cursor): Run {
  return (record, timeMs) => {
    try {
      run(record, timeMs);
    } catch (error) {
      cursor.tell(error);
    }
  };
}

function interpret(step: ChainStep, cursor: Cursor): Run {
  const blame = (record: unknown): void => {
    cursor.step = step;
    cursor.record = record;
  };
  const unblame = (): void => {
    cursor.step = undefined;
  };
  switch (step.kind) {
    case 'map': {
      const next = sequence(step.next, cursor);
      return (record, timeMs) => {
        blame(record);
        next(step.fn(record), timeMs);
      };
    }
    case 'filter': {
      const next = sequence(step.next, cursor);
      return (record, timeMs) => {
        blame(record);
        if (step.fn(record)) next(record, timeMs);
      };
    }
    case 'peek': {
      const next = sequence(step.next, cursor);
      return (record, timeMs) => {
        blame(record);
        step.fn(record);
        next(record, timeMs);
      };
    }
    case 'time': {
      const next = sequence(step.next, cursor);
      return (record) => {
        blame(record);
        next(record, step.clock.read(step.fn(record)));
      };
    }
    case 'split': {
      const branch = (steps: readonly ChainStep[]): Run =>
        steps.length === 0 ? step.dropped : sequence(steps, cursor);
      const branches = step.branches.map(branch);
      const otherwise = branch(step.otherwise);
      return (record, timeMs) => {
        blame(record);
        const chosen = step.tests.findIndex((test) => test(record));
        (branches[chosen] ?? otherwise)(record, timeMs);
      };
    }
    case 'push':
      return (record, timeMs) => {
        unblame();
        step.outlet.push(record, timeMs);
      };
    case 'route':
      return (record, timeMs) => {
        blame(record);
        const partition = hashKey(step.key(record)) & (LIMITS.partitions - 1);
        unblame();
        step.outlet.pushTo(step.actorOfPartition[partition]!, record, timeMs);
      };
    case 'preaggregate':
      return (record, timeMs) => {
        blame(record);
        const key = step.key(record);
        if (step.outlet.aside || (step.windowed && timeMs! < step.outlet.closedMs)) {
          const partition = hashKey(key) & (LIMITS.partitions - 1);
          unblame();
          step.outlet.pushTo(step.actorOfPartition[partition]!, record, timeMs);
          return;
        }
        const value = step.select === undefined ? record : step.select(record);
        const { panes } = step.outlet;
        foldInPane(step, key, value, step.windowed ? panes.at(timeMs!) : panes.current, step.outlet);
      };
    case 'aggregate':
      return (record) => {
        blame(record);
        const key = step.key(record);
        const value = step.select === undefined ? record : step.select(record);
        foldInTable(step, key, value, step.table);
      };
    case 'window':
      return (record, timeMs) => {
        blame(record);
        const key = step.key(record);
        const value = step.select === undefined ? record : step.select(record);
        if (timeMs! < step.window.closedMs) {
          if (!step.window.takeStraggler(key, value, timeMs!)) step.late(record, timeMs!);
          return;
        }
        const pane = step.window.panes.at(timeMs!);
        foldInPane(step, key, value, pane, pane);
      };
    case 'combineWindow':
      return (record, timeMs) => {
        blame(record);
        const pane = step.window.panes.at(timeMs!);
        const place = pane.place((record as { k: unknown }).k);
        pane.values[place] = step.combine(pane.values[place], step.unpack(record));
      };
    case 'stateful':
      return (record, timeMs) => {
        blame(record);
        step.operator.onRecord(step.key?.(record), record, timeMs ?? Number.NaN, step.input);
      };
    case 'combine':
      return (record) => {
        blame(record);
        const entry = step.table.find((record as { k: unknown }).k);
        entry.value = step.combine(entry.value, step.unpack(record));
      };
  }
}

/** A record that is given up must not leave behind the entry that was made for it. */
function foldInTable(step: { readonly add: Fold }, key: unknown, value: unknown, table: KeyTable): void {
  const { size } = table;
  const entry = table.find(key);
  try {
    entry.value = step.add(entry.value, value);
  } catch (error) {
    if (table.size !== size) table.delete(key);
    throw error;
  }
}

/** As foldInTable; `finder` looks up the place. */
function foldInPane(
  step: { readonly add: Fold },
  key: unknown,
  value: unknown,
  pane: Pane,
  finder: Pick<Pane, 'place'>,
): void {
  const { size } = pane;
  const place = finder.place(key);
  try {
    pane.values[place] = step.add(pane.values[place], value);
  } catch (error) {
    if (pane.size !== size) pane.removeLast();
    throw error;
  }
}
