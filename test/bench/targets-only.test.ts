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
  variants: [
    variant('hare'),
    variant('tortoise', 'snail'),
    variant('snail'),
    variant('dog', 'tortoise'),
    variant('cat'),
  ],
  comparisons: [
    { name: 'judged', variant: 'tortoise', over: 'dog', target: 2 },
    { name: 'by itself', variant: 'cat', atMost: 2 },
    { name: 'shown', variant: 'cat', over: 'hare' },
  ],
  expected: () => 42,
};

describe('a bench cut down to its targets', () => {
  it('keeps what is judged and what that is compared with, and leaves the bench as it was', () => {
    const cut = targetsOnly(bench, ['judged', 'by itself'])!;
    expect(cut.comparisons.map(({ name }) => name)).toEqual(['judged', 'by itself']);
    expect(cut.variants.map(({ name }) => name)).toEqual(['tortoise', 'dog', 'cat']);
    expect(cut.expected('hare', { quick: true })).toBe(42);
    expect(bench.variants).toHaveLength(5);
    expect(bench.variants[1]!.baseline).toBe('snail');
  });

  it('has only baselines that run', () => {
    const cut = targetsOnly(bench, ['judged'])!;
    expect([cut.baseline, ...cut.variants.map(({ baseline }) => baseline)]).toEqual([
      'tortoise',
      'tortoise',
      'tortoise',
    ]);
  });

  it('is nothing where nothing of it is asked for', () => {
    expect(targetsOnly(bench, [])).toBeUndefined();
    expect(targetsOnly(bench, ['unheard of'])).toBeUndefined();
  });
});
