// Several results of one window: early ones by the clock on the wall, the final one, and late ones for records behind the watermark.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../engine/time/clock.ts';
import {
  collect,
  collectValues,
  count,
  type Emission,
  global,
  hopping,
  job,
  session,
  sliding,
  tumbling,
  type WindowOptions,
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
  readonly emission: Emission;
  readonly ids: number[];
  /** When it was told, by the job's clock. */
  readonly toldMs?: number;
}

type Windows = WindowSpec & { readonly kind: 'hopping' };

const windows: fc.Arbitrary<Windows> = fc.oneof(
  fc.integer({ min: 1, max: 40 }).map((sizeMs) => tumbling({ sizeMs }) as Windows),
  fc
    .record({ stepMs: fc.integer({ min: 1, max: 20 }), extra: fc.integer({ min: 0, max: 30 }) })
    .map(({ stepMs, extra }) => hopping({ sizeMs: stepMs + extra, stepMs }) as Windows),
);

const clicks: fc.Arbitrary<Click[]> = fc
  .array(fc.record({ user: fc.constantFrom('ada', 'bob'), gap: fc.integer({ min: -40, max: 30 }) }), { maxLength: 30 })
  .map((steps) => {
    let at = 0;
    return steps.map(({ user, gap }, id) => {
      at += gap;
      return { user, at, id };
    });
  });

function endsOf({ sizeMs, stepMs, offsetMs }: Windows, at: number): number[] {
  const ends: number[] = [];
  const lastStart = Math.floor((at - offsetMs) / stepMs) * stepMs + offsetMs;
  for (let start = lastStart; start + sizeMs > at; start -= stepMs) ends.push(start + sizeMs);
  return ends;
}

/** What each key and window tells, in order, when records come one by one. */
function toldOneByOne(records: readonly Click[], window: Windows, outOfOrderMs: number, latenessMs: number) {
  const held = new Map<string, { endMs: number; ids: number[] }>();
  const told: Record<string, string[]> = {};
  const tell = (name: string, emission: Emission): void => {
    told[name] = [...(told[name] ?? []), `${emission} ${held.get(name)!.ids}`];
  };
  let watermarkMs = Number.NEGATIVE_INFINITY;
  for (const { user, at, id } of [...records, { user: '', at: Number.POSITIVE_INFINITY, id: -1 }]) {
    if (id >= 0) {
      for (const endMs of endsOf(window, at)) {
        if (endMs + latenessMs <= watermarkMs) continue;
        const name = `${user} ${endMs}`;
        held.set(name, { endMs, ids: [...(held.get(name)?.ids ?? []), id] });
        if (endMs <= watermarkMs) tell(name, 'late');
      }
    }
    const nextMs = Math.max(watermarkMs, at - outOfOrderMs);
    for (const [name, { endMs }] of held) if (endMs > watermarkMs && endMs <= nextMs) tell(name, 'final');
    watermarkMs = nextMs;
  }
  return told;
}

function inOrder(results: readonly unknown[] | undefined): Record<string, string[]> {
  const told: Record<string, string[]> = {};
  for (const { key, windowEnd, emission, ids } of results as Result[]) {
    const name = `${key} ${windowEnd}`;
    told[name] = [...(told[name] ?? []), `${emission} ${[...ids].sort((a, b) => a - b)}`];
  }
  return told;
}

describe('late results', () => {
  it('tell a window anew for each record that comes within the allowed lateness, and no further', async () => {
    const cases = fc.record({
      records: clicks,
      window: windows,
      outOfOrderMs: fc.integer({ min: 0, max: 10 }),
      latenessMs: fc.constantFrom(0, 1, 9, 40),
      preaggregate: fc.boolean(),
      workers: fc.constantFrom(1, 2),
      seed: fc.nat(),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ records, window, outOfOrderMs, latenessMs, preaggregate, ...options }) => {
        const windowed = job('windowed', (flow) => {
          flow
            .from(scripted([oneByOne(records)]))
            .eventTime((click) => click.at, { outOfOrderMs })
            .keyBy((click) => click.user)
            .window(window, { allowedLatenessMs: latenessMs, preaggregate })
            .aggregate({ ids: collectValues((click: Click) => click.id) })
            .to(collect('results'));
        });
        const { results } = await simulate(windowed, options);
        expect(inOrder(results['results'])).toEqual(toldOneByOne(records, window, outOfOrderMs, latenessMs));
      }),
      { numRuns: 200 },
    );
  }, 60_000);

  it('count right where windows slide by deducting', async () => {
    const cases = fc.record({
      records: clicks,
      window: windows,
      latenessMs: fc.constantFrom(1, 9, 40),
      seed: fc.nat(),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ records, window, latenessMs, seed }) => {
        const windowed = job('windowed', (flow) => {
          flow
            .from(scripted([oneByOne(records)]))
            .eventTime((click) => click.at)
            .keyBy((click) => click.user)
            .window(window, { allowedLatenessMs: latenessMs })
            .aggregate(count())
            .to(collect('results'));
        });
        const { results } = await simulate(windowed, { workers: 1, seed });
        const counts: Record<string, string[]> = {};
        for (const result of results['results'] as (Result & { value: number })[]) {
          const name = `${result.key} ${result.windowEnd}`;
          counts[name] = [...(counts[name] ?? []), `${result.emission} ${result.value}`];
        }
        const expected = Object.entries(toldOneByOne(records, window, 0, latenessMs)).map(([name, told]) => [
          name,
          told.map((each) => each.replace(/ .*/, ` ${each.split(',').length}`)),
        ]);
        expect(counts).toEqual(Object.fromEntries(expected));
      }),
      { numRuns: 200 },
    );
  }, 60_000);
});

describe('early results', () => {
  const paused = fc
    .tuple(clicks, fc.array(fc.integer({ min: -12, max: 3 }), { maxLength: 20 }))
    .map(([records, pattern]) => {
      // Forward in time: none of them is late.
      const ahead = [...records].sort((a, b) => a.at - b.at);
      const reads: Read<Click>[] = [];
      let at = 0;
      for (const size of pattern) {
        if (size <= 0) reads.push(...new Array<'idle'>(-size).fill('idle'));
        else if (at < ahead.length) reads.push(ahead.slice(at, at + size));
        at += Math.max(0, size);
      }
      if (at < ahead.length) reads.push(ahead.slice(at));
      return { records: ahead, reads };
    });

  async function toldEarly(
    reads: readonly Read<Click>[],
    window: WindowSpec,
    options: WindowOptions & { earlyMs: number },
    simulated: { workers: number; seed: number },
  ): Promise<Result[]> {
    const clock = new VirtualClock();
    const windowed = job('windowed', (flow) => {
      flow
        .from(scripted([reads]))
        .eventTime((click) => click.at)
        .keyBy((click) => click.user)
        .window(window, options)
        .aggregate({ ids: collectValues((click: Click) => click.id) })
        .map((result) => ({ ...result, toldMs: clock.nowNs() / 1e6 }))
        .to(collect('results'));
    });
    const { results } = await simulate(windowed, { ...simulated, clock });
    return results['results'] as Result[];
  }

  const manners = fc.record({ workers: fc.constantFrom(1, 2), seed: fc.nat() });
  const finals = (records: readonly Click[], window: Windows): Record<string, number[]> => {
    const all: Record<string, number[]> = {};
    for (const { user, at, id } of records) {
      for (const endMs of endsOf(window, at)) all[`${user} ${endMs}`] = [...(all[`${user} ${endMs}`] ?? []), id];
    }
    return Object.fromEntries(Object.entries(all).map(([name, ids]) => [name, ids.sort((a, b) => a - b)]));
  };
  const byWindow = (results: readonly Result[]): Map<string, Result[]> => {
    const found = new Map<string, Result[]>();
    for (const result of results) {
      const name = `${result.key} ${result.windowEnd}`;
      found.set(name, [...(found.get(name) ?? []), result]);
    }
    return found;
  };

  it('accumulate: each holds what the one before held, and the final one all', async () => {
    const cases = fc.record({ paused, window: windows, earlyMs: fc.integer({ min: 1, max: 10 }), manner: manners });
    await fc.assert(
      fc.asyncProperty(cases, async ({ paused: { records, reads }, window, earlyMs, manner }) => {
        const told = byWindow(await toldEarly(reads, window, { earlyMs }, manner));
        const last: Record<string, number[]> = {};
        for (const [name, results] of told) {
          expect(results.map(({ emission }) => emission)).toEqual([...results.slice(1).map(() => 'early'), 'final']);
          for (let i = 1; i < results.length; i++) {
            for (const id of results[i - 1]!.ids) expect(results[i]!.ids).toContain(id);
            if (i > 1) expect(results[i - 1]!.toldMs! - results[i - 2]!.toldMs!).toBeGreaterThanOrEqual(earlyMs);
          }
          last[name] = [...results.at(-1)!.ids].sort((a, b) => a - b);
        }
        expect(last).toEqual(finals(records, window));
      }),
      { numRuns: 200 },
    );
  }, 60_000);

  it('discarding: each record is in one of them', async () => {
    const tumblings = fc.integer({ min: 1, max: 40 }).map((sizeMs) => tumbling({ sizeMs }) as Windows);
    const cases = fc.record({ paused, window: tumblings, earlyMs: fc.integer({ min: 1, max: 10 }), manner: manners });
    await fc.assert(
      fc.asyncProperty(cases, async ({ paused: { records, reads }, window, earlyMs, manner }) => {
        const told = byWindow(await toldEarly(reads, window, { earlyMs, discarding: true }, manner));
        const all: Record<string, number[]> = {};
        for (const [name, results] of told) {
          all[name] = results.flatMap(({ ids }) => ids).sort((a, b) => a - b);
          for (const { ids } of results) expect(ids).not.toEqual([]);
        }
        expect(all).toEqual(finals(records, window));
      }),
      { numRuns: 200 },
    );
  }, 60_000);

  it('are told while the source has nothing more to read', async () => {
    const click = (at: number): Click => ({ user: 'ada', at, id: at });
    const pause = Array.from({ length: 35 }, (): Read<Click> => 'idle');
    const told = await toldEarly(
      [[click(1)], ...pause, [click(2)], ...pause],
      tumbling({ sizeMs: 100 }),
      { earlyMs: 10 },
      { workers: 1, seed: 1 },
    );
    expect(told.map(({ emission, ids }) => `${emission} ${ids}`)).toEqual([
      ...new Array(3).fill('early 1'),
      ...new Array(3).fill('early 1,2'),
      'final 1,2',
    ]);
  });
});

describe('options of windows', () => {
  const windowed = (window: () => WindowSpec, options: object) => () =>
    job('windowed', (flow) => {
      flow
        .from([1])
        .eventTime((at) => at)
        .keyBy((at) => at)
        .window(window(), options)
        .aggregate(count())
        .to(collect('results'));
    }).graph({});

  it('are refused with every problem named', () => {
    const day = () => tumbling({ sizeMs: 1_000 });
    expect(windowed(day, { allowedLatenessMs: -1, earlyMs: 0.5 })).toThrow(
      /allowedLatenessMs must be a whole number of milliseconds, 0 or more: allowedLatenessMs=-1; earlyMs must .* earlyMs=0.5/,
    );
    expect(windowed(day, { lateness: 1 })).toThrow(/no option 'lateness'/);
    expect(windowed(day, { discarding: true, allowedLatenessMs: 1 })).toThrow(/discarding needs tumbling windows/);
    expect(windowed(() => hopping({ sizeMs: 10, stepMs: 5 }), { discarding: true })).toThrow(
      /discarding needs tumbling/,
    );
    expect(windowed(() => session({ gapMs: 10 }), { discarding: true })).toThrow(
      /session windows have no option 'discarding'/,
    );
    expect(windowed(() => sliding({ sizeMs: 10 }), { earlyMs: 5, allowedLatenessMs: 0 })).toThrow(
      /sliding windows have no option 'allowedLatenessMs', 'earlyMs'/,
    );
    expect(windowed(() => global({ everyCount: 10 }), { earlyMs: 5 })).toThrow(
      /global windows have no option 'earlyMs'/,
    );
    expect(windowed(() => session({ gapMs: 10, time: 'processing' }), { allowedLatenessMs: 0 })).toThrow(
      /windows of processing time have no option 'allowedLatenessMs'/,
    );
    expect(windowed(() => hopping({ sizeMs: 0, stepMs: 1.5, offsetMs: 0.1 }), {})).toThrow(
      /sizeMs must be .* sizeMs=0; stepMs must be .* stepMs=1.5; offsetMs must be .* offsetMs=0.1; stepMs must not be larger/,
    );
    expect(windowed(() => tumbling({ sizeMs: Number.NaN }), {})).toThrow(/^sizeMs must be [^;]* sizeMs=NaN \(/);
  });

  it('need event time before', () => {
    const untimed = job('untimed', (flow) => {
      flow
        .from([1])
        .keyBy((at) => at)
        .window(tumbling({ sizeMs: 1 }))
        .aggregate(count())
        .to(collect('results'));
    });
    expect(() => untimed.graph({})).toThrow(/a window needs event time/);
  });
});
