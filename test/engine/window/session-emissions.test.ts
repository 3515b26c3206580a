// Several results of one session: its bounds change with its records, so each names the results told before that it stands for.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../engine/time/clock.ts';
import {
  collect,
  collectValues,
  count,
  type Emission,
  job,
  session,
  type WindowOptions,
  type WindowSpan,
} from '../../../index.ts';
import { simulate } from '../../support/simulate-anywhere.ts';
import { oneByOne, type Read, scripted } from './scripted-source.ts';

interface Click {
  readonly user: string;
  readonly at: number;
  readonly id: number;
}

interface Result extends WindowSpan {
  readonly key: string;
  readonly emission: Emission;
  readonly revises?: readonly WindowSpan[];
  readonly ids: number[];
}

const sorted = (ids: readonly number[]): number[] => [...ids].sort((a, b) => a - b);
const nameOf = ({ windowStart, windowEnd }: WindowSpan): string => `[${windowStart}, ${windowEnd})`;

function textOf({ emission, ids, revises = [], ...span }: Omit<Result, 'key'>): string {
  const instead = revises.length === 0 ? '' : ` for ${revises.map(nameOf).sort().join(' and ')}`;
  return `${emission} ${nameOf(span)} ${sorted(ids)}${instead}`;
}

/** What each user is told, in order. */
function byUser(results: readonly unknown[] | undefined): Record<string, string[]> {
  const told: Record<string, string[]> = {};
  for (const { key, ...result } of results as Result[]) told[key] = [...(told[key] ?? []), textOf(result)];
  return told;
}

/** What is left when what was told is put right by each `revises`: by user, bounds and ids. */
function standing(results: readonly unknown[] | undefined): string[] {
  const left = new Map<string, number[]>();
  for (const { key, ids, revises = [], ...span } of results as Result[]) {
    for (const other of revises) expect(left.delete(`${key} ${nameOf(other)}`)).toBe(true);
    left.set(`${key} ${nameOf(span)}`, sorted(ids));
  }
  return [...left].map(([name, ids]) => `${name} ${ids}`).sort();
}

/** The sessions of all records, by sorting them. */
function sessionsOf(records: readonly Click[], gapMs: number): string[] {
  const told: string[] = [];
  for (const user of new Set(records.map((click) => click.user))) {
    const own = records.filter((click) => click.user === user).sort((a, b) => a.at - b.at);
    for (let from = 0, to = 0; from < own.length; from = to) {
      for (to = from + 1; to < own.length && own[to]!.at < own[to - 1]!.at + gapMs; to++);
      const bounds = { windowStart: own[from]!.at, windowEnd: own[to - 1]!.at + gapMs };
      told.push(`${user} ${nameOf(bounds)} ${sorted(own.slice(from, to).map(({ id }) => id))}`);
    }
  }
  return told.sort();
}

/** The definition, word by word, over records that come one by one. */
function toldOneByOne(records: readonly Click[], gapMs: number, outOfOrderMs: number, latenessMs: number) {
  const told: Record<string, string[]> = {};
  const late: number[] = [];
  let kept: { user: string; startMs: number; lastMs: number; ids: number[]; told: WindowSpan[] }[] = [];
  const tell = (one: (typeof kept)[number], emission: Emission): void => {
    const span = { windowStart: one.startMs, windowEnd: one.lastMs + gapMs };
    const revises = one.told.filter((other) => nameOf(other) !== nameOf(span));
    told[one.user] = [...(told[one.user] ?? []), textOf({ ...span, emission, revises, ids: one.ids })];
    one.told = [span];
  };
  let watermarkMs = Number.NEGATIVE_INFINITY;
  for (const { user, at, id } of [...records, { user: '', at: Number.POSITIVE_INFINITY, id: -1 }]) {
    kept = kept.filter(({ lastMs }) => lastMs + gapMs + latenessMs > watermarkMs);
    const touched = kept.filter((one) => one.user === user && at < one.lastMs + gapMs && one.startMs < at + gapMs);
    if (id >= 0 && touched.length === 0 && at + gapMs + latenessMs <= watermarkMs) late.push(id);
    else if (id >= 0) {
      const joined = {
        user,
        startMs: Math.min(at, ...touched.map(({ startMs }) => startMs)),
        lastMs: Math.max(at, ...touched.map(({ lastMs }) => lastMs)),
        ids: [...touched.flatMap(({ ids }) => ids), id],
        told: touched.flatMap((one) => one.told),
      };
      kept = [...kept.filter((one) => !touched.includes(one)), joined];
      if (joined.lastMs + gapMs <= watermarkMs) tell(joined, 'late');
    }
    const nextMs = Math.max(watermarkMs, at - outOfOrderMs);
    const ended = kept.filter(({ lastMs }) => lastMs + gapMs > watermarkMs && lastMs + gapMs <= nextMs);
    for (const one of ended.sort((a, b) => a.lastMs - b.lastMs)) tell(one, 'final');
    watermarkMs = nextMs;
  }
  return { told, late };
}

const clicks: fc.Arbitrary<Click[]> = fc
  .array(fc.record({ user: fc.constantFrom('ada', 'bob'), gap: fc.integer({ min: -40, max: 30 }) }), { maxLength: 30 })
  .map((steps) => {
    let at = 0;
    return steps.map(({ user, gap }, id) => {
      at += gap;
      return { user, at, id };
    });
  });

/** In batches of the given sizes, negative ones for pauses. */
function readAs(records: readonly Click[], pattern: readonly number[]): Read<Click>[] {
  const reads: Read<Click>[] = [];
  let at = 0;
  for (const size of pattern) {
    if (size <= 0) reads.push(...new Array<'idle'>(-size).fill('idle'));
    else if (at < records.length) reads.push(records.slice(at, at + size));
    at += Math.max(0, size);
  }
  if (at < records.length) reads.push(records.slice(at));
  return reads;
}

function sessionJob(
  splits: readonly (readonly Read<Click>[])[],
  time: { outOfOrderMs: number },
  gapMs: number,
  options: Pick<WindowOptions, 'allowedLatenessMs' | 'earlyMs'>,
) {
  return job('sessions', (flow) => {
    flow
      .from(scripted(splits))
      .eventTime((click) => click.at, time)
      .keyBy((click) => click.user)
      .window(session({ gapMs }), { ...options, late: (late) => late.to(collect('late')) })
      .aggregate({ ids: collectValues((click: Click) => click.id) })
      .to(collect('results'));
  });
}

const idsOf = (records: readonly unknown[] | undefined): number[] => sorted((records as Click[]).map(({ id }) => id));
const gaps = fc.integer({ min: 1, max: 30 });
const manners = fc.record({ workers: fc.constantFrom(1, 2, 3), seed: fc.nat() });

describe('late results of sessions', () => {
  it('tell anew what a record behind the watermark prolongs or joins, in place of what was told of it', async () => {
    const cases = fc.record({
      records: clicks,
      gapMs: gaps,
      outOfOrderMs: fc.integer({ min: 0, max: 10 }),
      latenessMs: fc.constantFrom(0, 1, 9, 40, 200),
      manner: manners,
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ records, gapMs, outOfOrderMs, latenessMs, manner }) => {
        const sessions = sessionJob([oneByOne(records)], { outOfOrderMs }, gapMs, { allowedLatenessMs: latenessMs });
        const { results } = await simulate(sessions, manner);
        const expected = toldOneByOne(records, gapMs, outOfOrderMs, latenessMs);
        expect(byUser(results['results'])).toEqual(expected.told);
        expect(idsOf(results['late'])).toEqual(sorted(expected.late));
      }),
      { numRuns: 400 },
    );
  }, 60_000);

  it('end in the sessions of all records, where the lateness allows for all, whatever the splits and interleaving', async () => {
    const cases = fc.record({
      splits: fc.array(fc.tuple(clicks, fc.array(fc.integer({ min: -8, max: 5 }))), { minLength: 1, maxLength: 3 }),
      gapMs: gaps,
      earlyMs: fc.option(fc.integer({ min: 1, max: 10 }), { nil: undefined }),
      manner: manners,
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ splits, gapMs, earlyMs, manner }) => {
        let id = 0;
        const all: Click[] = [];
        const reads = splits.map(([own, pattern]) => {
          const records = own.map((click) => ({ ...click, id: id++ }));
          all.push(...records);
          return readAs(records, pattern);
        });
        const options = { allowedLatenessMs: 10_000, ...(earlyMs === undefined ? {} : { earlyMs }) };
        const { results } = await simulate(sessionJob(reads, { outOfOrderMs: 0 }, gapMs, options), manner);
        expect(results['late']).toEqual([]);
        expect(standing(results['results'])).toEqual(sessionsOf(all, gapMs));
      }),
      { numRuns: 300 },
    );
  }, 60_000);

  const told = async (times: readonly number[], allowedLatenessMs: number): Promise<string[]> => {
    const records = times.map((at): Click => ({ user: 'ada', at, id: at }));
    const sessions = sessionJob([oneByOne(records)], { outOfOrderMs: 0 }, 10, { allowedLatenessMs });
    const { results } = await simulate(sessions, { workers: 1, seed: 1 });
    return byUser(results['results'])['ada'] ?? [];
  };

  it('stand for both sessions that a late record joins, and are told at once when those had ended', async () => {
    expect(await told([0, 15, 40, 8], 50)).toEqual([
      'final [0, 10) 0',
      'final [15, 25) 15',
      'late [0, 25) 0,8,15 for [0, 10) and [15, 25)',
      'final [40, 50) 40',
    ]);
  });

  it('wait for the end where a late record joins an ended session to an open one, which is told as final', async () => {
    expect(await told([0, 15, 20, 7, 60], 50)).toEqual([
      'final [0, 10) 0',
      'final [0, 30) 0,7,15,20 for [0, 10)',
      'final [60, 70) 60',
    ]);
  });

  it('are of a session that begins behind the watermark, too, as long as the lateness allows for it', async () => {
    expect(await told([0, 100, 79, 20], 15)).toEqual(['final [0, 10) 0', 'late [79, 89) 79', 'final [100, 110) 100']);
  });
});

describe('early results of sessions', () => {
  const paused = fc.tuple(clicks, fc.array(fc.integer({ min: -12, max: 3 }), { maxLength: 20 }));

  it('hold more and more of a session, each in place of those before it, until the final one', async () => {
    const cases = fc.record({ paused, gapMs: gaps, earlyMs: fc.integer({ min: 1, max: 10 }), manner: manners });
    await fc.assert(
      fc.asyncProperty(cases, async ({ paused: [records, pattern], gapMs, earlyMs, manner }) => {
        // Forward in time: none of them is late.
        const ahead = [...records].sort((a, b) => a.at - b.at);
        const { results } = await simulate(
          sessionJob([readAs(ahead, pattern)], { outOfOrderMs: 0 }, gapMs, { earlyMs }),
          manner,
        );
        const all = results['results'] as Result[];
        expect(standing(all)).toEqual(sessionsOf(ahead, gapMs));
        expect(all.filter(({ emission }) => emission === 'final')).toHaveLength(sessionsOf(ahead, gapMs).length);
        expect(all.filter(({ emission }) => emission === 'late')).toEqual([]);
      }),
      { numRuns: 200 },
    );
  }, 60_000);

  const click = (at: number): Click => ({ user: 'ada', at, id: at });
  const pause = Array.from({ length: 35 }, (): Read<Click> => 'idle');
  const reads = [[click(1)], ...pause, [click(9)], ...pause, [click(30)]];

  it('are told of sessions that have changed, and of no others', async () => {
    const sessions = sessionJob([reads], { outOfOrderMs: 0 }, 20, { earlyMs: 10 });
    const { results } = await simulate(sessions, { workers: 1, seed: 1, clock: new VirtualClock() });
    expect(byUser(results['results'])['ada']).toEqual([
      'early [1, 21) 1',
      'early [1, 29) 1,9 for [1, 21)',
      'final [1, 29) 1,9',
      'final [30, 50) 30',
    ]);
  });

  it('come from windows of processing time, too', async () => {
    const onClock = job('on the clock', (flow) => {
      flow
        .from(scripted([reads]))
        .keyBy(({ user }) => user)
        .window(session({ gapMs: 1_000, time: 'processing' }), { earlyMs: 10 })
        .aggregate(count())
        .map(({ emission, value }) => `${emission} ${value}`)
        .to(collect('results'));
    });
    const { results } = await simulate(onClock, { workers: 1, seed: 1, clock: new VirtualClock() });
    expect(results['results']).toEqual(['early 1', 'early 2', 'early 3', 'final 3']);
  });
});

describe('a result of a session that cannot be computed', () => {
  it('takes the place of nothing: what was told before is put right by the next one', async () => {
    const clicked = [0, 15, 40, 8, 9].map((at): Click => ({ user: 'ada', at, id: at }));
    const sessions = job('sessions', (flow) => {
      flow
        .from(scripted([oneByOne(clicked)]))
        .eventTime(({ at }) => at)
        .keyBy(({ user }) => user)
        .window(session({ gapMs: 10 }), { allowedLatenessMs: 100 })
        .aggregate({
          ids: {
            name: 'not three',
            create: (): number[] => [],
            add: (held: number[], one: unknown) => [...held, (one as Click).id],
            combine: (held: number[], other: number[]) => [...held, ...other],
            result: (held: number[]) => {
              if (held.length === 3) throw new Error('three');
              return held;
            },
          },
        })
        .onError('skip')
        .to(collect('results'));
    });
    const { results } = await simulate(sessions, { workers: 1, seed: 1 });
    expect(byUser(results['results'])['ada']).toEqual([
      'final [0, 10) 0',
      'final [15, 25) 15',
      'late [0, 25) 0,8,9,15 for [0, 10) and [15, 25)',
      'final [40, 50) 40',
    ]);
  });
});
