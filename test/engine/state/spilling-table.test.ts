// A table that spills says what a plain table says, whatever is found, looked at, changed and forgotten between two reliefs.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeyTable } from '../../../engine/operators/key-table.ts';
import { type Spillable, SpillingTable } from '../../../engine/state/spilling-table.ts';
import { MapColdStore } from './map-cold-store.ts';

const KEYS: readonly unknown[] = [
  'ada',
  'bob',
  '€',
  1,
  -0,
  Number.NaN,
  1.5,
  null,
  ['a', 1],
  { a: 1 },
  'x'.repeat(2_500),
];

/** Values are lists: blank when empty. */
const LISTS: Spillable<number[]> = {
  create: () => [],
  toData: (list) => list,
  fromData: (data) => data as number[],
  isBlank: ({ length }) => length === 0,
};

const steps = fc.array(
  fc.record({
    key: fc.nat({ max: KEYS.length - 1 }),
    what: fc.constantFrom(
      'add',
      'add',
      'look',
      'touch',
      'take',
      'delete',
      'relieve',
      'relieve',
      'relieve',
      'all',
      'clear',
    ),
  }),
  { maxLength: 150 },
);

function answers(table: KeyTable | SpillingTable<number[]>, what: readonly { key: number; what: string }[]): unknown[] {
  const spilling = table instanceof SpillingTable ? table : undefined;
  const said: unknown[] = [];
  for (const [at, step] of what.entries()) {
    const key = KEYS[step.key];
    if (step.what === 'add') (table.find(key).value as number[]).push(at);
    else if (step.what === 'look') said.push([...((table.peek(key)?.value as number[] | undefined) ?? [])]);
    else if (step.what === 'touch') {
      const entry = table.peek(key);
      if (entry !== undefined) {
        spilling?.touch(entry);
        (entry.value as number[]).push(-at);
      }
    } else if (step.what === 'take' && table.peek(key) !== undefined) {
      const entry = table.find(key);
      (entry.value as number[]).pop();
      if ((entry.value as number[]).length > 0) continue;
      if (spilling === undefined) table.delete(key);
      else spilling.discard(entry);
    } else if (step.what === 'delete') table.delete(key);
    else if (step.what === 'clear' && at % 5 === 0) table.clear();
    else if (step.what === 'relieve') spilling?.relieve();
    else if (step.what === 'all') said.push(all(table));
    said.push(table.size);
  }
  return [...said, all(table)];
}

function all(table: KeyTable | SpillingTable<number[]>): string[] {
  return Array.from(table.entries(), ({ key, value }) => `${typeof key} ${JSON.stringify([key, value])}`).sort();
}

describe('a table that spills', () => {
  it.each([1, 1_000, 4_000])('says what a table in memory says (memory: %s bytes)', (memoryBytes) => {
    fc.assert(
      fc.property(steps, (what) => {
        const spilling = new SpillingTable(LISTS, { memoryBytes, open: () => new MapColdStore() });
        expect(answers(spilling, what)).toEqual(answers(new KeyTable(LISTS.create), what));
      }),
      { numRuns: 300 },
    );
  });

  it('writes what was found, and not again what was only looked at', () => {
    let writes = 0;
    class Counting extends MapColdStore {
      override write(changes: Parameters<MapColdStore['write']>[0]): void {
        writes += changes.length;
        super.write(changes);
      }
    }
    const table = new SpillingTable(LISTS, { memoryBytes: 1, open: () => new Counting() });
    for (let key = 0; key < 100; key++) (table.find(key).value as number[]).push(key);
    for (let turn = 0; turn < 3; turn++) table.relieve();
    expect(writes).toBe(100);
    for (let key = 0; key < 100; key++) expect(table.peek(key)?.value).toEqual([key]);
    for (let turn = 0; turn < 3; turn++) table.relieve();
    expect(writes).toBe(100);
    table.find(7);
    for (let turn = 0; turn < 3; turn++) table.relieve();
    expect(writes).toBe(101);
  });

  it('keeps entries good until it is relieved, however little memory there is', () => {
    const table = new SpillingTable(LISTS, { memoryBytes: 1, open: () => new MapColdStore() });
    const entries = Array.from({ length: 1_000 }, (_, key) => table.find(key));
    for (const [key, entry] of entries.entries()) {
      expect(table.find(key)).toBe(entry);
      (entry.value as number[]).push(key);
    }
    table.relieve();
    for (const key of entries.keys()) expect(table.find(key).value).toEqual([key]);
  });
});
