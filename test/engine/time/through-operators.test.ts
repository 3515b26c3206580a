// Watermarks through every operator: none overtakes a record that was before it, and none is held up for good.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { collect, count, job, type Stream, tumbling } from '../../../index.ts';
import { simulate } from '../../../testing/index.ts';
import { type Read, scripted } from '../window/scripted-source.ts';

interface Tick {
  readonly at: number;
  readonly id: number;
}

type Fragment = (stream: Stream<Tick>) => Stream<Tick>;

const later = (turns: number): Promise<void> =>
  turns === 0 ? Promise.resolve() : new Promise((resolve) => setImmediate(() => resolve(later(turns - 1))));

/** What stands between the clock and the windows. Records that come twice from here are counted twice. */
const FRAGMENTS: Record<string, { readonly fragment: Fragment; readonly copies?: (workers: number) => number }> = {
  nothing: { fragment: (s) => s },
  map: { fragment: (s) => s.map((tick) => ({ ...tick })) },
  filter: { fragment: (s) => s.filter(({ id }) => id >= 0) },
  peek: { fragment: (s) => s.peek(() => {}) },
  flatMap: { fragment: (s) => s.flatMap((tick) => [tick, tick]), copies: () => 2 },
  'flatMap of none or many': {
    fragment: (s) => s.flatMap((tick) => Array.from({ length: 3 }, () => tick)),
    copies: () => 3,
  },
  'mapAsync in order': {
    fragment: (s) => s.mapAsync((tick) => later(tick.id % 4).then(() => tick), { concurrency: 3 }),
  },
  'mapAsync out of order': {
    fragment: (s) => s.mapAsync((tick) => later(tick.id % 5).then(() => tick), { concurrency: 4, ordered: false }),
  },
  'split and merge': {
    fragment: (s) => {
      const { even, otherwise } = s.split({ even: ({ id }) => id % 2 === 0 });
      return even.merge(otherwise);
    },
  },
  'split, one branch slower': {
    fragment: (s) => {
      const { even, otherwise } = s.split({ even: ({ id }) => id % 2 === 0 });
      return even.mapAsync((tick) => later(2).then(() => tick)).merge(otherwise);
    },
  },
  'merge with itself': { fragment: (s) => s.merge(s.map((tick) => tick)), copies: () => 2 },
  rebalance: { fragment: (s) => s.rebalance() },
  'fewer actors': { fragment: (s) => s.map((tick) => tick).parallelism(1) },
  broadcast: { fragment: (s) => s.broadcast(), copies: (workers) => workers },
  keyBy: { fragment: (s) => s.keyBy(({ id }) => id % 7).map((tick) => tick) },
  'forward lanes': {
    fragment: (s) =>
      s
        .keyBy(({ id }) => id % 3)
        .map((tick) => tick)
        .merge(s),
    copies: () => 2,
  },
  'another clock': { fragment: (s) => s.flatMap((tick) => [tick]).eventTime(({ at }) => at, { outOfOrderMs: 100 }) },
};

const names = Object.keys(FRAGMENTS);

/** Splits that run forward, each record at most `disorderMs` behind. */
const inputs = fc
  .record({
    disorderMs: fc.integer({ min: 0, max: 8 }),
    splits: fc.array(fc.array(fc.record({ gap: fc.nat({ max: 4 }), back: fc.nat({ max: 8 }) }), { maxLength: 60 }), {
      minLength: 1,
      maxLength: 3,
    }),
    batch: fc.integer({ min: 1, max: 7 }),
  })
  .map(({ disorderMs, splits, batch }) => {
    let id = 0;
    const ticks = splits.map((steps) => {
      let latest = 0;
      return steps.map(({ gap, back }): Tick => {
        latest += gap;
        return { at: latest - (back % (disorderMs + 1)), id: id++ };
      });
    });
    return { disorderMs, ticks, batch };
  });

function batches(ticks: readonly Tick[], batch: number): Read<Tick>[] {
  return Array.from({ length: Math.ceil(ticks.length / batch) }, (_, n) => ticks.slice(n * batch, (n + 1) * batch));
}

describe('watermarks', () => {
  it('pass through chains of operators without overtaking a record', async () => {
    const cases = fc.record({
      input: inputs,
      // Behind lanes, disorder is whatever the interleaving makes of it: a second clock would have to allow for that.
      chain: fc.array(fc.constantFrom(...names.filter((name) => name !== 'another clock')), { maxLength: 3 }),
      options: fc.record({ workers: fc.constantFrom(1, 2, 3), seed: fc.nat() }),
      preaggregate: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ input: { disorderMs, ticks, batch }, chain, options, preaggregate }) => {
        const counting = job('counting', (flow) => {
          let stream: Stream<Tick> = flow
            .from(scripted(ticks.map((own) => batches(own, batch))))
            .eventTime(({ at }) => at, { outOfOrderMs: disorderMs });
          for (const name of chain) stream = FRAGMENTS[name]!.fragment(stream);
          stream
            .keyBy(({ id }) => id % 2)
            .window(tumbling({ sizeMs: 1 }), { preaggregate, late: (late) => late.to(collect('late')) })
            .aggregate(count())
            .to(collect('counts'));
        });
        const { results } = await simulate(counting, options);
        expect(results['late']).toEqual([]);
        const copies = chain.reduce((times, name) => times * (FRAGMENTS[name]!.copies?.(options.workers) ?? 1), 1);
        const expected = new Map<string, number>();
        for (const { at, id } of ticks.flat()) {
          const name = `${id % 2} ${at}`;
          expected.set(name, (expected.get(name) ?? 0) + copies);
        }
        const counts = results['counts'] as { key: number; windowStart: number; value: number }[];
        const found = new Map(counts.map(({ key, windowStart, value }) => [`${key} ${windowStart}`, value]));
        expect(counts).toHaveLength(found.size);
        expect(found).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  }, 120_000);

  it.each(names)('arrive while the source still runs, also behind records that go no further: %s', async (name) => {
    const pause = Array.from({ length: 40 }, (): Read<Tick> => 'idle');
    const ticks = Array.from({ length: 50 }, (_, id): Tick => ({ at: id * 10, id }));
    const dropped = { at: 5_000, id: 1_000 };
    const last = { at: 6_000, id: 50 };
    for (const workers of [1, 2]) {
      for (let seed = 0; seed < 5; seed++) {
        const told = new Set<number>();
        const toldBefore: number[][] = [];
        const behind = [...pause, [dropped], ...pause, [last]];
        const source = scripted<Tick>([
          [ticks, ...behind],
          [ticks.slice(0, 30), ticks.slice(30), ...behind],
        ]);
        const counting = job('counting', (flow) => {
          const timed = flow
            .from(source)
            .peek(({ id }) => {
              if (id >= 50) toldBefore.push([...told].sort((a, b) => a - b));
            })
            .eventTime(({ at }) => at, { outOfOrderMs: 20 });
          FRAGMENTS[name]!.fragment(timed)
            .filter(({ id }) => id <= 50)
            .keyBy(({ id }) => id)
            .window(tumbling({ sizeMs: 10 }), { preaggregate: seed % 2 === 0 })
            .aggregate(count())
            .peek(({ windowStart }) => told.add(windowStart))
            .to(collect('counts'));
        });
        await simulate(counting, { workers, seed });
        // Up to 490 - 20; the second clock holds back for longer. Behind the record that is dropped, all.
        const [first, , third] = toldBefore;
        const late = name === 'another clock' ? 100 : 20;
        expect(first).toEqual(ticks.filter(({ at }) => at + 10 <= 490 - late).map(({ at }) => at));
        expect(third).toEqual(ticks.map(({ at }) => at));
        expect(told.has(last.at)).toBe(true);
      }
    }
  });

  it('stay behind what one record yields, however long that takes to draw', async () => {
    const ticks = Array.from({ length: 40 }, (_, id): Tick => ({ at: id * 10, id }));
    for (let seed = 0; seed < 10; seed++) {
      const counting = job('counting', (flow) => {
        flow
          .from(scripted([batches(ticks, 4)]))
          .eventTime(({ at }) => at)
          .flatMap((tick) => Array.from({ length: tick.id % 4 === 0 ? 1_300 : 1 }, () => tick))
          .keyBy(() => 'all')
          .window(tumbling({ sizeMs: 10 }), { preaggregate: false, late: (late) => late.to(collect('late')) })
          .aggregate(count())
          .to(collect('counts'));
      });
      const { results } = await simulate(counting, { workers: 1, seed });
      expect(results['late']).toEqual([]);
      const counts = (results['counts'] as { value: number }[]).map(({ value }) => value);
      expect(counts).toEqual(Array.from({ length: 40 }, (_, id) => (id % 4 === 0 ? 1_300 : 1)));
    }
  });

  it('of two sources that are merged are those of the slower one, until it is idle or at its end', async () => {
    const told: number[] = [];
    const toldAt: Record<string, number[]> = {};
    const pause = (length: number): Read<Tick>[] => Array.from({ length }, () => 'idle');
    const tick = (at: number): Tick => ({ at, id: at });
    const mark =
      (name: string) =>
      (_: Tick): void => {
        toldAt[name] ??= [...told];
      };
    const merged = job('merged', (flow) => {
      const fast = flow
        .from(scripted([[[tick(5), tick(105)], ...pause(50), [tick(205)], ...pause(80)]]))
        .eventTime(({ at }) => at);
      const slow = flow
        .from(scripted([[[tick(7)], ...pause(20), [tick(17)], ...pause(90), [tick(107)]]]))
        .peek(mark('slow'))
        .eventTime(({ at }) => at, { idleMs: 40 });
      fast
        .merge(slow)
        .keyBy(() => 'all')
        .window(tumbling({ sizeMs: 10 }), { late: (late) => late.to(collect('late')) })
        .aggregate(count())
        .peek(({ windowStart }) => told.push(windowStart))
        .to(collect('counts'));
    });
    const { results } = await simulate(merged, { workers: 1, seed: 1 });
    // The slow one was idle while the fast one went on to 205, and comes back behind that.
    expect(results['late']).toEqual([tick(107)]);
    expect(told).toEqual([0, 10, 100, 200]);
  });

  it('are told in the metrics of each stage that they reach', async () => {
    const ticks = Array.from({ length: 50 }, (_, id): Tick => ({ at: id * 10, id }));
    const counting = job('counting', (flow) => {
      flow
        .from(scripted([batches(ticks, 5)]))
        .eventTime(({ at }) => at, { outOfOrderMs: 20 })
        .keyBy(({ id }) => id)
        .window(tumbling({ sizeMs: 10 }))
        .aggregate(count())
        .keyBy(({ key }) => key)
        .aggregate(count())
        .to(collect('counts'));
    });
    const { stages } = await simulate(counting, { workers: 2, seed: 1 });
    const told = stages.map(({ eventTime }) => eventTime && [eventTime.state, eventTime.watermarkMs]);
    expect(told[0]).toEqual(['over', 470]);
    expect(told[1]![0]).toBe('over');
    expect(told.at(-1)).toBeUndefined();
  });
});
