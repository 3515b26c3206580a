// The load of the latency bench over piscina. Main thread.
//
//   main: bids when they are due --- run(array), a pool of one thread for each half of the auctions ---> totals -> ages
//
// A pool gives a task to any of its threads, and totals need all bids of an auction in one place: so a pool for each. Of what is due,
// arrays of up to 512 leave at once while fewer than WINDOW are under way to that pool; else bids gather.

import { Piscina } from 'piscina';
import { sharedNowMs } from '../harness/bench.ts';
import type { AgesMemory } from '../latency/ages.ts';
import type { Running } from '../latency/contestant.ts';
import { type Load, openBids, type TimedBid, WORKERS, workerOf } from '../latency/load.ts';
import type { TimedTask } from './timed-piscina-worker.ts';

const BATCH = 512;
const WINDOW = 2;

export function startPiscina(load: Load, ages: AgesMemory): Running {
  const filename = new URL('./timed-piscina-worker.js', import.meta.url).href;
  const pools = Array.from(
    { length: WORKERS },
    () => new Piscina({ filename, minThreads: 1, maxThreads: 1, concurrentTasksPerWorker: WINDOW }),
  );
  let stopped = false;
  const completed = (async () => {
    try {
      await Promise.all(
        pools.map((pool) => (pool.threads.length > 0 ? undefined : new Promise((ready) => pool.once('ready', ready)))),
      );
      await drive(load, ages, pools, () => stopped);
    } finally {
      await Promise.all(pools.map((pool) => pool.destroy()));
    }
  })();
  return {
    completed,
    histograms: () => new Map(),
    stop: async () => {
      stopped = true;
      await completed;
    },
  };
}

/** Both halves of the load, made on this thread. */
async function drive(load: Load, ages: AgesMemory, pools: readonly Piscina[], stopped: () => boolean): Promise<void> {
  const readers = pools.map((_, worker) => openBids(load, worker, sharedNowMs));
  const ended = readers.map(() => false);
  const staged: TimedBid[][] = pools.map(() => []);
  const underWay = new Array<number>(pools.length).fill(0);
  let failure: { thrown: unknown } | undefined;
  const taskOf = (worker: number): TimedTask => ({ warmUpMs: load.warmUpMs, ages: ages[worker]! });
  const send = (worker: number): void => {
    underWay[worker]!++;
    const sent = pools[worker]!.run({ ...taskOf(worker), bids: staged[worker]! } satisfies TimedTask);
    staged[worker] = [];
    sent.then(
      () => {
        underWay[worker]!--;
      },
      (thrown: unknown) => {
        failure = { thrown };
      },
    );
  };
  while (!stopped() && !(ended.every(Boolean) && staged.every((bids) => bids.length === 0))) {
    for (const [maker, reader] of readers.entries()) {
      if (ended[maker] || staged.some((bids) => bids.length >= BATCH)) continue;
      const result = reader.read(BATCH);
      if (result === 'done') ended[maker] = true;
      else if (result !== 'idle') for (const bid of result) staged[workerOf(bid.auction)]!.push(bid);
    }
    for (const worker of pools.keys()) if (staged[worker]!.length > 0 && underWay[worker]! < WINDOW) send(worker);
    await new Promise((turn) => setImmediate(turn));
    if (failure !== undefined) throw failure.thrown;
  }
  // Behind all others: a pool of one thread takes its tasks in order.
  await Promise.all(pools.map((pool, worker) => pool.run(taskOf(worker))));
}
