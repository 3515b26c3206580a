// Records that change shape and type while a compiled loop stores them in columns: the loop is in the middle of its batch when the
// columns that it knows are replaced.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../engine/limits.ts';
import { collect, job } from '../../../index.ts';
import { simulate } from '../../../testing/index.ts';

const RECORDS = 4_000;

/** Values that no column of the ones before takes, or that no column takes. */
const oddities: readonly unknown[] = ['text', 1.5, { nested: [1] }, undefined, 2n, () => 1, new Date(0)];

describe('records that change on their way through an exchange', () => {
  it('all arrive but those that cannot, whenever they change', async () => {
    const changes = fc.array(
      fc.record({ at: fc.nat({ max: RECORDS - 1 }), odd: fc.nat({ max: oddities.length - 1 }), extra: fc.boolean() }),
      { minLength: 1, maxLength: 6 },
    );
    const manner = fc.record({
      workers: fc.constantFrom(1, 2, 3),
      seed: fc.nat(),
      laneBytes: fc.constantFrom(LIMITS.minLaneBytes, LIMITS.defaultLaneBytes),
    });
    await fc.assert(
      fc.asyncProperty(changes, fc.boolean(), manner, async (script, keyed, options) => {
        const oddAt = new Map(script.map((change) => [change.at, change]));
        const refused = [...oddAt.values()].filter(({ odd }) => typeof oddities[odd] === 'function');
        const changing = job('changing', (flow) => {
          const made = flow
            .from(Array.from({ length: RECORDS }, (_, id) => id))
            .map((id) => {
              const change = oddAt.get(id);
              if (change === undefined) return { id, detail: null };
              return { id, detail: oddities[change.odd], ...(change.extra ? { more: id } : {}) };
            })
            .onError('skip');
          const crossed = keyed ? made.keyBy((record) => record.id % 7) : made.rebalance();
          crossed.map(({ id }) => id).to(collect('ids'));
        });
        const { results } = await simulate(changing, options);
        const ids = (results['ids'] as number[]).sort((a, b) => a - b);
        const lost = new Set(refused.map(({ at }) => at));
        expect(ids).toEqual(Array.from({ length: RECORDS }, (_, id) => id).filter((id) => !lost.has(id)));
      }),
      { numRuns: 40 },
    );
  }, 60_000);
});
