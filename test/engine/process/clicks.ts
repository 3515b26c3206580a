// Clicks in several splits, each forward in time with disorder within a bound, and the ways in which a job may be run over them.

import fc from 'fast-check';
import type { Source, SplitReader } from '../../../engine/connector/source.ts';
import { LIMITS } from '../../../engine/limits.ts';

export interface Click {
  readonly user: string;
  readonly at: number;
  readonly id: number;
}

export function splitsOf(splits: readonly (readonly Click[])[], batch: number): Source<Click> {
  return {
    name: 'clicks',
    bounded: true,
    splits: () => splits.map((_, index) => ({ id: `split ${index}` })),
    open: ({ id }): SplitReader<Click> => {
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

export const inputs: fc.Arbitrary<{ disorderMs: number; splits: Click[][] }> = fc
  .record({
    disorderMs: fc.integer({ min: 0, max: 30 }),
    splits: fc.array(
      fc.array(
        fc.record({
          user: fc.constantFrom('ada', 'bob', 'cy', 'a name of more than thirteen characters'),
          gap: fc.oneof(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 60 })),
          back: fc.nat({ max: 1000 }),
        }),
        { maxLength: 40 },
      ),
      { minLength: 1, maxLength: 4 },
    ),
  })
  .map(({ disorderMs, splits }) => {
    let id = 0;
    return {
      disorderMs,
      splits: splits.map((steps) => {
        let latest = 0;
        return steps.map(({ user, gap, back }): Click => {
          latest += gap;
          return { user, at: latest - (back % (disorderMs + 1)), id: id++ };
        });
      }),
    };
  });

export const manners: fc.Arbitrary<{ batch: number; workers: number; seed: number; laneBytes: number }> = fc.record({
  batch: fc.integer({ min: 1, max: 9 }),
  workers: fc.constantFrom(1, 2, 3),
  seed: fc.nat(),
  laneBytes: fc.constantFrom(LIMITS.minLaneBytes, LIMITS.defaultLaneBytes),
});
