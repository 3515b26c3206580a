// Scaling: the keyed sum on one worker, two, and so on to all cores, beside the hand-written loop on as many threads.
//
//   generate -> filter -> [ exchange by key ] -> count and sum a key        on n workers, every record through a lane: n x n lanes
//
// n goes up to the number of cores, by doubling beyond eight. On fewer than four cores there is a last step of four workers, which take
// turns on the cores: it shows what too many workers cost, and nothing about scaling. Efficiency is the speed of n over n times the
// speed of one, in the same round. Checked: count and sum over all keys, and the number of keys. `throughput` leaves out thread start.

import { availableParallelism } from 'node:os';
import type { Bench, Comparison, Sample, Scale, Variant } from '../harness/bench.ts';
import { expectedAnswer } from '../keyed-sum/bids.ts';
import { handWrittenSum, KEYED_SUM_MEASURES, millraceSum } from '../keyed-sum/keyed-sum.ts';

/** A worker's share; the same whatever their number, so that all runs take about as long where scaling is perfect. */
const SHARE = 10_000_000;
const QUICK_SHARE = 2_500_000;
const OVERSUBSCRIBED = 4;

interface Step {
  readonly workers: number;
  readonly label: string;
}

/** 1, 2, 3 ... 8, 16, 32 ... and the number of cores itself; four where there are fewer cores. */
export function stepsFor(cores: number): Step[] {
  const steps: Step[] = [];
  for (let workers = 1; workers < cores; workers += workers < 8 ? 1 : workers) {
    steps.push({ workers, label: String(workers) });
  }
  steps.push({ workers: cores, label: String(cores) });
  if (cores < OVERSUBSCRIBED) {
    steps.push({ workers: OVERSUBSCRIBED, label: `${OVERSUBSCRIBED} (on ${cores} core${cores === 1 ? '' : 's'})` });
  }
  return steps;
}

const STEPS = stepsFor(availableParallelism());
const KINDS = [
  { kind: 'hand-written', sum: (records: number, workers: number) => handWrittenSum(records, workers, 'number') },
  { kind: 'millrace', sum: (records: number, workers: number) => millraceSum(records, workers, 'number', false) },
];

function shareAt({ quick }: Scale): number {
  return quick ? QUICK_SHARE : SHARE;
}

const variants: readonly (Variant & { readonly workers: number })[] = KINDS.flatMap(({ kind, sum }) =>
  STEPS.map(({ workers, label }) => ({
    name: `${kind} ${label}`,
    threads: workers,
    workers,
    baseline: `${kind} 1`,
    run: (scale: Scale): Promise<Sample> => sum(shareAt(scale) * workers, workers),
  })),
);

const comparisons: readonly Comparison[] = STEPS.filter(({ workers }) => workers > 1).flatMap(({ workers, label }) => [
  ...KINDS.map(({ kind }) => ({
    name: `${kind} ${label}: efficiency`,
    variant: `${kind} ${label}`,
    over: `${kind} 1`,
    divisor: workers,
  })),
  { name: `millrace / hand-written, ${label}`, variant: `millrace ${label}`, over: `hand-written ${label}` },
]);

export const scaling: Bench = {
  name: 'scaling',
  summary: 'the keyed sum on 1 to all cores: speed and efficiency, beside the hand-written loop',
  measures: KEYED_SUM_MEASURES,
  baseline: 'hand-written 1',
  variants,
  comparisons,
  expected: (name, scale) => {
    const { workers } = variants.find((variant) => variant.name === name)!;
    return expectedAnswer(shareAt(scale), workers);
  },
};
