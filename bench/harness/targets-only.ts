// A bench cut down to what its targets need, so that all targets are judged in minutes. In the command's process.

import type { Bench, Comparison } from './bench.ts';

export function hasTarget({ target, atMost }: Comparison): boolean {
  return target !== undefined || atMost !== undefined;
}

/** The comparisons that have a target, and the variants that they and their baselines name; undefined when there are none. */
export function targetsOnly(bench: Bench): Bench | undefined {
  const comparisons = bench.comparisons.filter(hasTarget);
  if (comparisons.length === 0) return undefined;
  const needed = new Set([bench.baseline]);
  for (const { variant, over } of comparisons) {
    needed.add(variant);
    if (over !== undefined) needed.add(over);
  }
  for (const { name, baseline } of bench.variants) if (needed.has(name) && baseline !== undefined) needed.add(baseline);
  // Not a copy of its members: a bench may be an object of a class.
  return Object.assign(Object.create(bench) as Bench, {
    comparisons,
    variants: bench.variants.filter(({ name }) => needed.has(name)),
  });
}
