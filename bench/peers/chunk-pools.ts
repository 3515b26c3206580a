// The keyed sum over a worker pool, as such pools are used: the main thread makes the bids and hands out arrays of them, which are
// copied to a worker by structured clone. Main thread.
//
//   main: makes bids --- arrays of 16 384, a few under way a worker ---> workers: filter, sum  ---> main: adds up

import { MessageChannel, Worker } from 'node:worker_threads';
import { type Remote, releaseProxy, wrap } from 'comlink';
import { Piscina } from 'piscina';
import type { KeyedSumAnswer } from '../keyed-sum/bids.ts';
import type { ChunkSums } from './chunk-worker.ts';
import { chunksOf, KeySums, type PartialSums } from './key-sums.ts';

/** Large, so that the partial sums of 1000 keys that come back weigh little. */
const CHUNK = 16_384;
const UNDER_WAY = 2;
const WORKER = new URL('./chunk-worker.js', import.meta.url);

export async function sumByPiscina(records: number, workers: number, stringKeys: boolean): Promise<KeyedSumAnswer> {
  const pool = new Piscina({ filename: WORKER.href, minThreads: workers, maxThreads: workers });
  const sums = new KeySums();
  await handOut(chunksOf(records, CHUNK, stringKeys), workers, async (chunk) =>
    sums.merge((await pool.run(chunk)) as PartialSums),
  );
  await pool.destroy();
  return sums.answer();
}

export async function sumByComlink(records: number, workers: number, stringKeys: boolean): Promise<KeyedSumAnswer> {
  const threads = Array.from({ length: workers }, () => {
    const { port1, port2 } = new MessageChannel();
    const worker = new Worker(WORKER, { workerData: { comlinkPort: port2 }, transferList: [port2] });
    const remote: Remote<ChunkSums> = wrap<ChunkSums>(port1 as unknown as Parameters<typeof wrap>[0]);
    port1.start();
    return { worker, remote };
  });
  let next = 0;
  await handOut(chunksOf(records, CHUNK, stringKeys), workers, (chunk) => threads[next++ % workers]!.remote.add(chunk));
  const sums = new KeySums();
  for (const { worker, remote } of threads) {
    sums.merge(await remote.sums());
    remote[releaseProxy]();
    await worker.terminate();
  }
  return sums.answer();
}

/** Keeps UNDER_WAY chunks a worker under way: without a bound the queue would hold them all. */
async function handOut<C>(chunks: Iterator<C>, workers: number, send: (chunk: C) => Promise<void>): Promise<void> {
  const sender = async (): Promise<void> => {
    for (let step = chunks.next(); step.done !== true; step = chunks.next()) await send(step.value);
  };
  await Promise.all(Array.from({ length: workers * UNDER_WAY }, sender));
}
