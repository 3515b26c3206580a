// What piscina runs for the latency bench: totals an array of bids. One thread a pool, so the totals stay in its module.

import { AgeSink } from '../latency/ages.ts';
import { RunningTotals, type TimedBid } from '../latency/load.ts';

export interface TimedTask {
  readonly warmUpMs: number;
  readonly ages: SharedArrayBuffer;
  /** The end when absent. */
  readonly bids?: readonly TimedBid[];
}

/** None of the bids was made here. */
const NONE = -1;
const totals = new RunningTotals();
let sink: AgeSink | undefined;

export default function addBids({ warmUpMs, ages, bids }: TimedTask): void {
  sink ??= new AgeSink(ages, NONE, warmUpMs);
  if (bids === undefined) sink.end(totals);
  else sink.write(bids.map((bid) => totals.add(bid)));
}
