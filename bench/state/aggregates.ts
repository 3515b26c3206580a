// Aggregates of more keys than memory holds: what does a record cost, and a result?
//
//   half a million keys at random, four records each: a count and a sum, then the result of each key        one thread, one core
//
// What is measured is the operator that owns the keys, without a job around it. In the last ones a tenth and a hundredth of the keys fit memory; the
// rest is in a file of lmdb's, which is in the page cache: nobody syncs it. By hand: a Map of objects that are changed in place. Checked: the
// counts of all keys.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { count, sum } from 'millrace';
import type { Aggregator } from '../../engine/aggregate/aggregator.ts';
import { composite } from '../../engine/aggregate/composite.ts';
import { LIMITS } from '../../engine/limits.ts';
import { KeyedAggregate } from '../../engine/operators/keyed-aggregate.ts';
import { lmdbState } from '../../workers/lmdb-store.ts';
import type { Bench, Sample, Scale, Variant } from '../harness/bench.ts';

const keysOf = ({ quick }: Scale): number => (quick ? 50_000 : 500_000);
const RECORDS_A_KEY = 4;
/** What a key takes in the heap, about: what the operator itself assumes for these values. */
const KEY_BYTES = 250;

interface Contestant {
  add(key: string): void;
  /** All keys' counts together. */
  finish(): number;
  close?(): Promise<void>;
}

function byHand(): Contestant {
  const held = new Map<string, { n: number; characters: number }>();
  return {
    add: (key) => {
      const known = held.get(key);
      if (known === undefined) held.set(key, { n: 1, characters: key.length });
      else {
        known.n++;
        known.characters += key.length;
      }
    },
    finish: () => {
      let counted = 0;
      for (const { n } of held.values()) counted += n;
      return counted;
    },
  };
}

async function aggregated(memoryBytes: number | undefined): Promise<Contestant> {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-bench-'));
  const coldState = memoryBytes === undefined ? undefined : await lmdbState({ directory, memoryBytes }, 0, 1);
  const aggregator = composite<string, Record<string, Aggregator<string>>>({
    n: count(),
    characters: sum((key) => key.length),
  }) as Aggregator<unknown>;
  const failed = (error: unknown): never => {
    throw error;
  };
  const aggregate = new KeyedAggregate(aggregator, true, failed, coldState);
  let inBatch = 0;
  return {
    add: (key) => {
      if (inBatch++ % LIMITS.frameRecords === 0) aggregate.intake(0);
      const entry = aggregate.table.find(key);
      entry.value = aggregator.add(entry.value, key);
    },
    finish: () => {
      let counted = 0;
      aggregate.end();
      while (aggregate.refill() !== 'done') {
        for (let i = 0; i < aggregate.count; i++) counted += (aggregate.records[i] as { n: number }).n;
      }
      return counted;
    },
    close: async () => {
      await aggregate.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

const CONTESTANTS: Readonly<Record<string, (keys: number) => Contestant | Promise<Contestant>>> = {
  'by hand': byHand,
  'in memory': () => aggregated(undefined),
  'spilling, all fits': (keys) => aggregated(keys * KEY_BYTES * 4),
  'spilling, 1 in 10 fits': (keys) => aggregated((keys * KEY_BYTES) / 10),
  'spilling, 1 in 100 fits': (keys) => aggregated((keys * KEY_BYTES) / 100),
};

export const stateAggregates: Bench = {
  name: 'state-aggregates',
  summary: 'a record of an aggregate over half a million keys, in memory and spilled to lmdb; and the result of a key',
  measures: [
    { name: 'record', unit: 'ns', better: 'less' },
    { name: 'result', unit: 'ns a key', better: 'less' },
  ],
  baseline: 'by hand',
  variants: Object.entries(CONTESTANTS).map(
    ([name, make]): Variant => ({ name, threads: 1, run: (scale) => measure(make, keysOf(scale)) }),
  ),
  comparisons: [
    { name: 'in memory / by hand', variant: 'in memory', over: 'by hand' },
    { name: '1 in 10 fits / in memory', variant: 'spilling, 1 in 10 fits', over: 'in memory' },
  ],
  expected: (_, scale) => ({ counted: RECORDS_A_KEY * keysOf(scale) }),
};

async function measure(make: (keys: number) => Contestant | Promise<Contestant>, keys: number): Promise<Sample> {
  // A record brings its key as a string of its own; flat, for those that were just concatenated are trees in V8.
  const names = Array.from({ length: keys }, (_, i) => Buffer.from(`key number ${i}`).toString('latin1'));
  const { add, finish, close } = await make(keys);
  const records = RECORDS_A_KEY * keys;
  // Each key so many times, in an order that no cache foresees: a step that shares no factor with the number of keys.
  const step = 618_033_989;
  let at = 0;
  const startedMs = performance.now();
  for (let i = 0; i < records; i++) {
    at = (at + step) % keys;
    add(names[at]!);
  }
  const addedMs = performance.now();
  const counted = finish();
  const finishedMs = performance.now();
  await close?.();
  return {
    values: { record: ((addedMs - startedMs) * 1e6) / records, result: ((finishedMs - addedMs) * 1e6) / keys },
    answer: { counted },
  };
}
