// Latency under load: how old is a bid when its auction's running total is known?
//
//   worker 0: bids, when due --+- by auction -+-- running total -> ages       half of the bids, and of the auctions, on each worker:
//                              |      X       |                               half of the bids go to the other one
//   worker 1: bids, when due --+--------------+-- running total -> ages       needs 2 cores; nobody sleeps
//
// Open loop: bids are due at fixed times, whether the job keeps up or not, and ages count from then. How many bids a second each contestant
// can do is measured first, in the same call. Millrace is loaded with 10, 50 and 90 % of its own; and beside each other contestant with the
// same load as that, 50 % of what the slower of the two can do. Target: p50 and p99 of postMessage are at least 5 times those of Millrace.
//
// `load alone` has no exchange: each worker totals what it made. Its ages are what the machine adds to everybody's: how late a thread that
// does nothing but look at its clock comes to see that a bid is due. On a busy machine that is most of a high percentile.
//
// `crossed` is the age of those bids alone that went from one worker to the other: those who post messages total the others where
// they were made. Checked: count, sum, and order within each auction of all bids.

import type { Bench, Comparison, Scale, Variant } from '../harness/bench.ts';
import { untilQuiet } from '../harness/quiet-machine.ts';
import { spreadOf } from '../harness/statistics.ts';
import { CONTESTANTS, type ContestantName } from './contestants.ts';
import { latencyFiles } from './latency-files.ts';
import { expectedOfLoad, type Load, type LoadAnswer } from './load.ts';
import { measureLoad, saturationOf } from './measure.ts';

/** Bids a second that each contestant can do. */
type Saturations = Readonly<Record<ContestantName, number>>;

/** How prepare() tells the processes of the variants: they inherit the environment. */
const SATURATIONS = 'MILLRACE_BENCH_LATENCY_SATURATIONS';
const SATURATION_TRIES = 3;
/** Where code is compiled and caches are warm: ages settle within half of it. */
const WARM_UP_MS = 1_000;
/** What is due while threads start and code is compiled is caught up with what the load leaves free: at 90 % that takes seconds. */
const CATCH_UP_MS = 6_000;
const measuredMsAt = ({ quick }: Scale): number => (quick ? 1_000 : 3_000);

interface LoadedVariant extends Variant {
  readonly warmUpMs: number;
  rateOf(saturations: Saturations): number;
}

const NAMES = Object.keys(CONTESTANTS) as ContestantName[];

/** Half of what the slower can do: both have the same load. */
function besideMillrace(peer: ContestantName): LoadedVariant['rateOf'] {
  return (saturations) => Math.min(saturations.millrace, saturations[peer]) / 2;
}

const VARIANTS: readonly LoadedVariant[] = [
  loaded('millrace, 10 % load', 'millrace', ({ millrace }) => millrace * 0.1),
  loaded('millrace, 50 % load', 'millrace', ({ millrace }) => millrace * 0.5),
  loaded('millrace, 90 % load', 'millrace', ({ millrace }) => millrace * 0.9, { warmUpMs: CATCH_UP_MS }),
  loaded('millrace', 'millrace', besideMillrace('postMessage')),
  loaded('postMessage', 'postMessage', besideMillrace('postMessage')),
  loaded('postMessage, polled', 'postMessage, polled', besideMillrace('postMessage')),
  loaded('load alone', 'load alone', besideMillrace('postMessage')),
  loaded('millrace as piscina', 'millrace', besideMillrace('piscina')),
  loaded('piscina', 'piscina', besideMillrace('piscina'), { baseline: 'millrace as piscina' }),
];

export const latency: Bench = {
  name: 'latency',
  summary: 'age of records under a load by the clock: a two-stage keyed job beside postMessage and piscina',
  measures: [
    { name: 'p50 age', unit: 'us', better: 'less' },
    { name: 'p99 age', unit: 'us', better: 'less' },
    { name: 'p99.9 age', unit: 'us', better: 'less' },
    { name: 'p99.99 age', unit: 'us', better: 'less' },
    { name: 'max age', unit: 'us', better: 'less' },
    { name: 'p50 age, crossed', unit: 'us', better: 'less' },
    { name: 'p99 age, crossed', unit: 'us', better: 'less' },
    { name: 'rate', unit: 'k records/s', better: 'more' },
    // What other programs had of the machine meanwhile; see harness/quiet-machine.ts.
    { name: 'others', unit: '% of all cores', better: 'less' },
  ],
  baseline: 'millrace',
  variants: VARIANTS,
  comparisons: [
    compared('postMessage', 'p50 age', 5),
    compared('postMessage', 'p99 age', 5),
    compared('postMessage, polled', 'p50 age'),
    compared('postMessage, polled', 'p99 age'),
    { name: 'piscina / millrace, p50 age', variant: 'piscina', over: 'millrace as piscina', measure: 'p50 age' },
    { name: 'piscina / millrace, p99 age', variant: 'piscina', over: 'millrace as piscina', measure: 'p99 age' },
    compared('postMessage', 'p50 age, crossed'),
    compared('postMessage, polled', 'p50 age, crossed'),
  ],
  prepare: async () => {
    const saturations: Record<string, number> = {};
    // One after the other: each needs both cores.
    for (const name of NAMES) {
      const tries: number[] = [];
      for (let i = 0; i < SATURATION_TRIES; i++) {
        await untilQuiet();
        tries.push(await saturationOf(CONTESTANTS[name], WARM_UP_MS));
      }
      saturations[name] = spreadOf(tries).median;
      process.stderr.write(`latency  saturation  ${name}  ${Math.round(saturations[name] / 1e3)} k records/s\n`);
    }
    process.env[SATURATIONS] = JSON.stringify(saturations);
  },
  expected: (variant, scale): LoadAnswer =>
    expectedOfLoad(loadOf(VARIANTS.find(({ name }) => name === variant)!, scale).count),
  files: latencyFiles,
};

function loaded(
  name: string,
  contestant: ContestantName,
  rateOf: LoadedVariant['rateOf'],
  { baseline = 'millrace', warmUpMs = WARM_UP_MS } = {},
): LoadedVariant {
  const variant: LoadedVariant = {
    name,
    baseline,
    warmUpMs,
    // Piscina's tasks are made on a thread of their own.
    threads: contestant === 'piscina' ? 3 : 2,
    rateOf,
    run: (scale) => measureLoad(CONTESTANTS[contestant], loadOf(variant, scale)),
  };
  return variant;
}

function compared(peer: ContestantName, measure: string, target?: number): Comparison {
  const name = `${peer} / millrace, ${measure}`;
  return { name, variant: peer, over: 'millrace', measure, ...(target === undefined ? {} : { target }) };
}

function loadOf({ rateOf, warmUpMs }: LoadedVariant, scale: Scale): Load {
  const saturations = process.env[SATURATIONS];
  if (saturations === undefined) throw new Error(`${SATURATIONS} is not set: prepare() comes first`);
  // Whole thousands a second: no more is known of a saturation.
  const rate = Math.max(1_000, Math.round(rateOf(JSON.parse(saturations) as Saturations) / 1e3) * 1e3);
  return { rate, count: Math.round((rate * (warmUpMs + measuredMsAt(scale))) / 1e3), warmUpMs };
}
