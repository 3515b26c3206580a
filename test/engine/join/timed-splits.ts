// What the tests of joins read: records with a time, in splits, each at most so much behind the latest of its split.

import fc from 'fast-check';
import type { Source, SplitReader } from '../../../engine/connector/source.ts';
import { LIMITS } from '../../../engine/limits.ts';

export interface Item {
  readonly key: string;
  readonly at: number;
  readonly id: number;
}

/** A source of so many splits, each read `batch` records at a time. */
export function splitsOf<T>(name: string, splits: readonly (readonly T[])[], batch: number): Source<T> {
  return {
    name,
    bounded: true,
    splits: () => splits.map((_, index) => ({ id: `split ${index}` })),
    open: ({ id }): SplitReader<T> => {
      const records = splits[Number(id.split(' ')[1])]!;
      let at = 0;
      return {
        read: () => {
          if (at >= records.length) return 'done';
          at += batch;
          return records.slice(at - batch, at);
        },
      };
    },
  };
}

/** Splits that run forward in time by up to `maxGapMs` a record, with disorder of up to `disorderMs`. Ids are unique within one value. */
export function timedSplits(disorderMs: number, maxLength = 40, maxSplits = 3): fc.Arbitrary<Item[][]> {
  const step = fc.record({
    key: fc.constantFrom('ada', 'bob', 'a key of more than thirteen characters'),
    gap: fc.oneof(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 40 })),
    back: fc.nat({ max: 1000 }),
  });
  return fc.array(fc.array(step, { maxLength }), { minLength: 1, maxLength: maxSplits }).map((splits) => {
    let id = 0;
    return splits.map((steps) => {
      let latest = 0;
      return steps.map(({ key, gap, back }): Item => {
        latest += gap;
        return { key, at: latest - (back % (disorderMs + 1)), id: id++ };
      });
    });
  });
}

export interface Sides {
  readonly disorderMs: number;
  readonly left: Item[][];
  readonly right: Item[][];
}

/** Two inputs with the same bound on their disorder. */
export const sides: fc.Arbitrary<Sides> = fc
  .integer({ min: 0, max: 30 })
  .chain((disorderMs) =>
    fc.record({ disorderMs: fc.constant(disorderMs), left: timedSplits(disorderMs), right: timedSplits(disorderMs) }),
  );

/** How a simulation runs, with the batches in which sources are read. */
export const manners: fc.Arbitrary<{ batch: number; workers: number; seed: number; laneBytes: number }> = fc.record({
  batch: fc.integer({ min: 1, max: 9 }),
  workers: fc.constantFrom(1, 2, 3),
  seed: fc.nat(),
  laneBytes: fc.constantFrom(LIMITS.minLaneBytes, LIMITS.defaultLaneBytes),
});
