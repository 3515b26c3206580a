// A job that is stopped at any step: drained, it finishes exactly what it had read; aborted, it makes nothing visible.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { generate } from '../../connectors/generate/index.ts';
import { collect, count, type Job, job, type Sink } from '../../index.ts';
import { simulate } from '../../testing/index.ts';

interface Written {
  readonly staged: number[][];
  readonly visible: number[];
  aborted: number;
}

/** A sink as files are: what is written becomes visible on commit, and is thrown away by abort. */
function transactional(written: Written): Sink<number> {
  return {
    name: 'transactional',
    open: ({ index }) => {
      const staged: number[] = [];
      written.staged[index] = staged;
      return {
        write: (batch) => void staged.push(...batch),
        commit: () => void written.visible.push(...staged),
        abort: () => {
          written.aborted++;
        },
      };
    },
  };
}

function jobOver(written: Written): Job {
  return job('stopped', (flow) => {
    const numbers = flow.from(generate(5_000, (i) => i, { splits: 9 })).named('numbers');
    numbers.rebalance().to(transactional(written));
    numbers
      .flatMap((n) => [n, n])
      .keyBy((n) => n % 13)
      .aggregate(count())
      .to(collect('counts'));
    numbers
      .keyBy((n) => n)
      .mapAsync(async (n) => n)
      .to(collect('all'));
  });
}

const settings = fc.record({
  workers: fc.constantFrom(1, 2, 3, 7),
  laneBytes: fc.constantFrom(4096, 262_144),
  preaggregate: fc.boolean(),
  seed: fc.nat(),
});

describe('a job that is stopped at any step', () => {
  it('drained, finishes exactly what it had read, on every way', async () => {
    let early = 0;
    await fc.assert(
      fc.asyncProperty(settings, fc.integer({ min: 0, max: 600 }), async (options, afterSteps) => {
        const written: Written = { staged: [], visible: [], aborted: 0 };
        const { results, stages, outcome } = await simulate(jobOver(written), { ...options, stop: { afterSteps } });
        expect(['drained', 'finished']).toContain(outcome);
        if (outcome === 'drained') early++;
        const read = stages.find(({ operators }) => operators.includes('numbers'))!.recordsIn;
        const visible = [...written.visible].sort((a, b) => a - b);
        expect(visible).toHaveLength(read);
        expect(new Set(visible).size).toBe(read);
        expect((results['all'] as number[]).sort((a, b) => a - b)).toEqual(visible);
        const counted = (results['counts'] as { value: number }[]).reduce((total, { value }) => total + value, 0);
        expect(counted).toBe(2 * read);
      }),
      { numRuns: 40 },
    );
    expect(early, 'some runs must have been stopped before their end').toBeGreaterThan(5);
  });

  it('aborted, makes nothing visible, and gives each sink its chance to clean up', async () => {
    await fc.assert(
      fc.asyncProperty(settings, fc.integer({ min: 0, max: 600 }), async (options, afterSteps) => {
        const written: Written = { staged: [], visible: [], aborted: 0 };
        const { outcome } = await simulate(jobOver(written), { ...options, stop: { afterSteps, drain: false } });
        if (outcome === 'finished') return;
        expect(outcome).toBe('aborted');
        expect(written.visible).toEqual([]);
        expect(written.aborted).toBe(options.workers);
      }),
      { numRuns: 40 },
    );
  });
});
