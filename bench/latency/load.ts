// The load of the latency bench, the same for all contestants: who is due when, what is done with it, what is measured. Any thread.
//
//   bids, due at fixed times, one half made on each worker -> by auction -> running total of the auction -> ages
//
// A bid's age counts from the time at which it was due (open loop), whether or not its maker was there to make it. It ends when the
// batch that holds its running total has reached the sink. Every bid is counted and its place in its auction checked.

import type { ReaderContext } from 'millrace';
import { type RateReader, type RateSource, ratePerSecond } from 'millrace/connectors/generate';
import { sharedNowMs } from '../harness/bench.ts';
import { bidAt } from '../keyed-sum/bids.ts';

export const WORKERS = 2;

export interface Load {
  /** Bids a second, over all workers. */
  readonly rate: number;
  readonly count: number;
  /** Bids that were due this soon after the start are not measured: code compiles, memory is touched for the first time. */
  readonly warmUpMs: number;
}

export interface TimedBid {
  readonly index: number;
  readonly auction: number;
  readonly price: number;
  /** By `sharedNowMs`. */
  readonly dueMs: number;
}

export interface RunningTotal {
  /** The worker that made the bid. */
  readonly maker: number;
  readonly auction: number;
  readonly total: number;
  readonly dueMs: number;
}

/** The bids of a load; stream w of them is worker w's. Between two due times it asks the clock again and again, and never sleeps. */
export function timedBids({ rate, count }: Load): RateSource<TimedBid> {
  let clockOffsetMs = 0;
  const make = (index: number, scheduledMs: number): TimedBid => {
    const { auction, price } = bidAt(index);
    return { index, auction, price, dueMs: scheduledMs + clockOffsetMs };
  };
  const source = ratePerSecond(rate, make, { count, splits: WORKERS, spin: true, name: 'bids' });
  return {
    ...source,
    open: (split, context): RateReader<TimedBid> => {
      clockOffsetMs = clockOffsetOf(context);
      return source.open(split, context);
    },
  };
}

/** The bids of worker `worker`, for a program that asks for them itself. `nowMs` is its clock. */
export function openBids(load: Load, worker: number, nowMs: () => number): RateReader<TimedBid> {
  const source = timedBids(load);
  const splits = source.splits({ workers: WORKERS });
  const context: ReaderContext = {
    nowMs,
    wake: () => {},
    malformed: (error) => {
      throw error;
    },
    signal: new AbortController().signal,
  };
  return source.open(splits[worker]!, context);
}

/** Which worker has an auction, where Millrace does not decide it. */
export function workerOf(auction: number): number {
  return (Math.imul(auction, 0x9e3779b1) >>> 16) % WORKERS;
}

/** How far `sharedNowMs` is ahead of the reader's clock: from the tightest of some readings, for the first ones are slow. */
export function clockOffsetOf({ nowMs }: ReaderContext): number {
  let offsetMs = 0;
  let tightestMs = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < 100; tries++) {
    const beforeMs = sharedNowMs();
    const ownMs = nowMs();
    const afterMs = sharedNowMs();
    if (afterMs - beforeMs >= tightestMs) continue;
    tightestMs = afterMs - beforeMs;
    offsetMs = (beforeMs + afterMs) / 2 - ownMs;
  }
  return offsetMs;
}

/** The keyed operator: one instance a worker, which sees all bids of its auctions. */
export class RunningTotals {
  readonly #auctions = new Map<number, { total: number; readonly newest: number[] }>();
  /** Bids that came behind a later one of the same auction and maker. */
  outOfOrder = 0;

  add({ index, auction, price, dueMs }: TimedBid): RunningTotal {
    let state = this.#auctions.get(auction);
    if (state === undefined) {
      state = { total: 0, newest: new Array<number>(WORKERS).fill(-1) };
      this.#auctions.set(auction, state);
    }
    const maker = index % WORKERS;
    if (index <= state.newest[maker]!) this.outOfOrder++;
    state.newest[maker] = index;
    state.total += price;
    return { maker, auction, total: state.total, dueMs };
  }

  get cents(): number {
    let sum = 0;
    for (const { total } of this.#auctions.values()) sum += Math.round(total * 100);
    return sum;
  }
}

/** What a run of a load must come to. */
export interface LoadAnswer {
  readonly records: number;
  readonly cents: number;
  readonly outOfOrder: number;
}

/** By a plain loop. */
export function expectedOfLoad(count: number): LoadAnswer {
  let cents = 0;
  for (let i = 0; i < count; i++) cents += Math.round(bidAt(i).price * 100);
  return { records: count, cents, outOfOrder: 0 };
}
