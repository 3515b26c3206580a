// Latency of a hopping window: how long after its end is a window's result at the sink?
//
//   worker 0: events, when due --+- by key -+-- count of 10 s, every 10 ms -> ages     500 000 events and 1 000 000 results a second;
//                                |     X    |                                          10 000 keys; needs 2 cores; nobody sleeps
//   worker 1: events, when due --+----------+-- count of 10 s, every 10 ms -> ages
//
// As Hazelcast Jet measures it: now - window end when the first result of a window appears at a sink, with events on schedule (open loop;
// event time is the scheduled time). Beside it the age of every result: the last of them completes its window. The hand-written
// program is the least that two threads can do for this one job (hand-written-worker.ts). Target: p99 and p99.99 of Millrace are at most
// twice as high in the same run.
//
// Each worker sees 100 windows a second, so a round of 20 s has 4 000 first results, and its p99.99 is its maximum; the files of `--out`
// have all rounds together. Measured from 20 s behind the first full window on, as Jet's benchmarks do: V8 goes on compiling functions that run
// once a window for about that long, on cores that are taken from the workers. `--quick` has windows of 1 s and 2 s of warm-up: deducting a
// pane costs the same, only fewer windows are seen. Every count of every window is checked, those of the warm-up included.

import type { Bench, Comparison, Scale, Variant } from '../harness/bench.ts';
import { ageFiles } from '../latency/latency-files.ts';
import { HOPPING_CONTESTANTS, type HoppingContestant } from './contestants.ts';
import { expectedOfHopping, type HoppingLoad } from './hopping-load.ts';
import { FIRST_AGE, measureHopping } from './measure.ts';

const WARM_UP_MS = 20_000;
const SIZE_MS = 10_000;
const MEASURED_MS = 20_000;
const QUICK_WARM_UP_MS = 2_000;
const QUICK_SIZE_MS = 1_000;
const QUICK_MEASURED_MS = 1_000;

export function loadAt({ quick }: Scale): Omit<HoppingLoad, 'startMs'> {
  const sizeMs = quick ? QUICK_SIZE_MS : SIZE_MS;
  const warmUpMs = sizeMs + (quick ? QUICK_WARM_UP_MS : WARM_UP_MS);
  const lastMs = warmUpMs + (quick ? QUICK_MEASURED_MS : MEASURED_MS);
  return { rate: 500_000, keys: 10_000, sizeMs, stepMs: 10, warmUpMs, lastMs };
}

export const hoppingLatency: Bench = {
  name: 'hopping-latency',
  summary: 'age of the results of a hopping count (10 s by 10 ms, 10 000 keys, 500 k events/s) beside a loop by hand',
  measures: [
    { name: 'p50 age', unit: 'us', better: 'less' },
    { name: 'p99 age', unit: 'us', better: 'less' },
    { name: 'p99.9 age', unit: 'us', better: 'less' },
    { name: 'p99.99 age', unit: 'us', better: 'less' },
    { name: 'max age', unit: 'us', better: 'less' },
    { name: 'p50 age, every result', unit: 'us', better: 'less' },
    { name: 'p99 age, every result', unit: 'us', better: 'less' },
    { name: 'p99.99 age, every result', unit: 'us', better: 'less' },
    { name: 'others', unit: '% of all cores', better: 'less' },
  ],
  baseline: 'millrace',
  variants: (Object.keys(HOPPING_CONTESTANTS) as HoppingContestant[]).map(
    (name): Variant => ({
      name,
      threads: 2,
      run: (scale) => measureHopping(HOPPING_CONTESTANTS[name], loadAt(scale)),
    }),
  ),
  comparisons: [
    compared('p99 age', 2),
    compared('p99.99 age', 2),
    compared('p50 age'),
    compared('p99 age, every result'),
    compared('p99.99 age, every result'),
  ],
  expected: (_variant, scale) => expectedOfHopping(loadAt(scale)),
  files: (samples) =>
    ageFiles(samples, {
      stem: 'hopping-latency',
      title: 'Age of the first result of a window, from its end to the sink',
      ages: FIRST_AGE,
      stagesOf: 'millrace',
    }),
};

function compared(measure: string, atMost?: number): Comparison {
  const name = `millrace / hand-written, ${measure}`;
  return { name, variant: 'millrace', over: 'hand-written', measure, ...(atMost === undefined ? {} : { atMost }) };
}
