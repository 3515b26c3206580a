// The first record of each key, the last one, and records by time, against the definition of each.

import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { VirtualClock } from '../../../engine/time/clock.ts';
import { collect, dedupe, job, lastPerKey, type Stream, sortByTime } from '../../../index.ts';
import { simulate } from '../../../testing/index.ts';
import { arriving } from '../process/arriving.ts';
import { type Click, inputs, manners, splitsOf } from '../process/clicks.ts';

function byUser(clicks: readonly Click[]): Map<string, Click[]> {
  const users = new Map<string, Click[]>();
  for (const click of clicks) users.set(click.user, [...(users.get(click.user) ?? []), click]);
  return users;
}

describe('dedupe', () => {
  it('passes the first record of each key, and the next one when the time is over', async () => {
    await fc.assert(
      fc.asyncProperty(
        inputs,
        fc.option(fc.integer({ min: 1, max: 40 }), { nil: undefined }),
        manners,
        async (input, withinMs, manner) => {
          const { batch, ...options } = manner;
          const clicks = input.splits[0]!;
          const deduped = job('deduped', (flow) => {
            const stream = flow
              .from(splitsOf([clicks], batch))
              .eventTime((click) => click.at, { outOfOrderMs: input.disorderMs });
            const passed = dedupe(
              stream.keyBy((click) => click.user),
              withinMs === undefined ? {} : { withinMs },
            );
            expectTypeOf(passed).toEqualTypeOf<Stream<Click>>();
            passed.to(collect('passed'));
          });
          const { results } = await simulate(deduped, options);
          const got = byUser(results['passed'] as Click[]);
          for (const [user, own] of byUser(clicks)) {
            const expected: Click[] = [];
            for (const click of own) {
              const last = expected.at(-1);
              if (last === undefined || (withinMs !== undefined && click.at >= last.at + withinMs))
                expected.push(click);
            }
            expect(got.get(user)).toEqual(expected);
          }
        },
      ),
      { numRuns: 200 },
    );
  }, 60_000);

  it('goes by the clock where there is no event time, and forgets keys whose time is over', async () => {
    const clock = new VirtualClock();
    const deduped = job('deduped', (flow) => {
      const stream = flow.from(
        arriving(
          [0, 5, 9, 10, 30].map((at) => [at, at]),
          () => clock.nowNs() / 1e6,
        ),
      );
      dedupe(
        stream.keyBy(() => 'all'),
        { withinMs: 10 },
      ).to(collect('passed'));
    });
    expect((await simulate(deduped, { clock, workers: 1 })).results['passed']).toEqual([0, 10, 30]);
    const build = (options: object) => () =>
      job(
        'built',
        (flow) =>
          void dedupe(
            flow.from([1]).keyBy((n) => n),
            options,
          ).to(collect('passed')),
      ).graph({});
    expect(build({ within: 5 })).toThrow("dedupe has no option 'within'");
    expect(build({ withinMs: -1 })).toThrow('ttlMs must be a whole number');
    expect(build({ withinMs: 1, time: 'event' })).toThrow('a time to live by event time needs event time');
  });
});

describe('lastPerKey', () => {
  it('gives the latest record of each key, when the input has ended', async () => {
    await fc.assert(
      fc.asyncProperty(inputs, fc.boolean(), manners, async (input, timed, { batch, ...options }) => {
        const splits = timed ? input.splits : [input.splits[0]!];
        const last = job('last', (flow) => {
          const source = flow.from(splitsOf(splits, batch));
          const stream = timed ? source.eventTime((click) => click.at, { outOfOrderMs: input.disorderMs }) : source;
          lastPerKey(stream.keyBy((click) => click.user)).to(collect('last'));
        });
        const { results } = await simulate(last, options);
        const got = results['last'] as Click[];
        const keys = byUser(splits.flat());
        expect(got.map(({ user }) => user).sort()).toEqual([...keys.keys()].sort());
        for (const click of got) {
          const own = keys.get(click.user)!;
          // Between splits it is not said which of two records of one time comes last.
          if (timed) expect(click.at).toBe(Math.max(...own.map(({ at }) => at)));
          else expect(click).toEqual(own.at(-1));
        }
      }),
      { numRuns: 200 },
    );
  }, 60_000);

  it('gives it at every watermark that has reached a later one, and the last of them in any case', async () => {
    const clicks = [5, 3, 8, 20, 19, 30].map((at, id): Click => ({ user: 'ada', at, id }));
    const last = job('last', (flow) => {
      const stream = flow.from(splitsOf([clicks], 1)).eventTime((click) => click.at, { outOfOrderMs: 5 });
      lastPerKey(
        stream.keyBy((click) => click.user),
        { when: 'watermark' },
      ).to(collect('last'));
    });
    for (let seed = 0; seed < 20; seed++) {
      const told = ((await simulate(last, { seed })).results['last'] as Click[]).map(({ at }) => at);
      expect(told).toEqual(told.toSorted((a, b) => a - b));
      expect(told.at(-1)).toBe(30);
    }
  });
});

describe('sortByTime', () => {
  it.each(['keyed', 'as it is'])(
    'gives each worker its records in the order of their time, none lost (%s)',
    async (how) => {
      await fc.assert(
        fc.asyncProperty(inputs, manners, async ({ splits, disorderMs }, { batch, ...options }) => {
          const seen: Click[][] = [];
          const sorted = job('sorted', (flow) => {
            const stream = flow
              .from(splitsOf(splits, batch))
              .eventTime((click) => click.at, { outOfOrderMs: disorderMs });
            const own: Click[] = [];
            seen.push(own);
            sortByTime(how === 'keyed' ? stream.keyBy((click) => click.user) : stream, {
              late: (late) => late.to(collect('late')),
            })
              // Each simulated worker builds its own graph: this is what one of them sees.
              .peek((click) => own.push(click))
              .to(collect('sorted'));
          });
          const { results } = await simulate(sorted, options);
          const byId = (a: Click, b: Click): number => a.id - b.id;
          expect((results['sorted'] as Click[]).toSorted(byId)).toEqual(splits.flat().toSorted(byId));
          expect(results['late']).toEqual([]);
          expect(seen.flat().length).toBe(splits.flat().length);
          for (const own of seen)
            expect(own.map(({ at }) => at)).toEqual(own.map(({ at }) => at).toSorted((a, b) => a - b));
        }),
        { numRuns: 150 },
      );
    },
    60_000,
  );

  it('leaves out what comes behind the watermark, and gives it to the late ones', async () => {
    const clicks = [10, 30, 12, 28, 40].map((at, id): Click => ({ user: 'ada', at, id }));
    const sorted = job('sorted', (flow) => {
      const stream = flow.from(splitsOf([clicks], 1)).eventTime((click) => click.at, { outOfOrderMs: 5 });
      sortByTime(stream, { late: (late) => late.to(collect('late')) }).to(collect('sorted'));
    });
    const { results } = await simulate(sorted, { workers: 1 });
    expect((results['sorted'] as Click[]).map(({ at }) => at)).toEqual([10, 28, 30, 40]);
    expect((results['late'] as Click[]).map(({ at }) => at)).toEqual([12]);
  });
});
