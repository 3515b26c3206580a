// Windows that end with each record, against a naive model: for every record, look at all the others.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aggregator, collect, collectValues, count, job, max, sliding, sum } from '../../../index.ts';
import { simulate } from '../../support/simulate-anywhere.ts';
import { type Click, inputs, manners, splitsOf } from '../process/clicks.ts';

interface Result {
  readonly key: string;
  readonly windowStart: number;
  readonly windowEnd: number;
  readonly ids: number[];
}

const inOrder = <R extends Result>(results: readonly R[]): R[] =>
  results
    .map((result) => ({ ...result, ids: [...result.ids].sort((a, b) => a - b) }))
    .sort((a, b) => a.windowEnd - b.windowEnd || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));

function naive(clicks: readonly Click[], sizeMs: number): Result[] {
  return clicks.map(({ user, at }) => {
    const within = clicks.filter((other) => other.user === user && other.at > at - sizeMs && other.at <= at);
    return { key: user, windowStart: at - sizeMs + 1, windowEnd: at + 1, ids: within.map(({ id }) => id) };
  });
}

/** collectValues cannot be retracted: beside it all go by two stacks. */
const byStacks = { ids: collectValues((click: Click) => click.id), n: count(), total: sum((click: Click) => click.id) };

/** The same, able to take values out again: they leave in the order in which they came. */
const byRetracting = {
  ids: aggregator<Click, number[], number[]>({
    create: () => [],
    add: (ids, { id }) => [...ids, id],
    combine: (ids, others) => [...ids, ...others],
    retract: (ids, { id }) => {
      expect(ids[0]).toBe(id);
      return ids.slice(1);
    },
    result: (ids) => ids,
  }),
  n: count(),
  total: sum((click: Click) => click.id),
};

describe('sliding windows', () => {
  it.each([
    ['two stacks', byStacks],
    ['retracting', byRetracting],
  ])(
    'give one result a record, as a naive model does (%s)',
    async (_, aggregates) => {
      await fc.assert(
        fc.asyncProperty(
          inputs,
          fc.integer({ min: 1, max: 60 }),
          manners,
          async ({ splits, disorderMs }, sizeMs, manner) => {
            const { batch, ...options } = manner;
            const slid = job('slid', (flow) => {
              flow
                .from(splitsOf(splits, batch))
                .eventTime((click) => click.at, { outOfOrderMs: disorderMs })
                .keyBy((click) => click.user)
                .window(sliding({ sizeMs }), { late: (late) => late.to(collect('late')) })
                .aggregate(aggregates)
                .to(collect('results'));
            });
            const { results } = await simulate(slid, options);
            const expected = naive(splits.flat(), sizeMs).map((one) => {
              return { ...one, n: one.ids.length, total: one.ids.reduce((a, b) => a + b, 0) };
            });
            const got = results['results'] as typeof expected;
            expect(inOrder(got)).toEqual(inOrder(expected));
            expect(results['late']).toEqual([]);
            // Of one key they come in the order of their time.
            for (const user of new Set(got.map(({ key }) => key))) {
              const ends = got.filter(({ key }) => key === user).map(({ windowEnd }) => windowEnd);
              expect(ends).toEqual(ends.toSorted((a, b) => a - b));
            }
          },
        ),
        { numRuns: 200 },
      );
    },
    60_000,
  );

  it('call late what comes behind the watermark, and no more', async () => {
    await fc.assert(
      fc.asyncProperty(inputs, fc.nat({ max: 20 }), async ({ splits }, outOfOrderMs) => {
        const clicks = splits.flat();
        const slid = job('slid', (flow) => {
          flow
            .from(splitsOf([clicks], 1))
            .eventTime((click) => click.at, { outOfOrderMs })
            .keyBy(() => 'all')
            .window(sliding({ sizeMs: 10 }), { late: (late) => late.to(collect('late')) })
            .aggregate(max((click) => click.at))
            .to(collect('results'));
        });
        const { results, stages } = await simulate(slid, { workers: 1 });
        // A watermark is known to the operator at the latest with the next record of the same split.
        const late = new Set((results['late'] as Click[]).map(({ id }) => id));
        let latest = Number.NEGATIVE_INFINITY;
        for (const { at, id } of clicks) {
          if (late.has(id)) expect(at).toBeLessThan(latest - outOfOrderMs);
          latest = Math.max(latest, at);
        }
        expect(results['results']!.length + late.size).toBe(clicks.length);
        expect(stages.reduce((sum, stage) => sum + stage.recordsLate, 0)).toBe(late.size);
      }),
      { numRuns: 100 },
    );
  }, 60_000);
});
