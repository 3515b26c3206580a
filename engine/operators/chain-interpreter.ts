// The same work as chain-compiler.ts without generated code, for processes that forbid it. On the thread of the actor.

import type { OperatorNode } from '../graph/operator-node.ts';
import { LIMITS } from '../limits.ts';
import { hashKey } from '../partition/key-hash.ts';
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

type Run = (record: unknown) => void;

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
  return (records, from, to) => {
    let i = from;
    try {
      for (; i < to; i++) {
        cursor.index = i;
        run(head.kind === 'generator' ? generateRecord(head, i) : records[i]);
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
  return (record) => {
    for (const run of runs) run(record);
  };
}

function guarded(run: Run, cursor: Cursor): Run {
  return (record) => {
    try {
      run(record);
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
      return (record) => {
        blame(record);
        next(step.fn(record));
      };
    }
    case 'filter': {
      const next = sequence(step.next, cursor);
      return (record) => {
        blame(record);
        if (step.fn(record)) next(record);
      };
    }
    case 'peek': {
      const next = sequence(step.next, cursor);
      return (record) => {
        blame(record);
        step.fn(record);
        next(record);
      };
    }
    case 'split': {
      const branch = (steps: readonly ChainStep[]): Run =>
        steps.length === 0 ? step.dropped : sequence(steps, cursor);
      const branches = step.branches.map(branch);
      const otherwise = branch(step.otherwise);
      return (record) => {
        blame(record);
        const chosen = step.tests.findIndex((test) => test(record));
        (branches[chosen] ?? otherwise)(record);
      };
    }
    case 'push':
      return (record) => {
        unblame();
        step.outlet.push(record);
      };
    case 'route':
      return (record) => {
        blame(record);
        const partition = hashKey(step.key(record)) & (LIMITS.partitions - 1);
        unblame();
        step.outlet.pushTo(step.actorOfPartition[partition]!, record);
      };
    case 'preaggregate':
      return (record) => {
        blame(record);
        const key = step.key(record);
        if (step.outlet.aside) {
          const partition = hashKey(key) & (LIMITS.partitions - 1);
          unblame();
          step.outlet.push(record, step.actorOfPartition[partition]!);
          return;
        }
        const value = step.select === undefined ? record : step.select(record);
        fold(step, key, value, step.outlet, step.outlet.table);
      };
    case 'aggregate':
      return (record) => {
        blame(record);
        const key = step.key(record);
        const value = step.select === undefined ? record : step.select(record);
        fold(step, key, value, step.table, step.table);
      };
    case 'combine':
      return (record) => {
        blame(record);
        const partial = record as { k: unknown; a: unknown };
        const entry = step.table.find(partial.k);
        entry.value = step.combine(entry.value, partial.a);
      };
  }
}

/** A record that is given up must not leave behind the entry that was made for it. */
function fold(
  step: { readonly add: Fold },
  key: unknown,
  value: unknown,
  finder: Pick<KeyTable, 'find'>,
  table: KeyTable,
): void {
  const { size } = table;
  const entry = finder.find(key);
  try {
    entry.value = step.add(entry.value, value);
  } catch (error) {
    if (table.size !== size) table.delete(key);
    throw error;
  }
}
