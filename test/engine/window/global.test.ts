// One window for all: told by count, by the clock, and at the end.

import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { VirtualClock } from '../../../engine/time/clock.ts';
import { collect, collectValues, count, global, job, type Stream, type WindowBounds } from '../../../index.ts';
import { simulate } from '../../support/simulate-anywhere.ts';
import { arriving } from '../process/arriving.ts';
import { type Click, inputs, manners, splitsOf } from '../process/clicks.ts';

interface Result {
  readonly key: string;
  readonly emission: string;
  readonly ids: number[];
}

describe('a global window', () => {
  it('tells after every so many records of a key, and what is left at the end', async () => {
    await fc.assert(
      fc.asyncProperty(
        inputs,
        fc.integer({ min: 1, max: 5 }),
        fc.boolean(),
        manners,
        async (input, everyCount, discarding, manner) => {
          const { batch, ...options } = manner;
          const counted = job('counted', (flow) => {
            flow
              .from(splitsOf(input.splits, batch))
              .keyBy((click) => click.user)
              .window(global({ everyCount }), { discarding })
              .aggregate({ ids: collectValues((click: Click) => click.id) })
              .to(collect('results'));
          });
          const results = (await simulate(counted, options)).results['results'] as Result[];
          for (const user of new Set(input.splits.flat().map((click) => click.user))) {
            const own = input.splits
              .flat()
              .filter((click) => click.user === user)
              .map(({ id }) => id);
            const told = results.filter(({ key }) => key === user);
            const full = Math.floor(own.length / everyCount);
            expect(told.map(({ emission }) => emission)).toEqual([
              ...Array.from({ length: full }, () => 'early'),
              ...(own.length % everyCount === 0 ? [] : ['final']),
            ]);
            told.forEach(({ ids }, index) => {
              const sinceStart = Math.min(own.length, (index + 1) * everyCount);
              expect(ids.length).toBe(discarding ? sinceStart - index * everyCount : sinceStart);
            });
            // Discarding or not, no record is lost or told twice at the end.
            const last = discarding ? told.flatMap(({ ids }) => ids) : told.at(-1)!.ids;
            expect(last.toSorted((a, b) => a - b)).toEqual(own);
          }
        },
      ),
      { numRuns: 200 },
    );
  }, 60_000);

  // In memory, and almost nothing of it there (simulate-anywhere.ts).
  it.each([0, 1, 3])('tells by the clock the keys that had records since (seed %i)', async (seed) => {
    const clock = new VirtualClock();
    const nowMs = (): number => clock.nowNs() / 1e6;
    const ticking = job('ticking', (flow) => {
      flow
        .from(
          arriving(
            [
              [0, 'a'],
              [5, 'b'],
              [9, 'a'],
              [40, 'b'],
              [95, 'a'],
            ],
            nowMs,
          ),
        )
        .keyBy((key) => key)
        .window(global({ everyMs: 10 }))
        .aggregate(collectValues(() => nowMs()))
        .to(collect('results'));
    });
    const { results } = await simulate(ticking, { clock, workers: 1, seed });
    const told = (results['results'] as { key: string; emission: string; value: number[] }[]).map(
      ({ key, emission, value }) => [key, emission, value] as const,
    );
    // The keys of one tick come in no order.
    told.splice(0, 2, ...told.slice(0, 2).sort(([a], [b]) => (a < b ? -1 : 1)));
    expect(told).toEqual([
      ['a', 'early', [0, 9]],
      ['b', 'early', [5]],
      ['b', 'early', [5, 40]],
      ['a', 'final', [0, 9, 95]],
    ]);
  });

  it('needs a trigger', () => {
    expect(() => global({})).toThrow('a global window needs a trigger');
    expect(() => global({ everyCount: 0 })).toThrow('everyCount must be a whole number from 1 up: everyCount=0');
    expect(() => global({ everyMs: 0.5 })).toThrow('everyMs must be a whole number of milliseconds');
  });
});

it('says in its type that each result tells which kind it is', () => {
  const typed = job('typed', (flow) => {
    const counts = flow
      .from(['a'])
      .keyBy((key) => key)
      .window(global({ everyCount: 2 }))
      .aggregate(count());
    expectTypeOf(counts).toEqualTypeOf<
      Stream<WindowBounds<string> & { emission: 'early' | 'final' } & { value: number }>
    >();
    counts.to(collect('counts'));
  });
  expect(typed.graph({}).nodes.length).toBe(3);
});
