import { describe, expect, it } from 'vitest';
import { AgeSink, agesOf, allocateAges, answerOf } from '../../../bench/latency/ages.ts';
import { expectedOfLoad, openBids, RunningTotals, type TimedBid } from '../../../bench/latency/load.ts';
import { summarizeLatency } from '../../../engine/metrics/latency-summary.ts';

const load = { rate: 1000, count: 100, warmUpMs: 0 };

function bidsOf(worker: number, nowMs: () => number): TimedBid[] {
  const reader = openBids(load, worker, nowMs);
  const bids: TimedBid[] = [];
  for (;;) {
    const result = reader.read(512);
    if (result === 'done') return bids;
    if (result !== 'idle') bids.push(...result);
  }
}

describe('the load of the latency bench', () => {
  // A clock that jumps a second at each look.
  let second = 0;
  const hasty = (): number => second++ * 1000;

  it('is due at equal distances, every second bid on the same worker, and comes to the expected answer', () => {
    const [even, odd] = [bidsOf(0, hasty), bidsOf(1, hasty)];
    expect(even.map(({ index }) => index)).toEqual(Array.from({ length: 50 }, (_, i) => 2 * i));
    expect(odd.map(({ index }) => index)).toEqual(Array.from({ length: 50 }, (_, i) => 2 * i + 1));
    for (let i = 1; i < even.length; i++) expect(even[i]!.dueMs - even[i - 1]!.dueMs).toBeCloseTo(2, 6);
    const totals = new RunningTotals();
    for (const bid of [...even, ...odd]) totals.add(bid);
    expect({ records: 100, cents: totals.cents, outOfOrder: totals.outOfOrder }).toEqual(expectedOfLoad(100));
  });

  it('notices a bid that overtook another of its auction and maker, and one that came twice', () => {
    const bid = { index: 4, auction: 7, price: 1, dueMs: 0 };
    const totals = new RunningTotals();
    for (const index of [4, 5, 6, 9]) totals.add({ ...bid, index });
    expect(totals.outOfOrder).toBe(0);
    totals.add({ ...bid, index: 7 });
    totals.add({ ...bid, index: 7 });
    totals.add({ ...bid, index: 8, auction: 8 });
    expect(totals.outOfOrder).toBe(2);
  });

  it('keeps the running total of each auction', () => {
    const totals = new RunningTotals();
    const total = (index: number, auction: number, price: number): number =>
      totals.add({ index, auction, price, dueMs: 0 }).total;
    expect([total(0, 1, 2), total(2, 1, 3), total(4, 2, 10), total(6, 1, 5)]).toEqual([2, 5, 10, 10]);
    expect(totals.cents).toBe(2000);
  });
});

describe('the sink of the latency bench', () => {
  const nowMs = Number(process.hrtime.bigint()) / 1e6;
  const row = (maker: number, agoMs: number) => ({ maker, auction: 0, total: 0, dueMs: nowMs - agoMs });

  it('measures from when a bid was due, counts warm-up apart, and those that another worker made once more', () => {
    const ages = allocateAges();
    const sink = new AgeSink(ages[0]!, 0, 100);
    sink.write([row(0, 1000), row(1, 950)]); // Warm-up ends 900 ms ago.
    sink.write([row(0, 500), row(1, 700), row(1, 899)]);
    const all = summarizeLatency(agesOf(ages, 'all'));
    const crossed = summarizeLatency(agesOf(ages, 'crossed'));
    expect(all.count).toBe(3);
    expect(crossed.count).toBe(2);
    expect(all.minNs).toBeGreaterThan(499e6);
    expect(crossed.minNs).toBeGreaterThan(699e6);
    expect(crossed.maxNs).toBeLessThan(3_000e6);
    expect(answerOf(ages).records).toBe(5);
  });
});
