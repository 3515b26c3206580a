import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { generate } from '../../../connectors/generate/index.ts';
import { type AsyncContext, type AsyncOptions, collect, type DeadLetter, job, type Stream } from '../../../index.ts';
import { driveOperators, type SimulationResult, simulate } from '../../../testing/index.ts';

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const numbers = (length: number): number[] => Array.from({ length }, (_, i) => i);

function run(
  records: number,
  fn: (n: number, context: AsyncContext) => Promise<unknown>,
  options: AsyncOptions,
  policy: (stream: Stream<unknown>) => Stream<unknown> = (stream) => stream,
): Promise<SimulationResult> {
  const asynchronous = job('asynchronous', (flow) => {
    policy(
      flow
        .from(generate(records, (i) => i))
        .mapAsync(fn, options)
        .named('call'),
    ).to(collect('out'));
  });
  return simulate(asynchronous, { workers: 1 });
}

describe('mapAsync', () => {
  it('has at most `concurrency` calls under way, and that many when it can', async () => {
    for (const concurrency of [1, 3, 16, 600]) {
      let underWay = 0;
      let most = 0;
      await run(
        1300,
        async (n) => {
          most = Math.max(most, ++underWay);
          await new Promise((resolve) => setImmediate(resolve));
          underWay--;
          return n;
        },
        { concurrency },
      );
      expect(most).toBe(concurrency);
    }
  });

  it('keeps the order of its records, whichever call is the fastest', async () => {
    const output = await driveOperators(
      (stream: Stream<number>) =>
        stream.mapAsync(async (n) => {
          if (n % 4 === 0) await pause(n % 3);
          return n * 2;
        }),
      { input: numbers(60) },
    );
    expect(output).toEqual(numbers(60).map((n) => n * 2));
  });

  it('lets the fast overtake the slow when unordered, and loses none', async () => {
    const { results } = await run(
      40,
      async (n) => {
        if (n === 0) await pause(20);
        return n;
      },
      { ordered: false, concurrency: 4 },
    );
    expect(results['out']!.at(-1)).toBe(0);
    expect([...(results['out'] as number[])].sort((a, b) => a - b)).toEqual(numbers(40));
  });

  it('holds results back in order, but never more than `concurrency` of them', async () => {
    const started: number[] = [];
    const { results } = await run(
      50,
      async (n) => {
        started.push(n);
        if (n === 0) {
          await pause(20);
          expect(started.length).toBeLessThanOrEqual(5);
        }
        return n;
      },
      { concurrency: 5 },
    );
    expect(results['out']).toEqual(numbers(50));
  });

  it('gives up a try after timeoutMs, aborts its signal, and says which option to raise', async () => {
    let reason: unknown;
    const failure = run(
      3,
      (n, { signal }) => {
        if (n !== 1) return Promise.resolve(n);
        return new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            reason = signal.reason;
            resolve('too late');
          });
        });
      },
      { timeoutMs: 5 },
    );
    await expect(failure).rejects.toMatchObject({
      code: 'ERR_OPERATOR_TIMEOUT',
      message: expect.stringContaining('timeoutMs=5'),
      place: { operator: 'call' },
    });
    expect(reason).toMatchObject({ code: 'ERR_OPERATOR_TIMEOUT' });
  });

  it('tries again as often as asked, waits longer each time, and tells the attempt', async () => {
    const tries: { readonly attempt: number; readonly atMs: number }[] = [];
    const { results } = await run(
      1,
      async (n, { attempt }) => {
        tries.push({ attempt, atMs: performance.now() });
        if (attempt < 3) throw new Error('not yet');
        return n + 100;
      },
      { retry: { retries: 3, backoffMs: 16 } },
    );
    expect(results['out']).toEqual([100]);
    expect(tries.map(({ attempt }) => attempt)).toEqual([0, 1, 2, 3]);
    // Half of each wait is at random: 8 to 16 ms, 16 to 32, 32 to 64. Timers may fire a millisecond early.
    const waits = tries.slice(1).map(({ atMs }, i) => atMs - tries[i]!.atMs);
    [8, 16, 32].forEach((least, i) => {
      expect(waits[i]).toBeGreaterThanOrEqual(least - 1.5);
    });
  });

  it('fails the job with the last error when all tries fail, and says how often it tried', async () => {
    await expect(
      run(1, () => Promise.reject(new RangeError('down')), { retry: { retries: 2, backoffMs: 1 } }),
    ).rejects.toMatchObject({
      code: 'ERR_OPERATOR',
      message: expect.stringMatching(/failed 3 times.*down/),
    });
  });

  it.each([true, false])('gives up by policy what is rejected, ordered: %s', async (ordered) => {
    const fn = async (n: number): Promise<number> => {
      if (n % 10 === 3) throw new Error(`no ${n}`);
      return n;
    };
    const skipped = await run(50, fn, { ordered }, (stream) => stream.onError('skip'));
    expect([...(skipped.results['out'] as number[])].sort((a, b) => a - b)).toEqual(
      numbers(50).filter((n) => n % 10 !== 3),
    );
    expect(skipped.stages[0]!.recordsSkipped).toBe(5);
    const dead = await run(50, fn, { ordered }, (stream) => stream.onError(collect('dead')));
    expect((dead.results['dead'] as DeadLetter[]).map(({ record, message }) => [record, message]).sort()).toEqual(
      [3, 13, 23, 33, 43].map((n) => [n, `no ${n}`]).sort(),
    );
  });

  it('takes what is thrown at once as a rejection, and a value that is no promise as the result', async () => {
    const { results } = await run(
      4,
      ((n: number) => {
        if (n === 2) throw new Error('at once');
        return n;
      }) as never,
      {},
      (stream) => stream.onError('skip'),
    );
    expect(results['out']).toEqual([0, 1, 3]);
  });

  it('does not warn of leaks when many calls are under way', async () => {
    const warnings: Error[] = [];
    const note = (warning: Error): number => warnings.push(warning);
    process.on('warning', note);
    await run(200, (n) => pause(1).then(() => n), { concurrency: 100, retry: { retries: 1 } });
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', note);
    expect(warnings).toEqual([]);
  });

  it('holds nothing of a call that ran out of time and never settles', async () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    const given: WeakRef<AbortSignal>[] = [];
    let held = Number.NaN;
    await run(
      21,
      async (n, { signal }) => {
        if (n < 20) {
          given.push(new WeakRef(signal));
          return new Promise(() => {});
        }
        // The job is still going on.
        await pause(50);
        collectGarbage();
        held = given.filter((signal) => signal.deref() !== undefined).length;
        return n;
      },
      { timeoutMs: 100, concurrency: 1 },
      (stream) => stream.onError('skip'),
    );
    expect(given).toHaveLength(20);
    expect(held).toBeLessThanOrEqual(2);
  });

  it('aborts the calls under way when the job fails elsewhere', async () => {
    const reasons: unknown[] = [];
    const failing = job('failing', (flow) => {
      flow
        .from([1, 2])
        .mapAsync(
          (n, { signal }) =>
            new Promise((_, reject) => {
              signal.addEventListener('abort', () => reasons.push(signal.reason));
              if (n === 2) setImmediate(() => reject(new Error('two')));
            }),
          { ordered: false },
        )
        .to(collect());
    });
    await expect(simulate(failing, { workers: 1 })).rejects.toMatchObject({ code: 'ERR_OPERATOR' });
    expect(reasons).toHaveLength(1);
  });
});
