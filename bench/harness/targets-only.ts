// A bench cut down to what some of its comparisons need, so that all targets are judged in minutes. In the command's process.

import type { Bench } from './bench.ts';

/** The comparisons of these names, and the variants that they compare; undefined when the bench has none of them. */
export function targetsOnly(bench: Bench, names: readonly string[]): Bench | undefined {
  const comparisons = bench.comparisons.filter(({ name }) => names.includes(name));
  const [first] = comparisons;
  if (first === undefined) return undefined;
  const needed = new Set(
    comparisons.flatMap(({ variant, over }) => (over === undefined ? [variant] : [variant, over])),
  );
  // Comparisons are all that is shown, so a variant that is only the baseline of another need not run.
  const baselineOf = (baseline: string): string => (needed.has(baseline) ? baseline : first.variant);
  const variants = bench.variants
    .filter(({ name }) => needed.has(name))
    .map((variant) =>
      variant.baseline === undefined
        ? variant
        : Object.assign(Object.create(variant) as typeof variant, { baseline: baselineOf(variant.baseline) }),
    );
  // Not a copy of its members: a bench may be an object of a class.
  return Object.assign(Object.create(bench) as Bench, { comparisons, variants, baseline: baselineOf(bench.baseline) });
}
