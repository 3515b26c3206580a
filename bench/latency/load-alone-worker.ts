// One worker of the load alone: makes its half of the bids when they are due, and totals them where they are. No other thread has a part
// in it. What is left of an age is how late a thread that does nothing but look at its clock comes to see that a bid is due: the
// machine's share in everybody's latency.

import { isMainThread, workerData } from 'node:worker_threads';
import { sharedNowMs } from '../harness/bench.ts';
import { AgeSink, NO_WORKER } from './ages.ts';
import { type Load, openBids, RunningTotals } from './load.ts';

export interface LoadAloneTask {
  readonly index: number;
  readonly load: Load;
  readonly ages: SharedArrayBuffer;
  /** One word: 1 when it shall end where it is. */
  readonly stop: SharedArrayBuffer;
}

const BATCH = 512;

function work({ index, load, ages, stop }: LoadAloneTask): void {
  const totals = new RunningTotals();
  const sink = new AgeSink(ages, NO_WORKER, load.warmUpMs);
  const reader = openBids(load, index, sharedNowMs);
  const stopped = new Int32Array(stop);
  while (Atomics.load(stopped, 0) === 0) {
    const bids = reader.read(BATCH);
    if (bids === 'done') break;
    if (bids !== 'idle' && bids.length > 0) sink.write(bids.map((bid) => totals.add(bid)));
  }
  sink.end(totals);
}

if (!isMainThread) work(workerData as LoadAloneTask);
