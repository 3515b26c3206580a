// Joins by distance in time against nested loops over all pairs of one key.

import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { upperOf } from '../../../engine/join/interval-bounds.ts';
import { type Interval, IntervalJoin } from '../../../engine/join/interval-join.ts';
import {
  collect,
  intervalGroup,
  intervalJoin,
  type JoinType,
  job,
  type MillraceError,
  type Stream,
  tumbling,
  windowJoin,
} from '../../../index.ts';
import { simulate } from '../../support/simulate-anywhere.ts';
import { type Item, manners, sides, splitsOf } from './timed-splits.ts';
import { drive, type Event, events, withWatermarks } from './two-inputs.ts';

const types = fc.constantFrom<JoinType>('inner', 'left', 'right', 'full');
const byOwnId = (left: unknown): number => (left as { id: number }).id % 13;

const intervals: fc.Arbitrary<Interval> = fc.oneof(
  fc
    .tuple(fc.integer({ min: -20, max: 20 }), fc.nat({ max: 30 }))
    .map(([lowerMs, span]) => ({ lowerMs, upperMs: lowerMs + span })),
  fc.constantFrom<Interval>(
    { lowerMs: Number.NEGATIVE_INFINITY, upperMs: Number.POSITIVE_INFINITY },
    { lowerMs: Number.NEGATIVE_INFINITY, upperMs: -3 },
    { lowerMs: 2, upperMs: Number.POSITIVE_INFINITY },
    { lowerMs: 0, upperMs: byOwnId },
    { lowerMs: -5, upperMs: byOwnId },
  ),
);

interface Timed {
  readonly key: string;
  readonly at: number;
  readonly id: number;
}

const isPartner = (l: Timed, r: Timed, { lowerMs, upperMs }: Interval): boolean =>
  l.key === r.key && r.at >= l.at + lowerMs && r.at <= l.at + upperOf(upperMs, l);

function naivePairs(left: readonly Timed[], right: readonly Timed[], interval: Interval, type: JoinType): string[] {
  const pairs = left.flatMap((l) =>
    right.filter((r) => isPartner(l, r, interval)).map((r) => `${l.key} ${l.id} ${r.id} @${Math.max(l.at, r.at)}`),
  );
  const lone = (own: readonly Timed[], others: readonly Timed[], isLeft: boolean): Timed[] =>
    own.filter(
      (one) => !others.some((other) => (isLeft ? isPartner(one, other, interval) : isPartner(other, one, interval))),
    );
  if (type === 'left' || type === 'full') pairs.push(...lone(left, right, true).map(({ key, id }) => `${key} ${id} -`));
  if (type === 'right' || type === 'full') {
    pairs.push(...lone(right, left, false).map(({ key, id }) => `${key} - ${id}`));
  }
  return pairs.sort();
}

const selectText = (l: Timed | undefined, r: Timed | undefined, { key }: { key: unknown }): string =>
  l === undefined || r === undefined ? `${key} ${l?.id ?? '-'} ${r?.id ?? '-'}` : `${key} ${l.id} ${r.id} @`;

describe('intervalJoin', () => {
  it('gives the pairs of nested loops, whatever the splits, disorder, batches, workers and interleaving', async () => {
    await fc.assert(
      fc.asyncProperty(
        sides,
        intervals,
        types,
        manners,
        async ({ left, right, disorderMs }, interval, type, manner) => {
          const { batch, ...options } = manner;
          const joined = job('joined', (flow) => {
            const timed = (name: string, splits: Item[][]): Stream<Item> =>
              flow.from(splitsOf(name, splits, batch)).eventTime((item) => item.at, { outOfOrderMs: disorderMs });
            intervalJoin(
              timed('left', left).keyBy((item) => item.key),
              timed('right', right).keyBy((item) => item.key),
              { ...interval, type, select: selectText, late: (late) => late.to(collect('late')) },
            ).to(collect('results'));
          });
          const { results } = await simulate(joined, options);
          const expected = naivePairs(left.flat(), right.flat(), interval, type).map((text) =>
            text.replace(/@.*/, '@'),
          );
          expect(results['late']).toEqual([]);
          expect((results['results'] as string[]).sort()).toEqual(expected.sort());
        },
      ),
      { numRuns: 200 },
    );
  }, 60_000);

  it('takes for late what is behind the watermark and nothing else, and is never behind its own', () => {
    fc.assert(
      fc.property(events, intervals, types, (steps, interval, type) => {
        const logic = (host: Parameters<typeof IntervalJoin.ofPairs>[3]): IntervalJoin =>
          IntervalJoin.ofPairs(interval, type, selectText as never, host);
        const { results, times, late, behind } = drive(logic, steps);
        const records = withWatermarks(steps);
        const inTime = records.filter(({ at, watermarkMs }) => at >= watermarkMs);
        const left: Timed[] = inTime.filter(({ input }) => input === 0);
        const right: Timed[] = inTime.filter(({ input }) => input === 1);
        const told = results.map((text, index) => `${text}${String(text).endsWith('@') ? times[index] : ''}`);
        expect(told.sort()).toEqual(naivePairs(left, right, interval, type));
        expect(late).toEqual(steps.filter((step) => records.some((r) => r.at < r.watermarkMs && isSame(r, step))));
        expect(behind).toEqual([]);
        expect(times.every(Number.isFinite)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it('tells a record without a partner as soon as none can come', () => {
    const steps: Event[] = [
      { kind: 'record', input: 0, at: 10, id: 0, key: 'ada' },
      { kind: 'record', input: 1, at: 30, id: 1, key: 'ada' },
      { kind: 'watermark', input: 0, at: 15 },
      { kind: 'watermark', input: 1, at: 15 },
      { kind: 'watermark', input: 0, at: 16 },
      { kind: 'watermark', input: 1, at: 16 },
    ];
    const told: string[] = [];
    const interval = { lowerMs: -5, upperMs: 5 };
    drive(
      (host) =>
        IntervalJoin.ofPairs(
          interval,
          'full',
          (l, r, where) => {
            told.push(selectText(l as Timed, r as Timed, where));
            return 0;
          },
          host,
        ),
      steps,
      (_, watermarkMs) => {
        // At 15 a partner of time 15 could still come; at 16 none.
        expect(told).toEqual(watermarkMs >= 16 ? ['ada 0 -'] : []);
      },
    );
    expect(told).toEqual(['ada 0 -', 'ada - 1']);
  });

  it('keeps no record for longer than its bound says', () => {
    fc.assert(
      fc.property(events, intervals, (steps, interval) => {
        let join: IntervalJoin | undefined;
        const seen: ReturnType<typeof withWatermarks> = [];
        const records = withWatermarks(steps);
        let at = 0;
        drive(
          (host) => {
            join = IntervalJoin.ofPairs(interval, 'inner', () => 0, host);
            return join;
          },
          steps,
          (event, watermarkMs) => {
            if (event.kind === 'record') seen.push(records[at++]!);
            const needed = seen.filter((one) => {
              const bound = one.input === 0 ? upperOf(interval.upperMs, one) : -interval.lowerMs;
              return one.at >= one.watermarkMs && one.at + Math.max(0, bound) >= watermarkMs;
            });
            expect(join!.heldCount).toBe(needed.length);
          },
        );
        expect(join!.heldCount).toBe(0);
      }),
      { numRuns: 1_000 },
    );
  });

  it('hands on the many pairs of one record a frame at a time', async () => {
    const joined = job('many', (flow) => {
      const timed = (name: string, length: number): Stream<Item> =>
        flow
          .from(splitsOf(name, [Array.from({ length }, (_, id): Item => ({ key: 'ada', at: id, id }))], 100))
          .eventTime((item) => item.at);
      intervalJoin(
        timed('left', 3).keyBy((item) => item.key),
        timed('right', 3_000).keyBy((item) => item.key),
        {
          lowerMs: Number.NEGATIVE_INFINITY,
          upperMs: Number.POSITIVE_INFINITY,
          select: (l, r, { key }) => ({ key, pair: l.id * 3_000 + r.id }),
        },
      ).to(collect('results'));
    });
    for (let seed = 0; seed < 10; seed++) {
      const { results } = await simulate(joined, { workers: 2, seed });
      const pairs = (results['results'] as { pair: number }[]).map(({ pair }) => pair).sort((a, b) => a - b);
      expect(pairs).toEqual(Array.from({ length: 9_000 }, (_, pair) => pair));
    }
  });

  it('leaves out the pairs on which select throws, and records whose bound does', async () => {
    const items = [0, 1, 2, 3].map((id): Item => ({ key: 'ada', at: id, id }));
    const joined = job('faulty', (flow) => {
      const timed = (name: string): Stream<Item> => flow.from(splitsOf(name, [items], 2)).eventTime((item) => item.at);
      intervalJoin(
        timed('left').keyBy((item) => item.key),
        timed('right').keyBy((item) => item.key),
        {
          lowerMs: 0,
          upperMs: (l) => (l.id === 3 ? Number.NaN : 10),
          select: (l, r) => {
            if (l.id === r.id) throw new Error(`twice ${l.id}`);
            return `${l.id} ${r.id}`;
          },
        },
      )
        .onError(collect('letters'))
        .to(collect('results'));
    });
    const { results } = await simulate(joined, { workers: 2 });
    expect((results['results'] as string[]).sort()).toEqual(['0 1', '0 2', '0 3', '1 2', '1 3', '2 3']);
    expect((results['letters'] as { message: string }[]).map(({ message }) => message).sort()).toEqual([
      'twice 0',
      'twice 1',
      'twice 2',
      'upperMs must give milliseconds as a number: got NaN',
    ]);
  });

  it('gives pairs times that windows behind can go by', async () => {
    const items = Array.from({ length: 40 }, (_, id): Item => ({ key: 'ada', at: id, id }));
    const joined = job('behind', (flow) => {
      const keyed = flow
        .from(splitsOf('items', [items], 3))
        .eventTime((item) => item.at)
        .keyBy((item) => item.key);
      const pairs = intervalJoin(keyed, keyed, {
        lowerMs: 0,
        upperMs: 1,
        select: (l, r) => ({ key: l.key, at: r.at }),
      });
      windowJoin(
        pairs.keyBy(({ key }) => key),
        keyed,
        {
          window: tumbling({ sizeMs: 1 }),
          select: (pair, item) => pair.at - item.at,
          late: (late) => late.to(collect('late')),
        },
      ).to(collect('results'));
    });
    for (let seed = 0; seed < 10; seed++) {
      const { results } = await simulate(joined, { workers: 2, seed });
      expect(results['late']).toEqual([]);
      expect(results['results']).toEqual(Array.from({ length: 79 }, () => 0));
    }
  });

  it('infers what select gets, and refuses bounds that hold nothing', () => {
    job('types', (flow) => {
      const left = flow
        .from([{ a: 1, name: 'x' }])
        .eventTime((r) => r.a)
        .keyBy((r) => r.name);
      const right = flow
        .from([{ b: 1n, name: 'x' }])
        .eventTime((r) => Number(r.b))
        .keyBy((r) => r.name);
      const pairs = intervalJoin(left, right, {
        lowerMs: 0,
        upperMs: (l) => l.a,
        type: 'right',
        select: (l, r, { key }) => [l?.a, r.b, key] as const,
      });
      expectTypeOf(pairs).toEqualTypeOf<Stream<readonly [number | undefined, bigint, string]>>();
      const groups = intervalGroup(left, right, {
        lowerMs: 0,
        upperMs: 1,
        select: (l, rs) => [{ a: l.a, n: rs.length }],
      });
      expectTypeOf(groups).toEqualTypeOf<Stream<{ a: number; n: number }>>();
      const refusal = (lowerMs: number, upperMs: number): string => {
        try {
          intervalJoin(left, right, { lowerMs, upperMs, select: () => 0 });
        } catch (error) {
          return (error as MillraceError).message;
        }
        return 'accepted';
      };
      expect(refusal(5, 4)).toMatch(/lowerMs must not be above upperMs: lowerMs=5, upperMs=4/);
      expect(refusal(0.5, Number.NaN)).toMatch(/lowerMs=0.5; upperMs must .* upperMs=NaN/);
      expect(refusal(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY)).toMatch(/lowerMs=Infinity/);
      expect(refusal(4, 4)).toBe('accepted');
    });
  });
});

describe('intervalGroup', () => {
  it('gives each left record with all its partners by time', async () => {
    await fc.assert(
      fc.asyncProperty(sides, intervals, manners, async ({ left, right, disorderMs }, interval, manner) => {
        const { batch, ...options } = manner;
        const joined = job('grouped', (flow) => {
          const timed = (name: string, splits: Item[][]): Stream<Item> =>
            flow.from(splitsOf(name, splits, batch)).eventTime((item) => item.at, { outOfOrderMs: disorderMs });
          intervalGroup(
            timed('left', left).keyBy((item) => item.key),
            timed('right', right).keyBy((item) => item.key),
            {
              ...interval,
              *select(l, rs, { key }) {
                const times = rs.map(({ at }) => at);
                yield { key, id: l.id, times, ids: rs.map(({ id }) => id).sort((a, b) => a - b) };
              },
            },
          ).to(collect('results'));
        });
        const { results } = await simulate(joined, options);
        const expected = left.flat().map((l) => {
          const partners = right.flat().filter((r) => isPartner(l, r, interval));
          return {
            key: l.key,
            id: l.id,
            times: partners.map(({ at }) => at).sort((a, b) => a - b),
            ids: partners.map(({ id }) => id).sort((a, b) => a - b),
          };
        });
        const byId = (a: { id: number }, b: { id: number }): number => a.id - b.id;
        expect((results['results'] as { id: number }[]).sort(byId)).toEqual(expected.sort(byId));
      }),
      { numRuns: 150 },
    );
  }, 60_000);

  it('is told in time: never behind the watermark that went before', () => {
    fc.assert(
      fc.property(events, intervals, (steps, interval) => {
        const { results, behind, late } = drive(
          (host) => IntervalJoin.ofGroups(interval, (l, rs) => [[l, rs.length]], host),
          steps,
        );
        const inTime = withWatermarks(steps).filter(({ at, watermarkMs }) => at >= watermarkMs);
        expect(results.length).toBe(inTime.filter(({ input }) => input === 0).length);
        expect(behind).toEqual([]);
        expect(late.length + inTime.length).toBe(steps.filter(({ kind }) => kind === 'record').length);
      }),
      { numRuns: 1_000 },
    );
  });
});

function isSame(record: { id: number }, step: Event): boolean {
  return step.kind === 'record' && step.id === record.id;
}
