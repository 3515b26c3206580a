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
import type { Bench, Measure, Sample, Scale, Variant } from '../harness/bench.ts';
import { type Cost, startSpending } from '../harness/cost.ts';
import { sumByComlink, sumByPiscina } from '../peers/chunk-pools.ts';
import { runHandWritten } from '../peers/hand-written.ts';
import { runPostMessage } from '../peers/post-message.ts';
import { sumByLoop, sumByStreams } from '../peers/single-thread.ts';
import { expectedAnswer, type KeyedSumAnswer } from './bids.ts';
import type { KeySum } from './keyed-sum.job.ts';

export type KeyKind = 'number' | 'string';

export const KEYED_SUM_MEASURES: readonly Measure[] = [
  { name: 'throughput', unit: 'M records/s', better: 'more' },
  { name: 'whole', unit: 'M records/s', better: 'more' },
  { name: 'cpu', unit: 'ns a record', better: 'less' },
];

/**
 * Ten seconds on one worker. V8 compiles for the first half second: beside one worker on another core, beside two on theirs. Of a run of three
 * seconds that is a fifth, and what two workers are to one is then mostly what V8 is (docs/BENCHMARKS.md has both).
 */
const RECORDS = { number: 160_000_000, string: 64_000_000 };
const QUICK_SHARE = 4;

/** `workers` made a share each; `records` where it does not take as many as the others. */
type KeyedSumVariant = Variant & { readonly workers: number; readonly records?: number };

function recordsOf(records: number, { quick }: Scale): number {
  return records / (quick ? QUICK_SHARE : 1);
}

export function keyedSum(keys: KeyKind): Bench {
  const recordsAt = (scale: Scale): number => recordsOf(RECORDS[keys], scale);
  const variants: KeyedSumVariant[] = [1, 2].flatMap((workers) => [
    {
      name: `hand-written ${workers}`,
      threads: workers,
      workers,
      run: (scale) => handWrittenSum(recordsAt(scale), workers, keys),
    },
    {
      name: `millrace ${workers}`,
      threads: workers,
      workers,
      baseline: `hand-written ${workers}`,
      run: (scale) => millraceSum(recordsAt(scale), workers, keys, false),
    },
    {
      name: `millrace ${workers}, pre-aggregated`,
      threads: workers,
      workers,
      baseline: `hand-written ${workers}`,
      run: (scale) => millraceSum(recordsAt(scale), workers, keys, true),
    },
  ]);
  variants.push(...peers(keys));
  return {
    name: keys === 'number' ? 'keyed-sum' : 'keyed-sum-string',
    summary: `source -> filter -> exchange by ${keys} key -> count and sum, against a loop written by hand`,
    measures: KEYED_SUM_MEASURES,
    baseline: 'hand-written 2',
    variants,
    comparisons: [
      { name: 'millrace / hand-written, 2 workers', variant: 'millrace 2', over: 'hand-written 2', target: 0.7 },
      { name: 'millrace / hand-written, 1 worker', variant: 'millrace 1', over: 'hand-written 1' },
      { name: 'millrace, 2 workers / 1 worker', variant: 'millrace 2', over: 'millrace 1', target: 1.8 },
      {
        name: 'millrace, 2 workers / postMessage arrays',
        variant: 'millrace 2',
        over: 'postMessage arrays 2',
        target: 10,
      },
      {
        name: 'millrace, 2 workers / piscina over chunks',
        variant: 'millrace 2',
        over: 'piscina chunks 2',
        target: 10,
      },
      { name: 'millrace, 2 workers / comlink over chunks', variant: 'millrace 2', over: 'comlink chunks 2' },
      { name: 'millrace, 2 workers / Node streams', variant: 'millrace 2', over: 'node streams' },
      { name: 'millrace, 2 workers / plain loop', variant: 'millrace 2', over: 'plain loop' },
      { name: 'hand-written, 2 workers / 1 worker', variant: 'hand-written 2', over: 'hand-written 1' },
    ],
    expected: (name, scale) => {
      const { workers, records } = variants.find((variant) => variant.name === name)!;
      const all = records === undefined ? recordsAt(scale) : recordsOf(records, scale);
      return expectedAnswer(all / workers, workers);
    },
  };
}

/** What a user would pick instead. Slow ones get fewer records: a run of each takes around a second. */
function peers(keys: KeyKind): KeyedSumVariant[] {
  const stringKeys = keys === 'string';
  const whole = (
    name: string,
    threads: number,
    records: number,
    sum: (records: number) => KeyedSumAnswer | Promise<KeyedSumAnswer>,
  ): KeyedSumVariant => ({
    name,
    threads,
    workers: 1,
    records,
    baseline: 'millrace 2',
    run: async (scale) => {
      const all = recordsOf(records, scale);
      const spent = startSpending();
      const answer = await sum(all);
      const cost = spent();
      // Unlike the others, this includes the start of its threads, where it has any: some tens of milliseconds of a second or more.
      return sampleOf(all, cost.wholeMs, cost, answer);
    },
  });
  return [
    whole('plain loop', 1, 16_000_000, (records) => sumByLoop(records, stringKeys)),
    whole('node streams', 1, 2_000_000, (records) => sumByStreams(records, stringKeys)),
    whole('piscina chunks 2', 3, 2_000_000, (records) => sumByPiscina(records, 2, stringKeys)),
    whole('comlink chunks 2', 3, 2_000_000, (records) => sumByComlink(records, 2, stringKeys)),
    {
      name: 'postMessage arrays 2',
      threads: 2,
      workers: 2,
      records: 4_000_000,
      baseline: 'millrace 2',
      run: async (scale) => {
        const all = recordsOf(4_000_000, scale);
        const spent = startSpending();
        const { spanMs, answer } = await runPostMessage(all, 2, stringKeys);
        return sampleOf(all, spanMs, spent(), answer);
      },
    },
  ];
}

export async function handWrittenSum(records: number, workers: number, keys: KeyKind): Promise<Sample> {
  const spent = startSpending();
  const { spanMs, answer } = await runHandWritten({ workers, records, stringKeys: keys === 'string' });
  return sampleOf(records, spanMs, spent(), answer);
}

export async function millraceSum(
  records: number,
  workers: number,
  keys: KeyKind,
  preaggregate: boolean,
): Promise<Sample> {
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

function sampleOf(records: number, spanMs: number, { wholeMs, cpuMs }: Cost, answer: KeyedSumAnswer): Sample {
  const values = {
    throughput: records / spanMs / 1e3,
    whole: records / wholeMs / 1e3,
    cpu: (cpuMs * 1e6) / records,
  };
  return { values, answer };
}
