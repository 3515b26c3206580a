// Windows by the clock on the wall, which a test moves: the definition of each is checked against the times at which records came.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../engine/time/clock.ts';
import { collect, collectValues, count, hopping, job, session, tumbling } from '../../../index.ts';
import { simulate } from '../../support/simulate-anywhere.ts';
import { arriving } from '../process/arriving.ts';

interface Bid {
  readonly bidder: number;
  readonly id: number;
}

interface Result {
  readonly key: number;
  readonly windowStart: number;
  readonly windowEnd: number;
  readonly bids: readonly (readonly [id: number, atMs: number])[];
}

const arrivals = fc
  .array(fc.record({ bidder: fc.nat({ max: 3 }), gapMs: fc.integer({ min: 0, max: 12 }) }), { maxLength: 60 })
  .map((steps) => {
    let atMs = 0;
    return steps.map(({ bidder, gapMs }, id) => [(atMs += gapMs), { bidder, id }] as const);
  });

const manners = fc.record({ workers: fc.constantFrom(1, 2, 3), seed: fc.nat() });

describe('windows of processing time', () => {
  it('hold what came to them between their bounds, and are told when the clock has passed those', async () => {
    await fc.assert(
      fc.asyncProperty(
        arrivals,
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 8 }),
        manners,
        async (records, steps, stepMs, manner) => {
          const clock = new VirtualClock();
          const nowMs = (): number => clock.nowNs() / 1e6;
          const sizeMs = steps * stepMs;
          const told: { at: number; end: number }[] = [];
          const counted = job('counted', (flow) => {
            flow
              .from(arriving(records, nowMs))
              .keyBy((bid) => bid.bidder)
              .window(
                steps === 1
                  ? tumbling({ sizeMs, time: 'processing' })
                  : hopping({ sizeMs, stepMs, time: 'processing' }),
              )
              .aggregate({ bids: collectValues((bid: Bid) => [bid.id, nowMs()] as const) })
              .peek((result) => told.push({ at: nowMs(), end: result.windowEnd }))
              .to(collect('results'));
          });
          const results = (await simulate(counted, { ...manner, clock })).results['results'] as Result[];
          // Each bid is in all windows of the time at which it was added, and in no other.
          const cameAt = new Map(results.flatMap(({ bids }) => bids));
          expect(cameAt.size).toBe(records.length);
          const expected = records.flatMap(([, { bidder, id }]) => {
            const atMs = cameAt.get(id)!;
            const first = Math.floor(atMs / stepMs) * stepMs;
            return Array.from(
              { length: steps },
              (_, i) => `${bidder} ${first - i * stepMs} ${first - i * stepMs + sizeMs} ${id}`,
            );
          });
          const got = results.flatMap(({ key, windowStart, windowEnd, bids }) =>
            bids.map(([id]) => `${key} ${windowStart} ${windowEnd} ${id}`),
          );
          expect(got.sort()).toEqual(expected.sort());
          // Before the input ended none was told early.
          const endedMs = nowMs();
          for (const { at, end } of told) expect(at >= end || at === endedMs).toBe(true);
        },
      ),
      { numRuns: 150 },
    );
  }, 60_000);

  it('count the bids of each bidder in ten seconds', async () => {
    const clock = new VirtualClock();
    const records = Array.from({ length: 2_500 }, (_, id) => [id * 10, { bidder: id % 3, id }] as const);
    const query = job('bids by bidder', (flow) => {
      flow
        .from(arriving(records, () => clock.nowNs() / 1e6))
        .keyBy((bid) => bid.bidder)
        .window(tumbling({ sizeMs: 10_000, time: 'processing' }))
        .aggregate({ bids: count() })
        .to(collect('results'));
    });
    const { results } = await simulate(query, { clock, workers: 1 });
    const bids = (from: number, to: number, bidder: number): number =>
      records.filter(([at, bid]) => at >= from && at < to && bid.bidder === bidder).length;
    const inOrder = (results['results'] as Result[]).toSorted((a, b) => a.windowStart - b.windowStart || a.key - b.key);
    expect(inOrder).toEqual(
      [0, 10_000, 20_000].flatMap((windowStart) =>
        [0, 1, 2].map((key) => ({
          key,
          windowStart,
          windowEnd: windowStart + 10_000,
          bids: bids(windowStart, windowStart + 10_000, key),
        })),
      ),
    );
  });

  it('end sessions when nothing has come for the gap', async () => {
    const clock = new VirtualClock();
    const sessions = job('sessions', (flow) => {
      flow
        .from(
          arriving(
            [0, 4, 8, 20, 24, 40].map((at) => [at, at]),
            () => clock.nowNs() / 1e6,
          ),
        )
        .keyBy(() => 'all')
        .window(session({ gapMs: 10, time: 'processing' }))
        .aggregate({ at: collectValues((at: number) => at) })
        .to(collect('results'));
    });
    const { results } = await simulate(sessions, { clock, workers: 1 });
    expect((results['results'] as { at: number[] }[]).map(({ at }) => at)).toEqual([[0, 4, 8], [20, 24], [40]]);
  });

  it('leave their results without event time, and take no options of event time', () => {
    const build = (options: object) => () =>
      job('built', (flow) => {
        const results = flow
          .from([1])
          .keyBy((n) => n)
          .window(tumbling({ sizeMs: 10, time: 'processing' }), options)
          .aggregate(count());
        results
          .keyBy((r) => r.key)
          .window(tumbling({ sizeMs: 10 }))
          .aggregate(count())
          .to(collect('none'));
      }).graph({});
    expect(build({})).toThrow('a window needs event time');
    expect(build({ allowedLatenessMs: 5 })).toThrow("windows of processing time have no option 'allowedLatenessMs'");
    expect(() => tumbling({ sizeMs: 5, time: 'wall' as never })).toThrow(
      "time must be 'event' or 'processing': time=wall",
    );
  });
});
