// A job's answer must not depend on how many threads run it, nor on how small the lanes between them are. The expected answer is
// computed here, by plain loops over the same records.

import type { JobReport } from 'millrace';
import { describe, expect, it } from 'vitest';
import { EVENTS, type Item, item, LETTERS } from '../jobs/every-operator.ts';
import { report, sortedNumbers } from './built-jobs.ts';

const RECORDS = 20_000;

describe('a job of every operator and every exchange', () => {
  const expected = answer();
  for (const laneBytes of [4096, undefined]) {
    for (const workers of [1, 2, 3, 7]) {
      it(`gives the same answer on ${workers} workers with ${laneBytes === undefined ? 'default' : 'the smallest'} lanes`, async () => {
        const { results, outcome } = await report('every-operator', {
          workers,
          params: { records: RECORDS },
          ...(laneBytes === undefined ? {} : { laneBytes }),
        });
        expect(outcome).toBe('finished');
        expect(normalised(results)).toEqual(expected);
      });
    }
  }

  it('gives the same answer without pre-aggregation', async () => {
    const { results } = await report('every-operator', {
      workers: 3,
      preaggregate: false,
      params: { records: RECORDS },
    });
    expect(normalised(results)).toEqual(expected);
  });

  it('gives the same answer, which is almost nothing, for almost no input', async () => {
    const { results } = await report('every-operator', { workers: 3, params: { records: 1 } });
    expect(results['disorder']).toEqual([]);
    expect(results['heard']).toHaveLength(13);
  });
});

interface Answer {
  groups: Map<string, { n: number; total: number; notes: number[] }>;
  longest: Map<string, Item>;
  rest: number[];
  disorder: unknown[];
  heard: Map<string, { largest: number; ids: number }>;
}

function answer(): Answer {
  const items = [
    ...Array.from({ length: RECORDS }, (_, i) => item(i)),
    ...LETTERS,
    ...Array.from({ length: EVENTS }, (_, i) => item(2_000_000 + i)),
  ];
  const expected: Answer = { groups: new Map(), longest: new Map(), rest: [], disorder: [], heard: new Map() };
  for (const r of items) {
    if (r.size < 300) {
      for (let copy = 0; copy <= r.id % 3; copy++) {
        const group = at(expected.groups, `${r.group} ${copy}`, () => ({ n: 0, total: 0, notes: [] }));
        group.n++;
        group.total += r.size * 2;
        group.notes.push(r.note?.length ?? -1);
      }
    } else if (r.size >= 700) {
      const best = expected.longest.get(r.group);
      if (best === undefined || r.size > best.size || (r.size === best.size && r.id < best.id)) {
        expected.longest.set(r.group, r);
      }
    } else if (r.id % 2 === 0) {
      expected.rest.push(r.id);
    }
  }
  for (const { notes } of expected.groups.values()) notes.sort((a, b) => a - b);
  expected.rest.sort((a, b) => a - b);
  for (const r of LETTERS) {
    const heard = at(expected.heard, r.group, () => ({ largest: 0, ids: 0 }));
    heard.largest = Math.max(heard.largest, r.size);
    heard.ids++;
  }
  return expected;
}

function normalised(results: JobReport['results']): Answer {
  const groups = (results['groups'] ?? []) as { key: [string, number]; n: number; total: number; notes: number[] }[];
  const longest = (results['longest'] ?? []) as { key: string; value: Item }[];
  const heard = (results['heard'] ?? []) as { key: string; largest: number; ids: number }[];
  const answered: Answer = {
    groups: new Map(
      groups.map(({ key, n, total, notes }) => [key.join(' '), { n, total, notes: sortedNumbers(notes) }]),
    ),
    longest: new Map(longest.map(({ key, value }) => [key, value])),
    rest: sortedNumbers(results['rest']),
    disorder: results['disorder'] ?? [],
    heard: new Map(heard.map(({ key, largest, ids }) => [key, { largest, ids }])),
  };
  // Maps would hide a key that came out twice.
  expect([answered.groups.size, answered.longest.size, answered.heard.size]).toEqual([
    groups.length,
    longest.length,
    heard.length,
  ]);
  return answered;
}

function at<V>(map: Map<string, V>, key: string, create: () => V): V {
  const found = map.get(key) ?? create();
  map.set(key, found);
  return found;
}
