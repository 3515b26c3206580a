// What piscina and comlink run for the keyed sum: adds a chunk of bids. On a worker thread.
//
// Piscina chooses the thread of a task, so its task gives the partial sums of its chunk back. A comlink object lives on one thread and
// keeps its sums until it is asked.

import { type MessagePort, workerData } from 'node:worker_threads';
import { expose } from 'comlink';
import type { Bid, NamedBid } from '../keyed-sum/bids.ts';
import { KeySums, type PartialSums } from './key-sums.ts';

export interface ChunkSums {
  add(bids: readonly (Bid | NamedBid)[]): void;
  sums(): PartialSums;
}

/** The piscina task. */
export default function sumChunk(bids: readonly (Bid | NamedBid)[]): PartialSums {
  const sums = new KeySums();
  sums.addBids(bids);
  return sums.toPartial();
}

const port = (workerData as { comlinkPort?: MessagePort } | undefined)?.comlinkPort;
if (port !== undefined) {
  const sums = new KeySums();
  const exposed: ChunkSums = { add: (bids) => sums.addBids(bids), sums: () => sums.toPartial() };
  expose(exposed, port as unknown as Parameters<typeof expose>[1]);
}
