// Queues in the shapes of LMAX Disruptor's tables, beside the one to one of queue.ts.
//
//   3 to 1     0 --+            pipeline   0 --> 1 --> 2 --> 3        diamond        +--> 1 --+
//              1 --+--> 3                                                        0 --+        +--> 3
//              2 --+                                                                 +--> 2 --+
//
// Four threads each: with fewer than four cores they take turns, and figures say who wakes and sleeps well rather than who moves most. Each arrow
// is a queue of its own from one thread to one: a ring of 256 KiB, or a message port. A node between two arrows adds its number to each
// value, so that it must look at them. Checked: the last node compares every value with what it must be by then. Counted are records of the
// sources, as in Disruptor's tables; the clock runs from the first one written to the last one read.

import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import type { Bench, Scale, Variant } from '../harness/bench.ts';
import { allocateLink, type LinkKind } from './topology-links.ts';
import type { NodeReport, NodeTask } from './topology-node.ts';

/** Arrows from node to node. */
const TOPOLOGIES = {
  '3 to 1': [
    [0, 3],
    [1, 3],
    [2, 3],
  ],
  pipeline: [
    [0, 1],
    [1, 2],
    [2, 3],
  ],
  diamond: [
    [0, 1],
    [0, 2],
    [1, 3],
    [2, 3],
  ],
} as const satisfies Readonly<Record<string, ReadonlyArray<readonly [from: number, to: number]>>>;
type Topology = keyof typeof TOPOLOGIES;

const NODES = 4;
const BLOCK = 512;

/** Records of each source, so that a run takes about a second. */
const RECORDS: Readonly<Record<LinkKind, number>> = {
  'millrace, frames of 512': 15_000_000,
  'millrace, one by one': 1_500_000,
  'ringbuf.js, blocks of 512': 15_000_000,
  'ringbuf.js, one by one': 1_500_000,
  'postMessage, arrays of 512': 2_000_000,
  'postMessage, one by one': 100_000,
};

export const queueTopologies: Bench = {
  name: 'queue-topologies',
  summary: 'three to one, pipeline and diamond of queues between four threads, against ringbuf.js and postMessage',
  measures: [{ name: 'throughput', unit: 'M records/s', better: 'more' }],
  baseline: 'millrace, frames of 512: 3 to 1',
  variants: (Object.keys(TOPOLOGIES) as Topology[]).flatMap((topology) =>
    (Object.keys(RECORDS) as LinkKind[]).map((kind) => variantOf(topology, kind)),
  ),
  comparisons: (Object.keys(TOPOLOGIES) as Topology[]).flatMap((topology) => [
    compared(topology, 'millrace, frames of 512', 'ringbuf.js, blocks of 512'),
    compared(topology, 'millrace, one by one', 'ringbuf.js, one by one'),
    compared(topology, 'millrace, frames of 512', 'postMessage, arrays of 512'),
  ]),
  expected: (variant, scale) => {
    const [kind, topology] = variant.split(': ') as [LinkKind, Topology];
    return { records: recordsAt(kind, scale) * arrowsInto(topology, NODES - 1).length, wrong: 0 };
  },
};

function compared(topology: Topology, kind: LinkKind, over: LinkKind): Bench['comparisons'][number] {
  const [peer, how] = over.split(', ');
  return {
    name: `${topology}: ${kind.split(', ')[1]} / ${peer} ${how}`,
    variant: `${kind}: ${topology}`,
    over: `${over}: ${topology}`,
  };
}

function recordsAt(kind: LinkKind, { quick }: Scale): number {
  const records = RECORDS[kind] / (quick ? 4 : 1);
  return records - (records % BLOCK);
}

function arrowsInto(topology: Topology, node: number): number[] {
  return TOPOLOGIES[topology].flatMap(([, to], arrow) => (to === node ? [arrow] : []));
}

function arrowsFrom(topology: Topology, node: number): number[] {
  return TOPOLOGIES[topology].flatMap(([from], arrow) => (from === node ? [arrow] : []));
}

/** What the nodes on the way to the head of an arrow have added by then. */
function addedBefore(topology: Topology, arrow: number): number {
  const [from] = TOPOLOGIES[topology][arrow]!;
  const [before] = arrowsInto(topology, from);
  return before === undefined ? 0 : from + addedBefore(topology, before);
}

function variantOf(topology: Topology, kind: LinkKind): Variant {
  return {
    name: `${kind}: ${topology}`,
    threads: NODES,
    baseline: `millrace, frames of 512: ${topology}`,
    run: async (scale) => {
      const records = recordsAt(kind, scale);
      const gate = new SharedArrayBuffer(4);
      const links = TOPOLOGIES[topology].map(() => allocateLink(kind));
      const channels = TOPOLOGIES[topology].map(() => new MessageChannel());
      const reports = await Promise.all(
        Array.from({ length: NODES }, (_, node) => {
          const into = arrowsInto(topology, node);
          const from = arrowsFrom(topology, node);
          return runNode({
            kind,
            node,
            nodes: NODES,
            records,
            gate,
            inputs: into.map((arrow) => ({
              memory: links[arrow]!,
              port: channels[arrow]!.port2,
              added: addedBefore(topology, arrow),
            })),
            outputs: from.map((arrow) => ({ memory: links[arrow]!, port: channels[arrow]!.port1 })),
          });
        }),
      );
      const sources = reports.filter((_, node) => arrowsInto(topology, node).length === 0);
      const last = reports.at(-1)!;
      const spanMs = last.endedMs - Math.min(...sources.map(({ startedMs }) => startedMs));
      return {
        values: { throughput: (records * sources.length) / spanMs / 1e3 },
        answer: { records: last.records, wrong: last.wrong },
      };
    },
  };
}

function runNode(task: NodeTask): Promise<NodeReport> {
  const transferList: MessagePort[] = [...task.inputs, ...task.outputs].map(({ port }) => port);
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./topology-node.js', import.meta.url), { workerData: task, transferList });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}
