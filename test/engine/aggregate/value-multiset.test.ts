// Large sets, so that every path is taken: growing, compacting, known values, removals, merging sets of both representations.

import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { percentile } from '../../../engine/aggregate/index.ts';
import {
  emptyMultiset,
  insertValue,
  mergeMultiset,
  removeValue,
  type ValueMultiset,
  valueAtRank,
} from '../../../engine/aggregate/value-multiset.ts';

/** Deterministic values from a seed; `distinct` small: they repeat. */
function valuesOf(seed: number, count: number, distinct: number): number[] {
  let state = seed | 0;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return ((state >>> 8) % distinct) - distinct / 2;
  });
}

function contentOf(set: ValueMultiset): number[] {
  return Array.from({ length: set.count }, (_, rank) => valueAtRank(set, rank));
}

const piece = fc.record({
  seed: fc.integer(),
  count: fc.integer({ min: 0, max: 3000 }),
  distinct: fc.constantFrom(1, 7, 300, 1e6),
  removedCount: fc.integer({ min: 0, max: 3000 }),
});

describe('a multiset of values', () => {
  it('holds what was inserted and not removed, in any mixture and after any merging', () => {
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 4 }), (pieces) => {
        const total = emptyMultiset();
        const model: number[] = [];
        for (const { seed, count, distinct, removedCount } of pieces) {
          const set = emptyMultiset();
          const values = valuesOf(seed, count, distinct);
          for (const value of values) insertValue(set, value);
          for (const value of values.slice(0, removedCount)) removeValue(set, value);
          model.push(...values.slice(removedCount));
          const before = structuredClone(set);
          mergeMultiset(total, set);
          expect(set).toEqual(before);
        }
        expect(contentOf(total)).toEqual(model.sort((a, b) => a - b));
      }),
      { numRuns: 60 },
    );
  });

  it('may be asked between any two changes', () => {
    for (const distinct of [7, 1e6]) {
      const set = emptyMultiset();
      const values = valuesOf(distinct, 4000, distinct);
      let first = 0;
      values.forEach((value, index) => {
        insertValue(set, value);
        if (index % 3 === 0) removeValue(set, values[first++] as number);
        if (index % 97 !== 0) return;
        const model = values.slice(first, index + 1).sort((a, b) => a - b);
        expect(set.count).toBe(model.length);
        if (model.length > 0) expect(valueAtRank(set, model.length >> 1)).toBe(model[model.length >> 1]);
      });
    }
  });

  it('gives the percentiles that DuckDB gives', async () => {
    const connection = await (await DuckDBInstance.create(':memory:')).connect();
    const shares = [0, 0.01, 0.25, 0.5, 0.9, 0.95, 0.999, 1];
    for (const [count, distinct] of [
      [1, 5],
      [2, 1e6],
      [1001, 40],
      [5000, 1e6],
    ] as const) {
      const values = valuesOf(count, count, distinct).map((value) => value / 8);
      const reader = await connection.runAndReadAll(
        `select quantile_cont(v, [${shares}]) as q from (select unnest([${values}]::double[]) as v)`,
      );
      const expected = (reader.getRowObjectsJson()[0] as { q: number[] }).q;
      const ours = shares.map((p) => {
        const g = percentile(p, (value: number) => value);
        return g.result(values.reduce((accumulator, value) => g.add(accumulator, value), g.create()));
      });
      expect(ours).toEqual(expected.map(Number));
    }
    connection.closeSync();
  });
});
