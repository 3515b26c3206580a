import { describe, expect, it } from 'vitest';
import type { Bench, Variant } from '../../bench/harness/bench.ts';
import { targetsOnly } from '../../bench/harness/targets-only.ts';

function variant(name: string, baseline?: string): Variant {
  const run = (): Promise<never> => Promise.reject(new Error('never run here'));
  return { name, threads: 1, run, ...(baseline === undefined ? {} : { baseline }) };
}

const bench: Bench = {
  name: 'race',
  summary: 'a race',
  measures: [{ name: 'speed', unit: 'M/s', better: 'more' }],
  baseline: 'hare',
  variants: [variant('hare'), variant('tortoise', 'snail'), variant('snail'), variant('dog'), variant('cat')],
  comparisons: [
    { name: 'judged', variant: 'tortoise', over: 'dog', target: 2 },
    { name: 'shown', variant: 'cat', over: 'hare' },
  ],
  expected: () => 42,
};

describe('a bench cut down to its targets', () => {
  it('keeps what is judged, what that is compared with, and the baselines of both', () => {
    const cut = targetsOnly(bench)!;
    expect(cut.comparisons.map(({ name }) => name)).toEqual(['judged']);
    expect(cut.variants.map(({ name }) => name)).toEqual(['hare', 'tortoise', 'snail', 'dog']);
    expect(cut.expected('hare', { quick: true })).toBe(42);
    expect(bench.variants).toHaveLength(5);
  });

  it('is nothing where nothing is judged', () => {
    expect(targetsOnly({ ...bench, comparisons: [bench.comparisons[1]!] })).toBeUndefined();
  });
});
