// Windows against a naive model: sort nothing, take every record, put it into each window that holds its time.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Source, SplitReader } from '../../../engine/connector/source.ts';
import { LIMITS } from '../../../engine/limits.ts';
import type { HoppingWindow, SessionWindow } from '../../../engine/window/window-spec.ts';
import {
  collect,
  collectValues,
  count,
  hopping,
  job,
  max,
  session,
  tumbling,
  type WindowSpec,
} from '../../../index.ts';
import { simulate } from '../../support/simulate-anywhere.ts';

interface Click {
  readonly user: string;
  readonly at: number;
  readonly id: number;
}

interface Result {
  readonly key: string;
  readonly windowStart: number;
  readonly windowEnd: number;
  readonly ids: number[];
}

/** Splits with records at most `outOfOrderMs` behind the latest of their split. */
function splitsOf(splits: readonly (readonly Click[])[], batch: number): Source<Click> {
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

function bySort(results: readonly unknown[]): Result[] {
  return (results as Result[])
    .map(({ key, windowStart, windowEnd, ids }) => ({
      key,
      windowStart,
      windowEnd,
      ids: [...ids].sort((a, b) => a - b),
    }))
    .sort((a, b) => a.windowStart - b.windowStart || (a.key < b.key ? -1 : 1) || a.windowEnd - b.windowEnd);
}

function naive(clicks: readonly Click[], window: HoppingWindow | SessionWindow): Result[] {
  const found = new Map<string, Result>();
  const add = (key: string, windowStart: number, windowEnd: number, id: number): void => {
    const name = `${key} ${windowStart}`;
    const result = found.get(name) ?? { key, windowStart, windowEnd, ids: [] };
    result.ids.push(id);
    found.set(name, result);
  };
  if (window.kind === 'hopping') {
    const { sizeMs, stepMs, offsetMs } = window;
    for (const { user, at, id } of clicks) {
      for (let start = offsetMs - 100 * stepMs; start <= at; start += stepMs) {
        if (at < start + sizeMs) add(user, start, start + sizeMs, id);
      }
    }
    return bySort([...found.values()]);
  }
  const results: Result[] = [];
  for (const user of new Set(clicks.map((click) => click.user))) {
    const own = clicks.filter((click) => click.user === user).sort((a, b) => a.at - b.at);
    let open: { key: string; windowStart: number; windowEnd: number; ids: number[] } | undefined;
    for (const { at, id } of own) {
      if (open === undefined || at >= open.windowEnd) {
        open = { key: user, windowStart: at, windowEnd: at + window.gapMs, ids: [] };
        results.push(open);
      }
      open.windowEnd = at + window.gapMs;
      open.ids.push(id);
    }
  }
  return bySort(results);
}

/** Each split runs forward in time, with disorder within the bound. */
const inputs = fc
  .record({
    disorderMs: fc.integer({ min: 0, max: 30 }),
    splits: fc.array(
      fc.array(
        fc.record({
          user: fc.constantFrom('ada', 'bob', 'cy'),
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

const windows: fc.Arbitrary<HoppingWindow | SessionWindow> = fc.oneof(
  fc.record({ sizeMs: fc.integer({ min: 1, max: 50 }), offsetMs: fc.integer({ min: -20, max: 20 }) }).map(tumbling),
  fc
    .record({ stepMs: fc.integer({ min: 1, max: 20 }), extra: fc.integer({ min: 0, max: 40 }) })
    .map(({ stepMs, extra }) => hopping({ sizeMs: stepMs + extra, stepMs })),
  fc.integer({ min: 1, max: 30 }).map((gapMs) => session({ gapMs })),
);

const manners = fc.record({
  batch: fc.integer({ min: 1, max: 9 }),
  workers: fc.constantFrom(1, 2, 3),
  seed: fc.nat(),
  preaggregate: fc.boolean(),
  laneBytes: fc.constantFrom(LIMITS.minLaneBytes, LIMITS.defaultLaneBytes),
});

describe('windows', () => {
  it('give what a naive model gives, whatever the splits, batches, disorder, workers and interleaving', async () => {
    await fc.assert(
      fc.asyncProperty(inputs, windows, manners, async ({ splits, disorderMs }, window, manner) => {
        const { batch, preaggregate, ...options } = manner;
        const windowed = job('windowed', (flow) => {
          flow
            .from(splitsOf(splits, batch))
            .eventTime((click) => click.at, { outOfOrderMs: disorderMs })
            .keyBy((click) => click.user)
            .window(window as WindowSpec, { preaggregate, late: (late) => late.to(collect('late')) })
            .aggregate({ ids: collectValues((click: Click) => click.id) })
            .to(collect('results'));
        });
        const { results } = await simulate(windowed, options);
        expect(results['late']).toEqual([]);
        expect(bySort(results['results']!)).toEqual(naive(splits.flat(), window));
      }),
      { numRuns: 300 },
    );
  }, 60_000);

  it('slide by deducting what leaves, with the same counts', async () => {
    await fc.assert(
      fc.asyncProperty(inputs, windows, manners, async ({ splits, disorderMs }, window, manner) => {
        const { batch, preaggregate, ...options } = manner;
        const windowed = job('windowed', (flow) => {
          flow
            .from(splitsOf(splits, batch))
            .eventTime((click) => click.at, { outOfOrderMs: disorderMs })
            .keyBy((click) => click.user)
            .window(window as WindowSpec, { preaggregate })
            .aggregate({ n: count() })
            .to(collect('results'));
        });
        const { results } = await simulate(windowed, options);
        const counts = (results['results'] as (Result & { n: number })[])
          .map(({ key, windowStart, n }) => `${windowStart} ${key} ${n}`)
          .sort();
        const expected = naive(splits.flat(), window).map(
          ({ key, windowStart, ids }) => `${windowStart} ${key} ${ids.length}`,
        );
        expect(counts).toEqual(expected.sort());
      }),
      { numRuns: 300 },
    );
  }, 60_000);

  it('over windows see each result at the last millisecond of its window', async () => {
    const clicks = Array.from({ length: 100 }, (_, id): Click => ({ user: 'ada', at: id, id }));
    const nested = job('nested', (flow) => {
      flow
        .from(splitsOf([clicks], 7))
        .eventTime((click) => click.at)
        .keyBy((click) => click.user)
        .window(tumbling({ sizeMs: 10 }))
        .aggregate(count())
        .keyBy((result) => result.key)
        .window(tumbling({ sizeMs: 50 }))
        .aggregate({ windows: count(), most: max((result) => result.value) })
        .to(collect('results'));
    });
    const { results } = await simulate(nested, { workers: 2 });
    expect(results['results']).toEqual([
      { key: 'ada', windowStart: 0, windowEnd: 50, windows: 5, most: 10 },
      { key: 'ada', windowStart: 50, windowEnd: 100, windows: 5, most: 10 },
    ]);
  });
});
