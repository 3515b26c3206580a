// From samples to the records that tables and JSON show. Any process.

import type { Bench, Comparison, Measure } from './bench.ts';
import type { Environment } from './environment.ts';
import type { Samples } from './rounds.ts';
import { pairwiseRatios, spreadOf } from './statistics.ts';

/** One line of a table, one entry of the JSON file. */
export interface Result {
  readonly bench: string;
  readonly variant: string;
  readonly measure: string;
  readonly unit: string;
  readonly min: number;
  readonly median: number;
  readonly max: number;
  readonly rounds: number;
  readonly baseline: string;
  /** Median over the rounds of this variant's value divided by the baseline's in the same round. */
  readonly ratioToBaseline: number;
  readonly quick: boolean;
  readonly environment: Environment;
}

/** What the bench exists to show, and whether it is what it must be. */
export interface ComparisonResult extends Result {
  readonly target: number | undefined;
  readonly atMost: number | undefined;
  /** Undefined where there is no target. */
  readonly met: boolean | undefined;
}

export interface BenchResults {
  readonly results: readonly Result[];
  readonly comparisons: readonly ComparisonResult[];
}

export function reduceSamples(bench: Bench, samples: Samples, quick: boolean, environment: Environment): BenchResults {
  const valuesOf = (variant: string, measure: string): number[] =>
    samples.get(variant)!.map((sample) => sample.values[measure]!);
  const results = bench.variants.flatMap((variant) =>
    bench.measures.map(({ name, unit }): Result => {
      const values = valuesOf(variant.name, name);
      const baseline = variant.baseline ?? bench.baseline;
      return {
        bench: bench.name,
        variant: variant.name,
        measure: name,
        unit,
        ...spreadOf(values),
        rounds: values.length,
        baseline,
        ratioToBaseline: spreadOf(pairwiseRatios(values, valuesOf(baseline, name))).median,
        quick,
        environment,
      };
    }),
  );
  const comparisons = bench.comparisons.map((comparison): ComparisonResult => {
    const measure = measureOf(bench, comparison);
    const { over, divisor = 1 } = comparison;
    const values = valuesOf(comparison.variant, measure.name);
    const ratios = over === undefined ? values : pairwiseRatios(values, valuesOf(over, measure.name));
    const spread = spreadOf(ratios.map((ratio) => ratio / divisor));
    return {
      bench: bench.name,
      variant: comparison.name,
      measure: measure.name,
      unit: over === undefined ? measure.unit : 'ratio',
      ...spread,
      rounds: ratios.length,
      baseline: over ?? '',
      ratioToBaseline: spread.median,
      target: comparison.target,
      atMost: comparison.atMost,
      met: isMet(comparison, spread.median),
      quick,
      environment,
    };
  });
  return { results, comparisons };
}

function measureOf(bench: Bench, comparison: Comparison): Measure {
  const measure = bench.measures.find(({ name }) => name === comparison.measure) ?? bench.measures[0];
  if (measure === undefined) throw new RangeError(`a bench needs one measure or more: ${bench.name}`);
  return measure;
}

function isMet({ target, atMost }: Comparison, ratio: number): boolean | undefined {
  if (target === undefined && atMost === undefined) return undefined;
  return (target === undefined || ratio >= target) && (atMost === undefined || ratio <= atMost);
}
