// All benches, in the order in which `--list` shows them.

import { chain } from './chain/chain.ts';
import { csvScan } from './csv-scan/csv-scan.ts';
import { frames } from './frames/frames.ts';
import type { Bench } from './harness/bench.ts';
import { hoppingLatency } from './hopping-latency/hopping-latency.ts';
import { idle } from './idle/idle.ts';
import { keyedSum } from './keyed-sum/keyed-sum.ts';
import { latency } from './latency/latency.ts';
import { memory } from './memory/memory.ts';
import { ndjsonScan } from './ndjson-scan/ndjson-scan.ts';
import { oneBrc, oneBrc100m } from './one-brc/one-brc.ts';
import { parquetScan } from './parquet-scan/parquet-scan.ts';
import { pingPong } from './ping-pong/ping-pong.ts';
import { queue } from './queue/queue.ts';
import { queueTopologies } from './queue/topologies.ts';
import { scaling } from './scaling/scaling.ts';
import { startUp } from './start-up/start-up.ts';
import { stateAggregates } from './state/aggregates.ts';
import { state } from './state/state.ts';
import { stateMemory } from './state-memory/state-memory.ts';
import { tableJoinBench } from './table-join/table-join.ts';
import { topNBench } from './top-n/top-n.ts';

import { wordCount } from './word-count/word-count.ts';

export const BENCHES: readonly Bench[] = [
  keyedSum('number'),
  keyedSum('string'),
  scaling,
  csvScan,
  ndjsonScan,
  parquetScan,
  wordCount,
  topNBench,
  tableJoinBench,
  oneBrc,
  oneBrc100m,
  queue,
  queueTopologies,
  pingPong,
  frames,
  chain,
  startUp,
  idle,
  latency,
  hoppingLatency,
  memory,
  stateMemory,
  state,
  stateAggregates,
];

export function benchNamed(name: string): Bench | undefined {
  return BENCHES.find((bench) => bench.name === name);
}
