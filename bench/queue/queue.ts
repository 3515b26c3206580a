// Queue, one to one: what does the ring cost over bare shared memory, and what do others cost?
//
//   producer thread --- 0, 1, 2, … (doubles) ---> consumer thread       needs 2 cores; both sides spin
//
// Checked: the consumer compares every value with its sequence number. The clock runs from the producer's first write to the consumer's
// last read. All shared-memory contestants have the same 256 KiB of data.
//
// `ringbuf.js, one by one` is what its users write for a record; `blocks of 512` its bulk copy, which moves array elements and no
// frames: no type, no length, and a block may come out in pieces.

import { MessageChannel, Worker } from 'node:worker_threads';
import type { Bench, Scale, Variant } from '../harness/bench.ts';
import type { QueueKind, QueueTask } from './queue-side.ts';
import { allocateQueue } from './queue-side.ts';

/** Records, so that a run takes around a second. */
const RECORDS: Readonly<Record<QueueKind, number>> = {
  'bare loop, blocks of 512': 200_000_000,
  'millrace, frames of 512': 200_000_000,
  'millrace, frames of 10': 40_000_000,
  'millrace, one by one': 8_000_000,
  'ringbuf.js, blocks of 512': 100_000_000,
  'ringbuf.js, one by one': 4_000_000,
  'postMessage, arrays of 512': 20_000_000,
  'postMessage, one by one': 400_000,
};
const BLOCK = 512;

export const queue: Bench = {
  name: 'queue',
  summary: 'one thread to another: doubles through a ring, against a bare loop, ringbuf.js and postMessage',
  measures: [{ name: 'throughput', unit: 'M records/s', better: 'more' }],
  baseline: 'bare loop, blocks of 512',
  variants: (Object.keys(RECORDS) as QueueKind[]).map(variantOf),
  comparisons: [
    {
      name: 'frames of 512 / bare loop',
      variant: 'millrace, frames of 512',
      over: 'bare loop, blocks of 512',
      target: 0.9,
    },
    {
      name: 'frames of 512 / ringbuf.js per record',
      variant: 'millrace, frames of 512',
      over: 'ringbuf.js, one by one',
      target: 5,
    },
    {
      name: 'frames of 512 / ringbuf.js blocks',
      variant: 'millrace, frames of 512',
      over: 'ringbuf.js, blocks of 512',
    },
    { name: 'one by one / ringbuf.js per record', variant: 'millrace, one by one', over: 'ringbuf.js, one by one' },
    {
      name: 'frames of 512 / postMessage arrays',
      variant: 'millrace, frames of 512',
      over: 'postMessage, arrays of 512',
    },
  ],
  expected: (variant, scale) => ({ records: recordsAt(variant as QueueKind, scale), outOfOrder: 0 }),
};

function recordsAt(kind: QueueKind, { quick }: Scale): number {
  const records = RECORDS[kind] / (quick ? 4 : 1);
  return records - (records % (BLOCK * 10));
}

function variantOf(kind: QueueKind): Variant {
  return {
    name: kind,
    threads: 2,
    run: async (scale) => {
      const records = recordsAt(kind, scale);
      const memory = allocateQueue(kind);
      const gate = new SharedArrayBuffer(4);
      const { port1, port2 } = new MessageChannel();
      const [producer, consumer] = await Promise.all([
        runSide({ kind, role: 'producer', records, memory, gate, port: port1 }),
        runSide({ kind, role: 'consumer', records, memory, gate, port: port2 }),
      ]);
      const spanMs = consumer.atMs - producer.atMs;
      return {
        values: { throughput: records / spanMs / 1e3 },
        answer: { records: consumer.records, outOfOrder: consumer.outOfOrder },
      };
    },
  };
}

/** What a side says at its end: the producer when it began, the consumer when it ended. */
export interface SideReport {
  readonly atMs: number;
  readonly records: number;
  readonly outOfOrder: number;
}

function runSide(task: QueueTask): Promise<SideReport> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./queue-side.js', import.meta.url), {
      workerData: task,
      transferList: [task.port],
    });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}
