import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../engine/limits.ts';
import { collect, job, type Sink, type Stream } from '../../../index.ts';
import { driveOperators, simulate } from '../../../testing/index.ts';

/** Takes `records`, then never answers. */
function stuckSink(records: number, taken: unknown[]): Sink<unknown> {
  return {
    name: 'stuck',
    writers: 1,
    open: () => ({
      write: (batch) => {
        taken.push(...batch);
        return taken.length >= records ? new Promise(() => {}) : undefined;
      },
    }),
  };
}

describe('flatMap', () => {
  it('gives what arrays give, however records come and go', async () => {
    const input = Array.from({ length: 100 }, (_, i) => i);
    const expected = input.flatMap((n) => Array.from({ length: n % 20 }, (_, i) => [n, i]));
    const lazily = (stream: Stream<number>): Stream<number[]> =>
      stream.flatMap(function* (n) {
        for (let i = 0; i < n % 20; i++) yield [n, i];
      });
    const atOnce = (stream: Stream<number>): Stream<number[]> =>
      stream.flatMap((n) => Array.from({ length: n % 20 }, (_, i) => [n, i]));
    expect(await driveOperators(lazily, { input })).toEqual(expected);
    expect(await driveOperators(atOnce, { input })).toEqual(expected);
  });

  it('draws a generator of ten million only as far as there is room', async () => {
    let drawn = 0;
    const taken: unknown[] = [];
    const lazy = job('lazy', (flow) => {
      flow
        .from([10_000_000])
        .flatMap(function* (count) {
          for (let i = 0; i < count; i++) {
            drawn++;
            yield i;
          }
        })
        .rebalance()
        .to(stuckSink(1, taken));
    });
    await expect(simulate(lazy, { workers: 1, patienceMs: 50 })).rejects.toMatchObject({ code: 'ERR_STAGE_STALLED' });
    expect(taken.length).toBeGreaterThan(0);
    // What a lane of 4 KiB holds, a frame on either side of it, and what the sink took.
    expect(drawn).toBeLessThan(taken.length + 4 * LIMITS.frameRecords);
  });

  it('never draws more than a batch ahead of what was taken', async () => {
    let drawn = 0;
    let most = 0;
    let seen = 0;
    const output = await driveOperators(
      (stream: Stream<number>) => {
        drawn = 0;
        seen = 0;
        return stream
          .flatMap(function* (n) {
            for (let i = 0; i < n; i++) {
              drawn++;
              yield i;
            }
          })
          .peek(() => {
            seen++;
            most = Math.max(most, drawn - seen);
          });
      },
      { input: [5_000] },
    );
    expect(output).toHaveLength(5_000);
    expect(most).toBeLessThanOrEqual(LIMITS.frameRecords);
  });

  it('ends a generator that never ends when the job is stopped, and runs its finally', async () => {
    let closed = 0;
    const endless = job('endless', (flow) => {
      flow
        .from([1, 2])
        .flatMap(function* () {
          try {
            for (let i = 0; ; i++) yield i;
          } finally {
            closed++;
          }
        })
        .to(collect());
    });
    const { outcome } = await simulate(endless, { workers: 1, stop: { afterSteps: 30, drain: false } });
    expect(outcome).toBe('aborted');
    expect(closed).toBe(1);
  });

  it('runs the finally of an open generator when the job fails elsewhere', async () => {
    let closed = 0;
    const failing = job('failing', (flow) => {
      flow
        .from([1])
        .flatMap(function* () {
          try {
            for (let i = 0; ; i++) yield i;
          } finally {
            closed++;
          }
        })
        .map((i) => {
          if (i === 700) throw new Error('seven hundred');
          return i;
        })
        .to(collect());
    });
    await expect(simulate(failing, { workers: 1 })).rejects.toMatchObject({ code: 'ERR_OPERATOR' });
    expect(closed).toBe(1);
  });
});
