// Query 12 has no answer that another engine could confirm: it depends on when bids come. Here they come by a virtual clock, which stands still
// while anything can move; so a bid is counted at the time at which it was due, and the answer follows from the schedule.

import { collect, job } from 'millrace';
import { ratePerSecond } from 'millrace/connectors/generate';
import { simulate, VirtualClock } from 'millrace/testing';
import { describe, expect, it } from 'vitest';
import { type BidsInWindow, bidsByClock } from '../../../../bench/nexmark/queries/q12.job.ts';

const BIDS = 6_000;
/** One every 10 ms: a minute of them. */
const RATE = 100;

/** Uneven: some bidders are there all the time, others for one bid. */
function bidderOf(index: number): number {
  return index % 3 === 0 ? 1 : index % 97;
}

const minute = job('a minute of bids', (flow) => {
  const source = ratePerSecond(RATE, (index) => ({ bidder: bidderOf(index) }), { count: BIDS });
  bidsByClock(flow.from(source)).to(collect('windows'));
});

function expected(): BidsInWindow[] {
  const windows = new Map<string, BidsInWindow>();
  for (let index = 0; index < BIDS; index++) {
    const dueMs = (index * 1000) / RATE;
    const windowStart = dueMs - (dueMs % 10_000);
    const bidder = bidderOf(index);
    const bids = (windows.get(`${windowStart} ${bidder}`)?.bids ?? 0) + 1;
    windows.set(`${windowStart} ${bidder}`, { bidder, bids, windowStart, windowEnd: windowStart + 10_000 });
  }
  return sorted([...windows.values()]);
}

function sorted(windows: readonly BidsInWindow[]): BidsInWindow[] {
  return [...windows].sort((a, b) => a.windowStart - b.windowStart || a.bidder - b.bidder);
}

describe('query 12', () => {
  it('counts each bid in the ten seconds of the clock in which it came, whatever the interleaving', async () => {
    for (const [seed, workers] of [
      [1, 1],
      [2, 2],
      [3, 3],
    ]) {
      const { results } = await simulate(minute, { seed: seed!, workers: workers! });
      expect(sorted(results['windows'] as BidsInWindow[])).toEqual(expected());
    }
  });

  it('tells a window when the clock has passed its end, and the last when no bid follows', async () => {
    const clock = new VirtualClock();
    const watched = job('a minute of bids, watched', (flow) => {
      const source = ratePerSecond(RATE, (index) => ({ bidder: bidderOf(index) }), { count: BIDS });
      bidsByClock(flow.from(source))
        .map(({ windowEnd }) => ({ windowEnd, toldMs: clock.nowNs() / 1e6 }))
        .to(collect('told'));
    });
    const { results } = await simulate(watched, { seed: 4, workers: 2, clock });
    const told = results['told'] as { windowEnd: number; toldMs: number }[];
    expect(told).toHaveLength(expected().length);
    const lateBy = told.map(({ windowEnd, toldMs }) => toldMs - Math.min(windowEnd, 59_990));
    expect(Math.min(...lateBy)).toBeGreaterThanOrEqual(0);
    // The next bid is due ten milliseconds later at most, and wakes whoever sleeps.
    expect(Math.max(...lateBy)).toBeLessThanOrEqual(20);
  });
});
