// What piscina runs for the latency bench: totals an array of bids. One thread a pool, so the totals stay in its module.

import { AgeSink, NO_WORKER } from '../latency/ages.ts';
import { RunningTotals, type TimedBid } from '../latency/load.ts';

export interface TimedTask {
  readonly warmUpMs: number;
  readonly ages: SharedArrayBuffer;
  /** The end when absent. */
  readonly bids?: readonly TimedBid[];
}

const totals = new RunningTotals();
let sink: AgeSink | undefined;

export default function addBids({ warmUpMs, ages, bids }: TimedTask): void {
  sink ??= new AgeSink(ages, NO_WORKER, warmUpMs);
  if (bids === undefined) sink.end(totals);
  else sink.write(bids.map((bid) => totals.add(bid)));
}
