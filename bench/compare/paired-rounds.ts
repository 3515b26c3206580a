// Runs the same variants of two builds in turn, each run in a fresh process. In the command's process.
//
//   warm-up    base head     not counted
//   round 1    base head     of the first variant, then of the next
//   round 2    head base     so that two rounds are A B B A: a machine that grows slower or warmer hurts both alike
//   ...
//
// The two runs of a pair follow each other at once, and rounds of a variant are spread over the whole comparison: a slow phase of the machine
// meets both runs of a pair, or one round of several variants, rather than all rounds of one.

import type { Bench, Measure, Sample, Scale, Variant } from '../harness/bench.ts';
import { runInProcess, verifySample } from '../harness/rounds.ts';
import type { Build } from './commit-build.ts';
import type { PairedFigures } from './verdict.ts';

export type Side = 'base' | 'head';

/** A variant that both builds have. */
export interface PairedVariant {
  readonly base: Contestant;
  readonly head: Contestant;
}

interface Contestant {
  readonly bench: Bench;
  readonly variant: Variant;
  readonly variantProcess: string;
  readonly expected: unknown;
}

export interface PairedRoundOptions {
  readonly scale: Scale;
  readonly rounds: number;
  /** Is told after each run, for a progress line; warm-ups are round 0. */
  readonly onRun: (side: Side, contestant: Contestant, round: number, sample: Sample) => void;
}

/**
 * Variants of Millrace in the benches that both builds have, by name; where a bench has none, all of them. Without names, all benches but those that want to be named. Peers do not change with
 * our source, and would be half the time. Input files are made on the way.
 */
export async function pairVariants(
  base: Build,
  head: Build,
  benches: readonly string[],
  scale: Scale,
): Promise<PairedVariant[]> {
  const pairs: PairedVariant[] = [];
  for (const bench of head.benches) {
    if (benches.length > 0 ? !benches.includes(bench.name) : bench.onlyWhenNamed === true) continue;
    const before = base.benches.find(({ name }) => name === bench.name);
    if (before === undefined) continue;
    await before.prepare?.(scale);
    await bench.prepare?.(scale);
    const ours = bench.variants.filter(({ name }) => name.startsWith('millrace'));
    for (const variant of ours.length > 0 ? ours : bench.variants) {
      const old = before.variants.find(({ name }) => name === variant.name);
      if (old === undefined) continue;
      pairs.push({ base: contestantOf(base, before, old, scale), head: contestantOf(head, bench, variant, scale) });
    }
  }
  return pairs;
}

function contestantOf({ variantProcess }: Build, bench: Bench, variant: Variant, scale: Scale): Contestant {
  return { bench, variant, variantProcess, expected: bench.expected(variant.name, scale) };
}

/** Measures that both builds take of a variant, meant in the same way. */
function commonMeasures({ base, head }: PairedVariant): Measure[] {
  return head.bench.measures.filter(({ name, unit, better }) =>
    base.bench.measures.some((old) => old.name === name && old.unit === unit && old.better === better),
  );
}

/** @throws Error when a run fails, hangs, or gives an answer other than its own build expects */
export async function runPairedRounds(
  variants: readonly PairedVariant[],
  { scale, rounds, onRun }: PairedRoundOptions,
): Promise<PairedFigures[]> {
  const collected = variants.map((pair) =>
    commonMeasures(pair).map((measure) => ({
      bench: pair.head.bench.name,
      variant: pair.head.variant.name,
      measure,
      base: [] as number[],
      head: [] as number[],
    })),
  );
  for (let round = 0; round <= rounds; round++) {
    const order: Side[] = round % 2 === 1 ? ['base', 'head'] : ['head', 'base'];
    for (const [at, pair] of variants.entries()) {
      for (const side of order) {
        const contestant = pair[side];
        const { bench, variant, variantProcess, expected } = contestant;
        const sample = await runInProcess(bench, variant, scale, variantProcess);
        verifySample(bench, variant, sample, expected);
        if (round > 0) {
          for (const figures of collected[at]!) figures[side].push(sample.values[figures.measure.name]!);
        }
        onRun(side, contestant, round, sample);
      }
    }
  }
  return collected.flat();
}
