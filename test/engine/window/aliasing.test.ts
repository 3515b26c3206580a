// An aggregate may return the second argument of combine(): panes that windows share must not be changed by that.

import { describe, expect, it } from 'vitest';
import { aggregator, collect, type Emission, global, hopping, job, sliding, type WindowSpec } from '../../../index.ts';
import { simulate } from '../../support/simulate-anywhere.ts';
import { oneByOne, scripted } from './scripted-source.ts';

interface Tick {
  readonly at: number;
}

interface Sum {
  ids: number[];
}

/** Never changes the second argument, as it must not; but hands it back, and changes it when it is the first. */
const ids = aggregator({
  name: 'ids',
  create: (): Sum | null => null,
  add: (held: Sum | null, { at }: Tick): Sum | null => {
    if (held === null) return { ids: [at] };
    held.ids.push(at);
    return held;
  },
  combine: (held: Sum | null, other: Sum | null): Sum | null => {
    if (held === null || other === null) return held ?? other;
    held.ids.push(...other.ids);
    return held;
  },
  // The very array that it goes on with.
  result: (held: Sum | null): number[] => held?.ids ?? [],
});

const ticks = Array.from({ length: 30 }, (_, at): Tick => ({ at }));

async function told(window: WindowSpec, options: object, given: readonly Tick[] = ticks): Promise<number[][]> {
  const windowed = job('windowed', (flow) => {
    flow
      .from(scripted([oneByOne(given)]))
      .eventTime(({ at }) => at)
      .keyBy(() => 'all')
      .window(window, options)
      .aggregate(ids)
      .to(collect('results'));
  });
  const { results } = await simulate(windowed, { workers: 1, seed: 1 });
  const all = results['results'] as { value: number[]; emission?: Emission }[];
  return all
    .filter(({ emission }) => emission !== 'early' || window.kind === 'global')
    .map(({ value }) => [...value].sort((a, b) => a - b));
}

describe('what was told', () => {
  it('stays as it was when the key goes on', async () => {
    const results = await told(global({ everyCount: 7 }), {});
    const all = ticks.map(({ at }) => at);
    expect(results).toEqual([all.slice(0, 7), all.slice(0, 14), all.slice(0, 21), all.slice(0, 28), all]);
  });
});

describe('panes that windows share', () => {
  const hops = Array.from({ length: 35 }, (_, n) => ticks.map(({ at }) => at).filter((at) => at > n - 6 && at <= n));

  it.each([{}, { preaggregate: false }, { allowedLatenessMs: 5 }, { earlyMs: 1 }])(
    'stay as they are: %o',
    async (options) => {
      const results = await told(hopping({ sizeMs: 6, stepMs: 1 }), options);
      for (const value of results) expect(value).toEqual([...new Set(value)]);
      expect(results.slice(-35)).toEqual(hops);
    },
  );

  it.each([1, 4])('stay as they are where a window slides, by steps of %i', async (step) => {
    const steps = ticks.filter(({ at }) => at % step === 0 || at % 7 < 3);
    const results = await told(sliding({ sizeMs: 6 }), {}, steps);
    expect(results).toEqual(
      steps.map((tick) => steps.map(({ at }) => at).filter((at) => at > tick.at - 6 && at <= tick.at)),
    );
  });
});

describe('a key that panes share', () => {
  it('cannot be changed by who is told it: that would move it under the operator', async () => {
    const changing = job('changing', (flow) => {
      flow
        .from(scripted([oneByOne(ticks)]))
        .eventTime(({ at }) => at)
        .keyBy(({ at }) => ['even', at % 2])
        .window(hopping({ sizeMs: 10, stepMs: 5 }))
        .aggregate(ids)
        .map((result) => {
          result.key.push('seen');
          return result;
        })
        .to(collect('results'));
    });
    await expect(simulate(changing)).rejects.toThrow(/not extensible.*map/s);
  });
});
