// Keyed sum: does the ordinary flow API keep up with a loop written by hand for this one job?
//
//   generate -> filter -> [ exchange by key ] -> count and sum a key        on every worker
//
//        +- worker 0: source  keyed -+        every record crosses a lane, also to its own worker; with
//        |              | X |        |        pre-aggregation only one partial a key does
//        +- worker 1: source  keyed -+
//
// 1 and 2 workers: needs 2 cores. Checked: count and sum over all keys, and the number of keys, against a plain loop.
// Three measures: `throughput` from the first record made to the last result, thread start left out on all sides; `whole` from the call
// that starts the threads to the answer on the main thread; `cpu`, the processor time of all threads in the same span, which
// stays the same when other programs take turns on the cores.

import { run } from 'millrace';
import type { Bench, Sample, Scale, Variant } from '../harness/bench.ts';
import { sharedNowMs } from '../harness/bench.ts';
import { runHandWritten } from '../peers/hand-written.ts';
import { expectedAnswer, type KeyedSumAnswer } from './bids.ts';
import type { KeySum } from './keyed-sum.job.ts';

export type KeyKind = 'number' | 'string';

const RECORDS = { number: 40_000_000, string: 16_000_000 };
const QUICK_SHARE = 4;

export function keyedSum(keys: KeyKind): Bench {
  const recordsAt = ({ quick }: Scale): number => RECORDS[keys] / (quick ? QUICK_SHARE : 1);
  const variants: (Variant & { workers: number })[] = [1, 2].flatMap((workers) => [
    {
      name: `hand-written ${workers}`,
      threads: workers,
      workers,
      run: async (scale) => {
        const records = recordsAt(scale);
        const spent = startSpending();
        const { spanMs, answer } = await runHandWritten({ workers, records, stringKeys: keys === 'string' });
        return sampleOf(records, spanMs, spent(), answer);
      },
    },
    {
      name: `millrace ${workers}`,
      threads: workers,
      workers,
      baseline: `hand-written ${workers}`,
      run: (scale) => runMillrace(recordsAt(scale), workers, keys, false),
    },
    {
      name: `millrace ${workers}, pre-aggregated`,
      threads: workers,
      workers,
      baseline: `hand-written ${workers}`,
      run: (scale) => runMillrace(recordsAt(scale), workers, keys, true),
    },
  ]);
  return {
    name: keys === 'number' ? 'keyed-sum' : 'keyed-sum-string',
    summary: `source -> filter -> exchange by ${keys} key -> count and sum, against a loop written by hand`,
    measures: [
      { name: 'throughput', unit: 'M records/s', better: 'more' },
      { name: 'whole', unit: 'M records/s', better: 'more' },
      { name: 'cpu', unit: 'ns a record', better: 'less' },
    ],
    baseline: 'hand-written 2',
    variants,
    comparisons: [
      { name: 'millrace / hand-written, 2 workers', variant: 'millrace 2', over: 'hand-written 2', target: 0.7 },
      { name: 'millrace / hand-written, 1 worker', variant: 'millrace 1', over: 'hand-written 1' },
      { name: 'millrace, 2 workers / 1 worker', variant: 'millrace 2', over: 'millrace 1', target: 1.8 },
      { name: 'hand-written, 2 workers / 1 worker', variant: 'hand-written 2', over: 'hand-written 1' },
    ],
    expected: (name, scale) => {
      const { workers } = variants.find((variant) => variant.name === name)!;
      return expectedAnswer(recordsAt(scale) / workers, workers);
    },
  };
}

async function runMillrace(records: number, workers: number, keys: KeyKind, preaggregate: boolean): Promise<Sample> {
  const spent = startSpending();
  const params = { records, workers, stringKeys: keys === 'string', preaggregate };
  const { results } = await run(new URL('./keyed-sum.job.js', import.meta.url), { workers, params }).completed;
  const cost = spent();
  const sums = results['sums'] as readonly KeySum[];
  const answer = {
    count: sums.reduce((total, { bids }) => total + bids, 0),
    cents: Math.round(sums.reduce((total, sum) => total + sum.total * 100, 0)),
    keys: sums.length,
  };
  // A worker that made no record has no first one: a split can be taken by another before it is awake.
  const firstMs = Math.min(...sums.map((sum) => sum.firstMs).filter((ms) => ms > 0));
  const doneMs = Math.max(...sums.map((sum) => sum.doneMs));
  return sampleOf(records, doneMs - firstMs, cost, answer);
}

/** What passes between this call and that of the function it returns. */
interface Cost {
  readonly wholeMs: number;
  /** Of all threads of the process together. */
  readonly cpuMs: number;
}

function startSpending(): () => Cost {
  const startedMs = sharedNowMs();
  const before = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(before);
    return { wholeMs: sharedNowMs() - startedMs, cpuMs: (user + system) / 1e3 };
  };
}

function sampleOf(records: number, spanMs: number, { wholeMs, cpuMs }: Cost, answer: KeyedSumAnswer): Sample {
  const values = {
    throughput: records / spanMs / 1e3,
    whole: records / wholeMs / 1e3,
    cpu: (cpuMs * 1e6) / records,
  };
  return { values, answer };
}
