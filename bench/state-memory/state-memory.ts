// Memory of state: what does a key cost in windows, joins, tables and timers?
//
//   up to a million keys, or rows -> the operator's own state -> heap and typed arrays in use after a collection, divided
//
// One thread. The records are gone, where the operator does not keep them; what is measured is what stays until time has passed. Checked: everything is
// there, by the number of results. By hand: a Map of counts, and an array of rows.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { StatefulHost } from '../../engine/operators/stateful-operator.ts';
import type { Bench, Sample, Variant } from '../harness/bench.ts';
import { CONTENTS, type Content, finish, numberKey, rowOf } from './contents.ts';

const BY_HAND = 1_000_000;

const byHand: Readonly<Record<string, () => Sample>> = {
  'Map of counts': () => {
    const before = bytesHeld();
    const counts = new Map<unknown, number>();
    for (let i = 0; i < BY_HAND; i++) counts.set(numberKey(i), (counts.get(numberKey(i)) ?? 0) + 1);
    return { values: { state: (bytesHeld() - before) / BY_HAND }, answer: counts.size };
  },
  'array of rows': () => {
    const before = bytesHeld();
    const rows: object[] = [];
    for (let i = 0; i < BY_HAND; i++) rows.push(rowOf(i));
    return { values: { state: (bytesHeld() - before) / BY_HAND }, answer: rows.length };
  },
};

export const stateMemory: Bench = {
  name: 'state-memory',
  summary: 'memory of a key, or a row, in windows, joins, tables and timers',
  measures: [{ name: 'state', unit: 'B', better: 'less' }],
  baseline: 'Map of counts',
  variants: [
    ...Object.entries(byHand).map(
      ([name, measure]): Variant => ({ name, threads: 1, run: () => Promise.resolve(measure()) }),
    ),
    ...CONTENTS.map(
      (content): Variant => ({ name: content.name, threads: 1, run: () => Promise.resolve(measured(content)) }),
    ),
  ],
  comparisons: CONTENTS.map(({ name }) => ({ name, variant: name })),
  expected: (variant) => CONTENTS.find(({ name }) => name === variant)?.results ?? BY_HAND,
};

function measured({ make, fill, count }: Content): Sample {
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
  fill(make(host), 2_000);
  results = 0;
  const before = bytesHeld();
  const logic = make(host);
  fill(logic, count);
  const grown = bytesHeld() - before;
  finish(logic);
  return { values: { state: grown / count }, answer: results };
}

/** Of this thread, after a collection. */
function bytesHeld(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  // Panes have their numbers in typed arrays, outside the heap.
  return heapUsed + arrayBuffers;
}
