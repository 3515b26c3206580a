import { AssertionError } from 'node:assert';
import { describe, expect, it } from 'vitest';
import { count, type Stream } from '../../index.ts';
import { driveOperators } from '../../testing/index.ts';

const numbers = (length: number): number[] => Array.from({ length }, (_, i) => i);

describe('driveOperators', () => {
  it('returns the output of a fragment that does not depend on how records come and go', async () => {
    const output = await driveOperators(
      (stream: Stream<number>) => stream.filter((n) => n % 2 === 0).map((n) => `#${n}`),
      {
        input: numbers(20),
      },
    );
    expect(output).toEqual(numbers(10).map((n) => `#${n * 2}`));
  });

  it('takes an empty input, and one longer than a frame', async () => {
    const double = (stream: Stream<number>): Stream<number> => stream.map((n) => n * 2);
    expect(await driveOperators(double, { input: [] })).toEqual([]);
    expect(await driveOperators(double, { input: numbers(1500) })).toEqual(numbers(1500).map((n) => n * 2));
  });

  it('compares as a bag what several workers give', async () => {
    const output = await driveOperators((stream: Stream<number>) => stream.keyBy((n) => n % 5).aggregate(count()), {
      input: numbers(100),
      workers: 3,
    });
    expect(output.sort((a, b) => a.key - b.key)).toEqual(numbers(5).map((key) => ({ key, value: 20 })));
  });

  it('refuses a fragment whose output depends on the batches, and says with which', async () => {
    // Counts the runs of a job that is built anew each time: state that outlives a run.
    let calls = 0;
    const leaking = (stream: Stream<number>): Stream<number> => stream.map((n) => n + calls++);
    const failure = await driveOperators(leaking, { input: numbers(4) }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(AssertionError);
    expect((failure as Error).message).toMatch(
      /must not depend on how records come and go: with batches of 1 read at once/,
    );
  });

  it('refuses a fragment that changes the order, unless order is not asked for', async () => {
    const shuffling = (stream: Stream<number>): Stream<number> =>
      stream.mapAsync((n) => new Promise<number>((resolve) => setTimeout(() => resolve(n), Math.random() * 3)), {
        ordered: false,
      });
    await expect(driveOperators(shuffling, { input: numbers(30) })).rejects.toBeInstanceOf(AssertionError);
    expect((await driveOperators(shuffling, { input: numbers(30), ordered: false })).sort((a, b) => a - b)).toEqual(
      numbers(30),
    );
  });

  it('lets the failure of an operator through, with its place in the input', async () => {
    const failing = (stream: Stream<number>): Stream<number> =>
      stream.map((n) => {
        if (n === 7) throw new Error('seven');
        return n;
      });
    await expect(driveOperators(failing, { input: numbers(20) })).rejects.toMatchObject({
      code: 'ERR_OPERATOR',
      place: { position: 'input[7]' },
    });
  });
});
