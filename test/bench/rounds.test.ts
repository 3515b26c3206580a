import { describe, expect, it } from 'vitest';
import type { Bench, Sample, Variant } from '../../bench/harness/bench.ts';
import { reduceSamples } from '../../bench/harness/results.ts';
import { runRounds } from '../../bench/harness/rounds.ts';
import { figure, renderResults } from '../../bench/harness/table.ts';

const environment = { cpu: 'test', cores: 2, node: 'v20', platform: 'x', commit: 'abc', loadBefore: 0, at: '' };

function variant(name: string): Variant {
  return { name, threads: 1, run: () => Promise.reject(new Error('runs in a process of its own')) };
}

const bench: Bench = {
  name: 'race',
  summary: 'a race',
  measures: [{ name: 'speed', unit: 'M/s', better: 'more' }],
  baseline: 'hare',
  variants: [variant('hare'), variant('tortoise')],
  comparisons: [
    { name: 'tortoise / hare', variant: 'tortoise', over: 'hare', target: 0.7 },
    { name: 'hare / tortoise', variant: 'hare', over: 'tortoise', atMost: 4 },
    { name: 'unjudged', variant: 'hare', over: 'hare' },
    { name: 'by itself', variant: 'tortoise', atMost: 8 },
    { name: 'by twos', variant: 'tortoise', over: 'hare', divisor: 2 },
  ],
  expected: () => ({ sum: 42 }),
};

/** Speeds by variant and run; every answer right. */
function running(speeds: Record<string, number[]>): (bench: Bench, variant: Variant) => Promise<Sample> {
  return (_, { name }) => Promise.resolve({ values: { speed: speeds[name]!.shift()! }, answer: { sum: 42 } });
}

describe('rounds of a bench', () => {
  const options = { scale: { quick: false }, warmUps: 1, rounds: 2, onRun: () => {} };

  it('makes the inputs once, before the first run', async () => {
    const order: string[] = [];
    await runRounds(
      { ...bench, prepare: async () => void order.push('prepared') },
      {
        ...options,
        runOnce: running({ hare: [1, 10, 20], tortoise: [1, 5, 8] }),
        onRun: ({ name }) => order.push(name),
      },
    );
    expect(order.indexOf('prepared')).toBe(0);
    expect(order.filter((entry) => entry === 'prepared')).toHaveLength(1);
  });

  it('runs every variant in every round, turns the order each round, and leaves the warm-up out', async () => {
    const order: string[] = [];
    const samples = await runRounds(bench, {
      ...options,
      runOnce: running({ hare: [1, 10, 20], tortoise: [1, 5, 8] }),
      onRun: ({ name }, round) => order.push(`${round} ${name}`),
    });
    expect(order).toEqual(['0 tortoise', '0 hare', '1 hare', '1 tortoise', '2 tortoise', '2 hare']);
    expect(samples.get('hare')!.map(({ values }) => values['speed'])).toEqual([10, 20]);
    expect(samples.get('tortoise')!.map(({ values }) => values['speed'])).toEqual([5, 8]);
  });

  it('fails when a variant gives a wrong answer, whatever its speed', async () => {
    const wrong = (): Promise<Sample> => Promise.resolve({ values: { speed: 1e9 }, answer: { sum: 41 } });
    await expect(runRounds(bench, { ...options, runOnce: wrong })).rejects.toThrow(
      /race, tortoise: wrong answer.*42.*41/s,
    );
  });

  it('fails when a measure is missing or no figure', async () => {
    for (const values of [{}, { speed: 0 }, { speed: Number.NaN }]) {
      const runOnce = (): Promise<Sample> =>
        Promise.resolve({ values: values as Record<string, number>, answer: { sum: 42 } });
      await expect(runRounds(bench, { ...options, runOnce })).rejects.toThrow(/measure 'speed'/);
    }
  });
});

describe('results of a bench', () => {
  const sample = (speed: number): Sample => ({ values: { speed }, answer: undefined });
  const samples = new Map([
    ['hare', [sample(10), sample(20), sample(40)]],
    ['tortoise', [sample(5), sample(9), sample(30)]],
  ]);
  const reduced = reduceSamples(bench, samples, false, environment);

  it('are medians of values, and medians of ratios made round by round', () => {
    const [hare, tortoise] = reduced.results;
    expect(hare).toMatchObject({
      variant: 'hare',
      min: 10,
      median: 20,
      max: 40,
      ratioToBaseline: 1,
      rounds: 3,
      environment,
    });
    expect(tortoise).toMatchObject({ variant: 'tortoise', median: 9, baseline: 'hare', ratioToBaseline: 0.5 });
  });

  it('judge a comparison or a single value by its target, in either direction, and leave it unjudged without one', () => {
    expect(reduced.comparisons.map(({ median, met }) => [median, met])).toEqual([
      [0.5, false],
      [2, true],
      [1, undefined],
      [9, false],
      [0.25, undefined],
    ]);
  });

  it('are printed with their shortfall', () => {
    const text = renderResults(reduced);
    expect(text).toMatch(/tortoise\s+speed\s+5\.00\s+9\.00\s+30\.0\s+M\/s\s+0\.500 x hare/);
    expect(text).toMatch(/tortoise \/ hare\s+0\.450\s+0\.500\s+0\.750\s+>= 0\.7\s+short by 28\.6 %/);
    expect(text).toMatch(/hare \/ tortoise.*<= 4\s+met/);
  });

  it('have three significant digits', () => {
    expect([0.012345, 1.2345, 12.345, 123.45, 1234.5, 0].map(figure)).toEqual([
      '0.0123',
      '1.23',
      '12.3',
      '123',
      '1235',
      '0.00',
    ]);
  });
});
