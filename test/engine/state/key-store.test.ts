// The stores of keyed state do the same, whatever the keys, whatever memory holds, and wherever the rest is.

import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LIMITS } from '../../../engine/limits.ts';
import { compositeKey, partitionOf } from '../../../engine/partition/key-hash.ts';
import type { ColdState } from '../../../engine/state/cold-store.ts';
import { type KeyStore, MemoryKeyStore } from '../../../engine/state/key-store.ts';
import type { KeyState } from '../../../engine/state/keyed-state.ts';
import { type Spillable, SpillingTable } from '../../../engine/state/spilling-table.ts';
import { lmdbState } from '../../../workers/lmdb-store.ts';
import { MapColdStore } from './map-cold-store.ts';

const create = (): KeyState => ({ cells: [undefined], texts: undefined, event: undefined, processing: undefined });

const STATES: Spillable<KeyState> = {
  create,
  toData: ({ cells }) => cells,
  fromData: (cells) => ({ ...create(), cells: cells as unknown[] }),
  isBlank: ({ cells }) => cells[0] === undefined,
};

/** Few, so that they come back; hostile, so that none is taken for another. */
const KEYS: readonly unknown[] = [
  ...[0, -0, 1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 40, 1n, -1n, true, false, null, undefined],
  ...[
    '',
    'a',
    '1',
    'true',
    'null',
    '\0',
    '\0\0',
    'ä',
    '€',
    '\ud800',
    '\udc00',
    '\ufffd',
    '__proto__',
    'x'.repeat(3_000),
    'y'.repeat(40),
  ],
  ...[new Date(0), [1], ['1'], ['a', 'b'], ['ab'], { a: 1 }, { a: '1' }, { b: 1, a: 2 }, [['\0']], []],
];

const actions = fc.array(
  fc.record({
    key: fc.nat({ max: KEYS.length - 1 }),
    what: fc.constantFrom(
      'set' as const,
      'set' as const,
      'read' as const,
      'clear' as const,
      'drop' as const,
      'dump' as const,
    ),
  }),
  { maxLength: 120 },
);

/** What a store says while this is done to it. */
function answers(store: KeyStore, steps: readonly { key: number; what: string }[]): unknown[] {
  const said: unknown[] = [];
  const contents = (partition: number): string[] =>
    [...store.entriesOf(partition)]
      .map(({ key, value }) => `${compositeKey([key])} ${(value as KeyState).cells}`)
      .sort();
  for (const [at, { key: index, what }] of steps.entries()) {
    const key = KEYS[index];
    if (at % 3 !== 2) store.relieve();
    if (what === 'drop') store.drop(partitionOf(key));
    else if (what === 'dump') said.push(contents(partitionOf(key)));
    else {
      const entry = store.find(key);
      const state = entry.value as KeyState;
      said.push([entry.key, state.cells[0]]);
      if (what === 'set') state.cells[0] = { at };
      if (what === 'clear') state.cells[0] = undefined;
      if (state.cells[0] === undefined) store.delete(key);
    }
    said.push(store.size);
  }
  for (let partition = 0; partition < LIMITS.partitions; partition++) said.push(...contents(partition));
  return said;
}

const expected = (steps: readonly { key: number; what: string }[]): unknown[] =>
  answers(new MemoryKeyStore(create), steps);

describe('a store that spills', () => {
  it.each([1, 2_000, 20_000])('says what one in memory says (memory: %s bytes)', (memoryBytes) => {
    fc.assert(
      fc.property(actions, (steps) => {
        const cold: ColdState = { memoryBytes, open: () => new MapColdStore() };
        expect(answers(new SpillingTable(STATES, cold), steps)).toEqual(expected(steps));
      }),
      { numRuns: 200 },
    );
  });

  it('keeps in memory about what it may', () => {
    const cold = new MapColdStore();
    const store = new SpillingTable(STATES, { memoryBytes: 1_000_000, open: () => cold });
    for (let key = 0; key < 50_000; key++) {
      store.relieve();
      (store.find(key).value as KeyState).cells[0] = { key, text: `the text of ${key}` };
    }
    store.relieve();
    expect(store.size).toBe(50_000);
    const inMemory = 50_000 - cold.size;
    expect(inMemory).toBeGreaterThan(500);
    expect(inMemory).toBeLessThan(5_000);
    for (let key = 49_999; key >= 0; key--) {
      store.relieve();
      expect((store.find(key).value as KeyState).cells[0]).toEqual({ key, text: `the text of ${key}` });
    }
  });

  it('says which key holds what cannot be stored', () => {
    const store = new SpillingTable(STATES, { memoryBytes: 1, open: () => new MapColdStore() });
    (store.find('ada').value as KeyState).cells[0] = () => {};
    expect(() => {
      for (let key = 0; key < 10; key++) {
        store.relieve();
        (store.find(key).value as KeyState).cells[0] = key;
      }
    }).toThrow("state must be data that structured clone keeps: that of key 'ada' is not");
  });
});

describe('a store in a file of lmdb', () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'millrace-state-'));
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it('says what one in memory says, and leaves nothing behind', async () => {
    let opened = 0;
    await fc.assert(
      fc.asyncProperty(actions, fc.constantFrom(1, 4_000), async (steps, memoryBytes) => {
        const cold = await lmdbState({ directory, memoryBytes }, 0, 1);
        const store = new SpillingTable(STATES, cold);
        const said = answers(store, steps);
        if (readdirSync(directory).includes('worker-0-0')) opened++;
        await store.close();
        expect(said).toEqual(expected(steps));
        expect(readdirSync(directory)).toEqual([]);
      }),
      { numRuns: 30 },
    );
    expect(existsSync(directory)).toBe(true);
    expect(opened).toBeGreaterThan(0);
  }, 60_000);
});
