// Keyed state: what does an access cost, and a key, in memory and beyond?
//
//   half a million keys, each with a count and a string; then keys at random: read the count, set it        one thread, one core
//
// The calls are those of process(), without a job around them. `spilling, all fits` has a store beneath that it never needs; in the last
// ones a tenth and a hundredth of the keys fit memory, so that nine and ninety-nine accesses of a hundred go to a file of lmdb's, which is in
// the page cache: nobody syncs it. By hand: a Map of objects that are changed in place. Checked: the counts of all keys.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { StatefulHost } from '../../engine/operators/stateful-operator.ts';
import type { AnyProcess } from '../../engine/process/process-definition.ts';
import { ProcessLogic } from '../../engine/process/process-logic.ts';
import type { ColdState } from '../../engine/state/cold-store.ts';
import { valueState } from '../../engine/state/state-spec.ts';
import type { ValueState } from '../../engine/state/value-state.ts';
import { lmdbState } from '../../workers/lmdb-store.ts';
import type { Bench, Sample, Scale, Variant } from '../harness/bench.ts';

const keysOf = ({ quick }: Scale): number => (quick ? 50_000 : 500_000);
/** What a key takes in the heap, about: what the store itself assumes for these values. */
const KEY_BYTES = 450;

/** One access; returns the count of the key. */
type Access = (key: string) => number;

interface Contestant {
  readonly access: Access;
  close(): void | Promise<void>;
}

function byHand(): Contestant {
  const counts = new Map<string, { n: number; name: string }>();
  const access = (key: string): number => {
    let held = counts.get(key);
    if (held === undefined) {
      held = { n: 0, name: `the name of ${key}` };
      counts.set(key, held);
    }
    return ++held.n;
  };
  return { access, close: () => counts.clear() };
}

async function withProcess(memoryBytes: number | undefined): Promise<Contestant> {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-bench-'));
  const coldState = memoryBytes === undefined ? undefined : await lmdbState({ directory, memoryBytes }, 0, 1);
  let count = 0;
  const definition = {
    state: { n: valueState(0), name: valueState<string>() },
    onRecord({ state }: { state: { n: ValueState<number>; name: ValueState<string | undefined> } }, key: string) {
      count = state.n.get() + 1;
      state.n.set(count);
      if (count === 1) state.name.set(`the name of ${key}`);
    },
  } as unknown as AnyProcess;
  const logic = new ProcessLogic(definition, false, hostOf(coldState));
  return {
    access: (key) => {
      logic.onRecord(key, key, Number.NaN);
      return count;
    },
    close: async () => {
      await logic.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function hostOf(coldState: ColdState | undefined): StatefulHost {
  const nothing = (): void => {};
  const failed = (error: unknown): never => {
    throw error;
  };
  return {
    emit: nothing,
    late: nothing,
    requestFire: nothing,
    failed,
    full: false,
    nowMs: () => 0,
    startedAtMs: 0,
    forgives: false,
    coldState,
  };
}

const CONTESTANTS: Readonly<Record<string, (keys: number) => Contestant | Promise<Contestant>>> = {
  'by hand': byHand,
  'in memory': () => withProcess(undefined),
  'spilling, all fits': (keys) => withProcess(keys * KEY_BYTES * 4),
  'spilling, 1 in 10 fits': (keys) => withProcess((keys * KEY_BYTES) / 10),
  'spilling, 1 in 100 fits': (keys) => withProcess((keys * KEY_BYTES) / 100),
};

export const state: Bench = {
  name: 'state',
  summary: 'an access to the state of one key of half a million, in memory and spilled to lmdb; and the heap of a key',
  measures: [
    { name: 'access', unit: 'ns', better: 'less' },
    { name: 'first access', unit: 'ns', better: 'less' },
    { name: 'heap', unit: 'bytes a key', better: 'less' },
  ],
  baseline: 'by hand',
  variants: Object.entries(CONTESTANTS).map(
    ([name, make]): Variant => ({ name, threads: 1, run: (scale) => measure(make, keysOf(scale)) }),
  ),
  comparisons: [
    { name: 'in memory / by hand', variant: 'in memory', over: 'by hand' },
    { name: '1 in 10 fits / in memory', variant: 'spilling, 1 in 10 fits', over: 'in memory' },
  ],
  expected: (_, scale) => ({ counted: 2 * keysOf(scale) }),
};

async function measure(make: (keys: number) => Contestant | Promise<Contestant>, keys: number): Promise<Sample> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const names = Array.from({ length: keys }, (_, i) => flat(`key number ${i}`));
  // A record brings its key as a string of its own: equal to the one that is kept, and not the same.
  const again = names.map((name) => flat(name));
  collect();
  const before = process.memoryUsage().heapUsed;
  const { access, close } = await make(keys);
  const startedMs = performance.now();
  for (const name of names) access(name);
  const filledMs = performance.now() - startedMs;
  collect();
  const heapBytes = process.memoryUsage().heapUsed - before;
  // Each key once, in an order that no cache foresees: a step that shares no factor with the number of keys.
  const step = 618_033_989;
  let at = 0;
  let counted = 0;
  const accessedFromMs = performance.now();
  for (let i = 0; i < keys; i++) {
    at = (at + step) % keys;
    counted += access(again[at]!);
  }
  const accessedMs = performance.now() - accessedFromMs;
  await close();
  return {
    values: { access: (accessedMs * 1e6) / keys, 'first access': (filledMs * 1e6) / keys, heap: heapBytes / keys },
    answer: { counted },
  };
}

/** Strings that were just concatenated are trees in V8: not so those of records. */
function flat(text: string): string {
  return Buffer.from(text).toString('latin1');
}
