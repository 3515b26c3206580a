import { describe, expect, it } from 'vitest';
import { quantityOf, readRequest, UsageError } from '../../../bench/nexmark/command-line.ts';

function refusal(...args: string[]): string {
  try {
    readRequest(args);
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
  throw new Error(`taken without complaint: ${args.join(' ')}`);
}

describe('the arguments of the Nexmark command', () => {
  it('have defaults for everything', () => {
    const { queries, ...rest } = readRequest([]);
    expect(queries).toEqual(Array.from({ length: 23 }, (_, number) => number));
    expect(rest).toEqual({
      events: 10_000_000,
      workers: 2,
      rate: 10_000,
      seed: 1,
      disorder: 1,
      laneBytes: undefined,
      rounds: 1,
      bare: false,
      verify: false,
      matrix: false,
      out: undefined,
      json: undefined,
    });
  });

  it('name queries by numbers and ranges, each once', () => {
    expect(readRequest(['--queries', '5, 0-2,1,22']).queries).toEqual([0, 1, 2, 5, 22]);
    for (const wrong of ['23', '3-1', 'a', '', '1,,2', '-1', '1-2-3']) {
      expect(refusal(`--queries=${wrong}`)).toMatch(/--queries must be numbers from 0 to 22/);
    }
  });

  it('give quantities in thousands, millions and milliards', () => {
    expect([quantityOf('2500'), quantityOf('100K'), quantityOf('1.5M'), quantityOf('0.1m'), quantityOf('2G')]).toEqual([
      2500, 100_000, 1_500_000, 100_000, 2_000_000_000,
    ]);
    for (const wrong of ['', 'K', '1KM', '1 000', '-5', '1e3', '.5']) expect(quantityOf(wrong)).toBeNaN();
    expect(readRequest(['--events', '20K', '--workers', '4', '--seed', '0']).events).toBe(20_000);
  });

  it('are refused with all their problems at once', () => {
    const problems = refusal('--events', '1.0005K', '--workers', '0', '--disorder', 'much', '--out=', '--matrix');
    expect(problems.split('\n')).toHaveLength(7);
    expect(problems).toMatch(/--workers must be a whole number of at least 1, such as 2500, 100K or 10M: 0/);
    expect(problems).toMatch(/--matrix goes with --verify\n--matrix sets --workers itself/);
  });

  it('are refused where two of them contradict each other', () => {
    expect(refusal('--verify', '--matrix', '--workers', '3')).toMatch(/--matrix sets --workers itself/);
    expect(refusal('--verify', '--rounds', '3')).toMatch(/--rounds is for measuring/);
    expect(refusal('--bare', '--verify', '--queries', '5')).toBe(
      '--bare does not go with --queries\n--bare does not go with --verify',
    );
    expect(refusal('--speed')).toMatch(/speed/);
    expect(refusal('q5')).toMatch(/q5/);
  });

  it('let the matrix have fewer events and more time between them, unless they are given', () => {
    expect(readRequest(['--verify', '--matrix'])).toMatchObject({ events: 20_000, rate: 500 });
    const given = readRequest(['--verify', '--matrix', '--events', '1M', '--rate', '10K']);
    expect(given).toMatchObject({ events: 1_000_000, rate: 10_000 });
  });
});
