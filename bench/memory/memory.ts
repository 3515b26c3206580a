// Memory: what do the lanes, frames and metrics of a job take?
//
//   generate -> [key] -> reduce -> [key] -> reduce -> [key] -> count -> [gather] -> collect      five stages, four exchanges
//
// `computed` adds up what the plan asks for. `allocated` allocates it, writes to every page, opens both ends of every lane as the workers would,
// takes a frame of bids through each, and shows by how much the process has grown: staging, encoders, decoders and garbage are in it, as are
// views and objects; threads are not (9-10 MB each, whatever they run). Checked: the bytes allocated are the bytes computed, and every
// record comes out. One thread; the lanes of 32 workers need no 32 cores to lie in memory.

import { collect, count, job } from 'millrace';
import { generate } from 'millrace/connectors/generate';
import { LaneEnds } from '../../engine/lane/lane-ends.ts';
import { metricsBytes } from '../../engine/metrics/metrics-layout.ts';
import { ExchangeOutlet } from '../../engine/operators/exchange-outlet.ts';
import { type EdgePlan, lanesOf, type PhysicalPlan } from '../../engine/plan/physical-plan.ts';
import { plan } from '../../engine/plan/planner.ts';
import { allocateJobMemory, type JobMemory, metricsBlocks } from '../../engine/protocol/job-memory.ts';
import { DATA_BYTE } from '../../engine/queue/ring-layout.ts';
import type { Bench, Sample, Variant } from '../harness/bench.ts';
import { type Bid, bidAt } from '../keyed-sum/bids.ts';

const MIB = 1024 * 1024;
const STAGES = 5;
/** For each lane: fewer than a frame holds, so that it is sent when the outlet is told to. */
const RECORDS_A_LANE = 30;

const fiveStages = job('five-stages', (flow) => {
  flow
    .from(generate(1_000_000, bidAt))
    .keyBy((bid) => bid.auction)
    .reduce((a, b) => (a.price > b.price ? a : b))
    .keyBy(({ value }) => value.bidder)
    .reduce((a, b) => (a.value.price > b.value.price ? a : b))
    .keyBy(({ key }) => key % 100)
    .aggregate({ bids: count() })
    .to(collect('counts'));
});

export const memory: Bench = {
  name: 'memory',
  summary: 'lanes, frames and metrics of a job with five stages, computed from its plan and by allocation',
  measures: [{ name: 'memory', unit: 'MiB', better: 'less' }],
  baseline: 'computed, 2 workers',
  variants: [2, 32].flatMap((workers): Variant[] => [
    {
      name: `computed, ${workers} workers`,
      threads: 1,
      run: () => {
        const bytes = computedBytes(planFor(workers));
        return Promise.resolve({ values: { memory: bytes / MIB }, answer: { bytes, records: 0 } });
      },
    },
    {
      name: `millrace, allocated, ${workers} workers`,
      threads: 1,
      baseline: `computed, ${workers} workers`,
      run: () => Promise.resolve(allocate(planFor(workers))),
    },
  ]),
  comparisons: [
    { name: 'five stages, 2 workers', variant: 'millrace, allocated, 2 workers', atMost: 64 },
    { name: 'five stages, 32 workers', variant: 'millrace, allocated, 32 workers', atMost: 1024 },
  ],
  expected: (variant) => {
    const physical = planFor(variant.includes('32') ? 32 : 2);
    const lanes = physical.edges.reduce((total, edge) => total + lanesOf(physical, edge).length, 0);
    return { bytes: computedBytes(physical), records: variant.startsWith('computed') ? 0 : lanes * RECORDS_A_LANE };
  },
};

function planFor(workers: number): PhysicalPlan {
  const physical = plan(fiveStages.graph({}), { workers });
  if (physical.stages.length !== STAGES)
    throw new Error(`the job must have ${STAGES} stages: ${physical.stages.length}`);
  return physical;
}

function computedBytes(physical: PhysicalPlan): number {
  const lanes = physical.edges.reduce(
    (total, edge) => total + lanesOf(physical, edge).length * (DATA_BYTE + edge.laneBytes),
    0,
  );
  return lanes + metricsBytes(physical.stages.length, metricsBlocks(physical));
}

function allocate(physical: PhysicalPlan): Sample {
  const before = process.memoryUsage().rss;
  const shared = allocateJobMemory(physical, 1);
  const buffers = [shared.metrics, ...shared.lanes.flat()];
  const bytes = buffers.reduce((total, { byteLength }) => total + byteLength, 0);
  // Pages are the system's to give only once they are written to. What is there is written back: rings are not all zero.
  for (const buffer of buffers) {
    const words = new Float64Array(buffer);
    for (let at = 0; at < words.length; at++) words[at] = words[at]!;
  }
  const used = physical.edges.map((edge) => exercise(physical, edge, shared));
  const grown = process.memoryUsage().rss - before;
  return {
    values: { memory: grown / MIB },
    answer: { bytes, records: used.reduce((sum, { records }) => sum + records, 0) },
  };
}

/** Takes a frame through every lane of an edge. Keeps what it took to do so, for it is part of what is measured. */
function exercise(physical: PhysicalPlan, edge: EdgePlan, { lanes, control }: JobMemory) {
  const ends = (worker: number): LaneEnds => new LaneEnds(physical, lanes, control, worker);
  const outlets = physical.stages[edge.from]!.placement.map((worker) => {
    const outlet = new ExchangeOutlet({
      writers: ends(worker).writers(edge),
      schema: undefined,
      broadcast: true,
      timed: edge.timed,
      counters: { recordsOut: () => {}, bytesOut: () => {} },
      nowNs: () => 0,
      refused: (error) => {
        throw error;
      },
    });
    for (let index = 0; index < RECORDS_A_LANE; index++) outlet.push(bidAt(index));
    if (!outlet.sendStaged()) throw new Error('a frame of bids must fit into an empty lane');
    return outlet;
  });
  const readers = physical.stages[edge.to]!.placement.map((worker) => ends(worker).readers(edge));
  let records = 0;
  const into: Bid[] = [];
  for (const reader of readers.flat()) while (reader.read(into)) records += reader.count;
  return { outlets, readers, records };
}
