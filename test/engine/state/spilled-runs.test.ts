// Runs by themselves: bounded pieces of work, nothing left behind, and errors that say which key.

import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Aggregator } from '../../../engine/aggregate/aggregator.ts';
import { sum } from '../../../engine/aggregate/sum.ts';
import { KeyTable } from '../../../engine/operators/key-table.ts';
import { KeyedAggregate } from '../../../engine/operators/keyed-aggregate.ts';
import type { ColdChange, ColdState } from '../../../engine/state/cold-store.ts';
import { SpilledRuns } from '../../../engine/state/spilled-runs.ts';
import { lmdbState } from '../../../workers/lmdb-store.ts';
import { MapColdStore } from './map-cold-store.ts';

function table(entries: Iterable<readonly [unknown, unknown]>): KeyTable {
  const made = new KeyTable(() => 0);
  for (const [key, value] of entries) made.find(key).value = value;
  return made;
}

const add = (a: unknown, b: unknown): unknown => (a as number) + (b as number);
const failed = (error: unknown): never => {
  throw error;
};

class CountingStore extends MapColdStore {
  most = 0;

  override write(changes: readonly ColdChange[]): void {
    this.most = Math.max(this.most, changes.length);
    super.write(changes);
  }
}

function contents(runs: SpilledRuns, groups: readonly number[]): [unknown, unknown][] {
  return [...runs.combined(groups)].filter((entry) => entry !== undefined).map(({ key, value }) => [key, value]);
}

describe('runs of accumulators', () => {
  it('are combined by key over several runs and groups, in the order in which they were taken', () => {
    const texts = (a: unknown, b: unknown): unknown => `${a}${b}`;
    const runs = new SpilledRuns({ open: () => new MapColdStore(), memoryBytes: 1 }, { combine: texts, failed });
    runs.take(
      7,
      table([
        ['ada', 'b'],
        [[1], 'x'],
        [undefined, 'u'],
      ]),
    );
    runs.take(3, table([['ada', 'a']]));
    runs.take(7, table([['ada', 'c']]));
    expect(new Map(contents(runs, [3, 7]).map(([key, value]) => [JSON.stringify(key), value]))).toEqual(
      new Map([
        ['"ada"', 'abc'],
        ['[1]', 'x'],
        [undefined, 'u'],
      ]),
    );
    const wanted = table([
      ['ada', 0],
      ['nobody', 0],
    ]);
    expect([...runs.picked([7], wanted.entries())].filter(Boolean)).toEqual([{ key: 'ada', value: 'bc' }]);
  });

  it('are written and removed in bounded pieces, and a group that was dropped begins anew', () => {
    const cold = new CountingStore();
    const runs = new SpilledRuns({ open: () => cold, memoryBytes: 1 }, { combine: add, failed });
    const keys = Array.from({ length: 50_000 }, (_, i) => [i * 3, 1] as const);
    runs.take(0, table(keys));
    let pieces = 0;
    while (runs.write()) pieces++;
    expect(pieces).toBeGreaterThan(48);
    expect(cold.most).toBeLessThanOrEqual(64);
    const { size } = cold;
    expect(size).toBeGreaterThanOrEqual(256);
    runs.drop(0);
    expect(runs.has(0)).toBe(false);
    runs.take(0, table([[3, 5]]));
    expect(contents(runs, [0])).toEqual([[3, 5]]);
    for (let piece = 0; piece < size; piece++) runs.write();
    expect(cold.size).toBe(1);
    expect(contents(runs, [0])).toEqual([[3, 5]]);
  });

  it('leave out what cannot be combined where that is forgiven, and say which key cannot be stored', () => {
    const given: unknown[] = [];
    const runs = new SpilledRuns(
      { open: () => new MapColdStore(), memoryBytes: 1 },
      {
        combine: (a, b) => {
          if ((b as number) < 0) throw new Error('below zero');
          return add(a, b);
        },
        failed: (error, key) => given.push([String(error), key]),
      },
    );
    runs.take(0, table([['ada', 1]]));
    runs.take(0, table([['ada', -1]]));
    runs.take(0, table([['ada', 2]]));
    expect(contents(runs, [0])).toEqual([['ada', 3]]);
    expect(given).toEqual([['Error: below zero', 'ada']]);
    runs.take(
      1,
      table([
        ['bob', 1],
        ['cy', () => {}],
      ]),
    );
    expect(() => contents(runs, [1])).toThrow(
      "state must be data that structured clone keeps: that of key 'cy' is not",
    );
  });
});

describe('an aggregate beyond its memory', () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'millrace-runs-'));
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  const results = (aggregate: KeyedAggregate): unknown[] => {
    const all: unknown[] = [];
    aggregate.end();
    for (let refill = aggregate.refill(); refill !== 'done'; refill = aggregate.refill()) {
      all.push(...aggregate.records.slice(0, aggregate.count));
    }
    return all;
  };

  it('keeps about what it may, gives each key once, and leaves no file behind', async () => {
    const memoryBytes = 1_000_000;
    const cold: ColdState = await lmdbState({ directory, memoryBytes }, 0, 1);
    const totals = sum((value: number) => value) as unknown as Aggregator<unknown>;
    const aggregate = new KeyedAggregate(totals, false, failed, cold);
    const keys = 30_000;
    let most = 0;
    for (let record = 0; record < 4 * keys; record++) {
      if (record % 500 === 0) aggregate.intake(0);
      const entry = aggregate.table.find(`key ${(record * 7_919) % keys}`);
      entry.value = totals.add(entry.value, 1);
      most = Math.max(most, aggregate.table.size);
    }
    expect(most).toBeGreaterThan(1_500);
    expect(most).toBeLessThan(8_000);
    expect(readdirSync(directory)).toEqual(['worker-0-0']);
    const told = results(aggregate) as { key: string; value: number }[];
    expect(told.length).toBe(keys);
    expect(new Set(told.map(({ key }) => key)).size).toBe(keys);
    expect(told.every(({ value }) => value === 4)).toBe(true);
    await aggregate.close();
    expect(readdirSync(directory)).toEqual([]);
    expect(existsSync(directory)).toBe(true);
  });

  it('opens no store as long as memory holds it', async () => {
    const open = (): never => {
      throw new Error('opened');
    };
    const totals = sum((value: number) => value) as unknown as Aggregator<unknown>;
    const aggregate = new KeyedAggregate(totals, false, failed, { open, memoryBytes: 1_000_000 });
    for (let key = 0; key < 1_000; key++) aggregate.table.find(key).value = totals.add(totals.create(), key);
    for (let batch = 0; batch < 100; batch++) aggregate.intake(0);
    expect(results(aggregate).length).toBe(1_000);
    await aggregate.close();
  });
});
