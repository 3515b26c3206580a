import { describe, expect, it } from 'vitest';
import type { ComparisonResult } from '../../bench/harness/results.ts';
import { renderTargets } from '../../bench/harness/table.ts';
import { BENCHES, benchNamed } from '../../bench/registry.ts';
import { judgeTargets, TARGETS, type Target } from '../../bench/targets.ts';

const environment = { cpu: 'test', cores: 2, node: 'v20', platform: 'x', commit: 'abc', loadBefore: 0, at: '' };

function result(bench: string, variant: string, median: number, target: number, met: boolean): ComparisonResult {
  const spread = { min: median - 1, median, max: median + 1, rounds: 3, ratioToBaseline: median };
  const about = { bench, variant, measure: 'speed', unit: 'ratio', baseline: '', quick: false, environment };
  return { ...about, ...spread, target, atMost: undefined, met };
}

describe('the table of targets', () => {
  it('names comparisons that exist and are judged', () => {
    const lost = TARGETS.filter(({ bench, comparison }) => {
      const found = benchNamed(bench)?.comparisons.find(({ name }) => name === comparison);
      return found === undefined || (found.target === undefined && found.atMost === undefined);
    });
    expect(lost).toEqual([]);
  });

  it('has every row that Millrace must show', () => {
    expect([...new Set(TARGETS.map(({ row }) => row))]).toEqual([
      'keyed sum, numbers',
      'keyed sum, strings',
      'scaling',
      'queue',
      'frames',
      'CSV scan',
      'NDJSON scan',
      'latency at 50 % load',
      'idle job',
      'start of a job',
      'memory',
    ]);
  });

  it('leaves out no judged comparison, but for two benches: strings are asked for one thing only, hopping windows take minutes', () => {
    const judged = BENCHES.flatMap(({ name, comparisons }) =>
      comparisons
        .filter(({ target, atMost }) => target !== undefined || atMost !== undefined)
        .map((comparison) => ({ bench: name, comparison: comparison.name })),
    );
    const isListed = (one: { bench: string; comparison: string }): boolean =>
      TARGETS.some(({ bench, comparison }) => bench === one.bench && comparison === one.comparison);
    const apart = new Set(judged.filter((one) => !isListed(one)).map(({ bench }) => bench));
    expect([...apart].sort()).toEqual(['hopping-latency', 'keyed-sum-string']);
  });
});

describe('judging targets', () => {
  const targets: Target[] = ['swift', 'slow', 'gone'].map((comparison) => ({ row: 'race', bench: 'race', comparison }));
  const judged = judgeTargets(targets, [result('race', 'slow', 4, 5, false), result('race', 'swift', 6, 5, true)]);

  it('keeps their order, and calls one that was not measured missed', () => {
    expect(judged.map(({ comparison, met }) => [comparison, met])).toEqual([
      ['swift', true],
      ['slow', false],
      ['gone', false],
    ]);
  });

  it('prints one line each, with the measured, the target, and by how much it is short', () => {
    const [, , swift, slow, gone] = renderTargets(judged).split('\n');
    expect(swift).toMatch(/^race +swift +6\.00 +5\.00 - 7\.00 +>= 5 +met$/);
    expect(slow).toMatch(/^race +slow +4\.00 .*>= 5 +short by 20\.0 %$/);
    expect(gone).toMatch(/^race +gone .*not measured$/);
  });
});
