// Which records are late. The definition (docs/guide-event-time.md): a record is late for windows when, as it reaches their operator,
// the operator's watermark has passed the end of the last window that holds it by the allowed lateness; for sessions, when the session
// that it would begin has ended by the allowed lateness and none that is kept takes it.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../engine/limits.ts';
import type { HoppingWindow, SessionWindow } from '../../../engine/window/window-spec.ts';
import {
  collect,
  collectValues,
  count,
  hopping,
  job,
  type Stream,
  session,
  tumbling,
  type WindowOptions,
  type WindowSpan,
  type WindowSpec,
} from '../../../index.ts';
import { simulate } from '../../support/simulate-anywhere.ts';
import { oneByOne, type Read, scripted } from './scripted-source.ts';

interface Click {
  readonly user: string;
  readonly at: number;
  readonly id: number;
}

interface Result {
  readonly key: string;
  readonly windowStart: number;
  readonly windowEnd: number;
  readonly revises?: readonly WindowSpan[];
  readonly ids: number[];
}

const clicks = (maxLength: number): fc.Arbitrary<Click[]> =>
  fc
    .array(fc.record({ user: fc.constantFrom('ada', 'bob'), gap: fc.integer({ min: -40, max: 30 }) }), { maxLength })
    .map((steps) => {
      let at = 0;
      return steps.map(({ user, gap }, id) => {
        at += gap;
        return { user, at, id };
      });
    });

const windows: fc.Arbitrary<HoppingWindow | SessionWindow> = fc.oneof(
  fc.record({ sizeMs: fc.integer({ min: 1, max: 40 }), offsetMs: fc.integer({ min: -20, max: 20 }) }).map(tumbling),
  fc
    .record({ stepMs: fc.integer({ min: 1, max: 20 }), extra: fc.integer({ min: 0, max: 30 }) })
    .map(({ stepMs, extra }) => hopping({ sizeMs: stepMs + extra, stepMs })),
  fc.integer({ min: 1, max: 30 }).map((gapMs) => session({ gapMs })),
);

/** The definition, word by word, over records that come one by one, each with the watermark of those before it. */
function lateByDefinition(
  records: readonly Click[],
  window: HoppingWindow | SessionWindow,
  outOfOrderMs: number,
  latenessMs: number,
) {
  const late: number[] = [];
  let watermarkMs = Number.NEGATIVE_INFINITY;
  let open: { user: string; startMs: number; lastMs: number }[] = [];
  for (const { user, at, id } of records) {
    if (window.kind === 'hopping') {
      const { sizeMs, stepMs, offsetMs } = window;
      const lastStart = Math.floor((at - offsetMs) / stepMs) * stepMs + offsetMs;
      if (lastStart + sizeMs + latenessMs <= watermarkMs) late.push(id);
    } else {
      const { gapMs } = window;
      open = open.filter(({ lastMs }) => lastMs + gapMs + latenessMs > watermarkMs);
      const touched = open.filter((s) => s.user === user && at < s.lastMs + gapMs && s.startMs < at + gapMs);
      if (touched.length === 0 && at + gapMs + latenessMs <= watermarkMs) late.push(id);
      else {
        const startMs = Math.min(at, ...touched.map((s) => s.startMs));
        const lastMs = Math.max(at, ...touched.map((s) => s.lastMs));
        open = [...open.filter((s) => !touched.includes(s)), { user, startMs, lastMs }];
      }
    }
    watermarkMs = Math.max(watermarkMs, at - outOfOrderMs);
  }
  return late;
}

function windowedJob(
  splits: readonly (readonly Read<Click>[])[],
  time: { outOfOrderMs: number; idleMs?: number },
  window: WindowSpec,
  options: WindowOptions,
) {
  return job('windowed', (flow) => {
    flow
      .from(scripted(splits))
      .eventTime((click) => click.at, time)
      .keyBy((click) => click.user)
      .window(window, { ...options, late: (late) => late.to(collect('late')) })
      .aggregate({ ids: collectValues((click: Click) => click.id) })
      .to(collect('results'));
  });
}

/** In batches of the given sizes, negative ones for pauses; what is left, by three. */
function readAs(records: readonly Click[], sizes: readonly number[]): Read<Click>[] {
  const reads: Read<Click>[] = [];
  let at = 0;
  for (const size of sizes) {
    if (at >= records.length) break;
    if (size <= 0) reads.push(...new Array<'idle'>(-size).fill('idle'));
    else reads.push(records.slice(at, at + size));
    at += Math.max(0, size);
  }
  for (; at < records.length; at += 3) reads.push(records.slice(at, at + 3));
  return reads;
}

const sorted = (ids: readonly number[]): number[] => [...ids].sort((a, b) => a - b);
const idsOf = (records: readonly unknown[] | undefined): number[] => (records as Click[]).map(({ id }) => id);

describe('late records', () => {
  it('are exactly those that the definition calls late, when records come one by one', async () => {
    const cases = fc.record({
      records: clicks(40),
      window: windows,
      outOfOrderMs: fc.integer({ min: 0, max: 20 }),
      latenessMs: fc.constantFrom(0, 1, 7, 25),
      preaggregate: fc.boolean(),
      workers: fc.constantFrom(1, 2),
      seed: fc.nat(),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ records, window, outOfOrderMs, latenessMs, preaggregate, workers, seed }) => {
        const allowed = latenessMs > 0 ? { allowedLatenessMs: latenessMs } : {};
        const windowed = windowedJob([oneByOne(records)], { outOfOrderMs }, window, { preaggregate, ...allowed });
        const { results, stages } = await simulate(windowed, { workers, seed });
        const expected = lateByDefinition(records, window, outOfOrderMs, latenessMs);
        expect(sorted(idsOf(results['late']))).toEqual(sorted(expected));
        expect(stages.reduce((sum, { recordsLate }) => sum + recordsLate, 0)).toBe(expected.length);
      }),
      { numRuns: 300 },
    );
  }, 60_000);

  it('that are late for some windows count in the others, also where windows slide over panes that were packed', async () => {
    const cases = fc.record({
      records: clicks(40),
      stepMs: fc.integer({ min: 1, max: 12 }),
      steps: fc.integer({ min: 2, max: 6 }),
      workers: fc.constantFrom(1, 2),
      seed: fc.nat(),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ records, stepMs, steps, workers, seed }) => {
        const sizeMs = stepMs * steps;
        const counted = job('counted', (flow) => {
          flow
            .from(scripted([oneByOne(records)]))
            .eventTime((click) => click.at)
            .keyBy((click) => click.user)
            .window(hopping({ sizeMs, stepMs }))
            .aggregate(count())
            .to(collect('results'));
        });
        const expected = new Map<string, number>();
        let watermarkMs = Number.NEGATIVE_INFINITY;
        for (const { user, at } of records) {
          for (let endMs = Math.floor(at / stepMs) * stepMs + sizeMs; endMs > at; endMs -= stepMs) {
            const window = `${user} ${endMs}`;
            if (endMs > watermarkMs) expected.set(window, (expected.get(window) ?? 0) + 1);
          }
          watermarkMs = Math.max(watermarkMs, at);
        }
        const { results } = await simulate(counted, { workers, seed });
        const told = results['results'] as { key: string; windowEnd: number; value: number }[];
        expect(told.length).toBe(expected.size);
        expect(new Map(told.map(({ key, windowEnd, value }) => [`${key} ${windowEnd}`, value]))).toEqual(expected);
      }),
      { numRuns: 200 },
    );
  }, 60_000);

  it('and results together hold every record, never both, whatever the splits, workers, pauses and interleaving', async () => {
    const splits = fc.array(fc.tuple(clicks(30), fc.array(fc.integer({ min: -8, max: 5 }))), {
      minLength: 1,
      maxLength: 4,
    });
    const cases = fc.record({
      splits,
      window: windows,
      idleMs: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }),
      outOfOrderMs: fc.integer({ min: 0, max: 20 }),
      latenessMs: fc.constantFrom(0, 7),
      preaggregate: fc.boolean(),
      workers: fc.constantFrom(1, 2, 3),
      seed: fc.nat(),
      laneBytes: fc.constantFrom(LIMITS.minLaneBytes, LIMITS.defaultLaneBytes),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ splits: given, window, idleMs, latenessMs, ...manner }) => {
        const { outOfOrderMs, preaggregate, ...options } = manner;
        let id = 0;
        const all: Click[] = [];
        const reads = given.map(([own, pattern]) => {
          const records = own.map((click) => ({ ...click, id: id++ }));
          all.push(...records);
          return readAs(records, pattern);
        });
        const time = idleMs === undefined ? { outOfOrderMs } : { outOfOrderMs, idleMs };
        const allowed = latenessMs > 0 ? { allowedLatenessMs: latenessMs } : {};
        const windowed = windowedJob(reads, time, window, { preaggregate, ...allowed });
        const { results, stages } = await simulate(windowed, options);
        const late = idsOf(results['late']);
        // Of several results of a window, each holds what the one before it held, and more.
        const told = new Map<string, number[]>();
        for (const { key, windowStart, windowEnd, revises = [], ids } of results['results'] as Result[]) {
          const name = `${key} ${windowStart} ${windowEnd}`;
          const others = revises.map((span) => `${key} ${span.windowStart} ${span.windowEnd}`);
          for (const other of others) expect(told.has(other)).toBe(true);
          for (const before of [name, ...others]) for (const had of told.get(before) ?? []) expect(ids).toContain(had);
          expect(new Set(ids).size).toBe(ids.length);
          for (const other of others) told.delete(other);
          told.set(name, ids);
        }
        const inResults = [...told.values()].flat();
        const counted = new Set(inResults);
        if (window.kind === 'session') expect(inResults.length).toBe(counted.size);
        expect(new Set(late).size).toBe(late.length);
        expect(late.filter((one) => counted.has(one))).toEqual([]);
        expect(sorted([...counted, ...late])).toEqual(all.map((click) => click.id));
        expect(stages.reduce((sum, { recordsLate }) => sum + recordsLate, 0)).toBe(late.length);
      }),
      { numRuns: 400 },
    );
  }, 90_000);

  it('are those of a sender that was idle meanwhile, and what it had combined before is in time', async () => {
    const click = (at: number): Click => ({ user: 'ada', at, id: at });
    const pause = Array.from({ length: 10 }, (): Read<Click> => 'idle');
    const slow = [[click(5)], ...pause, ...pause, ...pause, [click(6)], [click(250)]];
    const fast = [[click(1)], ...pause, [click(100)], ...pause, [click(200)]];
    for (let seed = 0; seed < 20; seed++) {
      const windowed = windowedJob([slow, fast], { outOfOrderMs: 0, idleMs: 5 }, tumbling({ sizeMs: 10 }), {});
      const { results } = await simulate(windowed, { workers: 2, seed });
      expect(idsOf(results['late'])).toEqual([6]);
      const counted = (results['results'] as Result[]).map(({ ids }) => sorted(ids));
      expect(counted.sort((a, b) => a[0]! - b[0]!)).toEqual([[1, 5], [100], [200], [250]]);
    }
  });

  it('leave windows as they were when they come while all inputs are idle', async () => {
    const click = (at: number, id: number): Click => ({ user: 'ada', at, id });
    const pause = Array.from({ length: 10 }, (): Read<Click> => 'idle');
    // More records than a frame holds: the first frame still says that its sender is idle.
    const stragglers = Array.from({ length: 400 }, (_, id) => click(12, 1000 + id));
    const reads = [
      [click(5, 0)],
      [click(15, 1)],
      [click(22, 2)],
      ...pause,
      stragglers,
      stragglers,
      ...pause,
      [click(90, 3)],
    ];
    const windowed = windowedJob([reads], { outOfOrderMs: 0, idleMs: 3 }, tumbling({ sizeMs: 10 }), {
      allowedLatenessMs: 1_000,
    });
    const { results } = await simulate(windowed, { workers: 1, seed: 1, laneBytes: LIMITS.defaultLaneBytes });
    const last = new Map((results['results'] as Result[]).map((result) => [result.windowStart, result.ids.length]));
    expect([...last]).toEqual([
      [0, 1],
      [10, 801],
      [20, 1],
      [90, 1],
    ]);
  });

  it('that an aggregate cannot take are skipped by policy, and leave no empty result behind', async () => {
    const click = (at: number, id: number): Click => ({ user: id < 0 ? 'eve' : 'ada', at, id });
    const windowed = job('windowed', (flow) => {
      flow
        .from(scripted([oneByOne([click(5, 0), click(35, 1), click(7, -1), click(90, 2)])]))
        .eventTime((each) => each.at)
        .keyBy((each) => each.user)
        .window(hopping({ sizeMs: 40, stepMs: 10 }), { preaggregate: false })
        .aggregate({
          sum: {
            name: 'positive',
            create: () => 0,
            add: (held: number, value: unknown) => {
              if ((value as Click).id < 0) throw new Error('negative');
              return held + (value as Click).id;
            },
            combine: (held: number, other: number) => held + other,
            result: (held: number) => held,
          },
        })
        .onError('skip')
        .to(collect('results'));
    });
    const { results, stages } = await simulate(windowed, { workers: 1, seed: 1 });
    expect((results['results'] as Result[]).filter(({ key }) => key === 'eve')).toEqual([]);
    expect(stages.reduce((sum, { recordsSkipped }) => sum + recordsSkipped, 0)).toBe(1);
  });

  const lateOnes = [5, 25, 6, 27, 3].map((at): Click => ({ user: 'ada', at, id: at }));

  it.each([1, 2])('can go on as any other stream: operators, sinks, other streams, on %i workers', async (workers) => {
    const written: unknown[] = [];
    const sink = {
      name: 'written',
      open: () => ({
        write: (records: readonly unknown[]) => {
          written.push(...records);
        },
      }),
    };
    const windowed = job('windowed', (flow) => {
      let late: Stream<Click> | undefined;
      const results = flow
        .from(scripted([oneByOne(lateOnes)]))
        .eventTime((click) => click.at)
        .keyBy((click) => click.user)
        .window(tumbling({ sizeMs: 10 }), {
          late: (records) => {
            late = records;
          },
        })
        .aggregate(count());
      late!.flatMap((click) => [click.id, click.id]).to(collect('twice'));
      late!.mapAsync(async (click) => click.id).to(collect('async'));
      late!.to(sink as never);
      late!
        .map((click) => {
          if (click.id === 3) throw new Error('three');
          return click.id;
        })
        .onError('skip')
        .to(collect('not three'));
      results.merge(late!.map((click) => click.id)).to(collect('all'));
    });
    const { results, stages } = await simulate(windowed, { workers, seed: 3 });
    expect(results['twice']).toEqual([6, 6, 3, 3]);
    expect(results['async']).toEqual([6, 3]);
    expect(written.map((click) => (click as Click).id)).toEqual([6, 3]);
    expect(results['not three']).toEqual([6]);
    expect(results['all']!.filter((each) => typeof each === 'number')).toEqual([6, 3]);
    expect(results['all']).toHaveLength(4);
    expect(stages.reduce((sum, { recordsSkipped }) => sum + recordsSkipped, 0)).toBe(1);
  });

  it('fail the job with the operator behind them at fault, whatever the policy of the window', async () => {
    const windowed = job('windowed', (flow) => {
      flow
        .from(scripted([oneByOne(lateOnes)]))
        .eventTime((click) => click.at)
        .keyBy((click) => click.user)
        .window(tumbling({ sizeMs: 10 }), {
          late: (late) => {
            late
              .map(() => {
                throw new Error('mine');
              })
              .named('behind')
              .to(collect('late'));
          },
        })
        .aggregate(count())
        .onError('skip')
        .to(collect('results'));
    });
    await expect(simulate(windowed, { workers: 1, seed: 1 })).rejects.toMatchObject({ place: { operator: 'behind' } });
  });

  it('are counted again in windows that are longer, as far as those are still open', async () => {
    const windowed = job('windowed', (flow) => {
      flow
        .from(scripted([oneByOne(lateOnes)]))
        .eventTime((click) => click.at)
        .keyBy((click) => click.user)
        .window(tumbling({ sizeMs: 10 }), {
          late: (late) => {
            late
              .keyBy((click) => click.user)
              .window(tumbling({ sizeMs: 1_000 }))
              .aggregate(count())
              .to(collect('in a second'));
          },
        })
        .aggregate(count())
        .to(collect('results'));
    });
    const { results } = await simulate(windowed, { workers: 2, seed: 1 });
    expect(results['in a second']).toEqual([{ key: 'ada', windowStart: 0, windowEnd: 1_000, value: 2 }]);
  });
});
