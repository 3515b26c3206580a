import { describe, expect, it } from 'vitest';
import type { Build } from '../../../bench/compare/commit-build.ts';
import { pairVariants } from '../../../bench/compare/paired-rounds.ts';
import type { Bench } from '../../../bench/harness/bench.ts';

const prepared: string[] = [];

function bench(name: string, onlyWhenNamed: boolean): Bench {
  const run = (): Promise<never> => Promise.reject(new Error('never run here'));
  return {
    name,
    summary: name,
    measures: [{ name: 'speed', unit: 'M/s', better: 'more' }],
    baseline: 'peer',
    variants: ['millrace', 'peer'].map((variant) => ({ name: variant, threads: 1, run })),
    comparisons: [],
    onlyWhenNamed,
    prepare: async () => void prepared.push(name),
    expected: () => 42,
  };
}

const build: Build = { commit: 'abc', benches: [bench('usual', false), bench('huge', true)], variantProcess: '' };

async function benchesPaired(...names: string[]): Promise<string[]> {
  prepared.length = 0;
  const pairs = await pairVariants(build, build, names, { quick: true });
  return pairs.map(({ head }) => `${head.bench.name}, ${head.variant.name}`);
}

describe('the benches of a comparison', () => {
  it('are all but those that want to be named, where none is named', async () => {
    expect(await benchesPaired()).toEqual(['usual, millrace']);
    expect(new Set(prepared)).toEqual(new Set(['usual']));
  });

  it('are those that are named', async () => {
    expect(await benchesPaired('huge')).toEqual(['huge, millrace']);
    expect(new Set(prepared)).toEqual(new Set(['huge']));
  });
});
