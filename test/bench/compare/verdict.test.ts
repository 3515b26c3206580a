import { describe, expect, it } from 'vitest';
import {
  describeLevel,
  FALSE_ALARMS,
  fewestRounds,
  isSuspect,
  judgeSuspects,
  type PairedFigures,
  type Verdict,
} from '../../../bench/compare/verdict.ts';
import type { Measure } from '../../../bench/harness/bench.ts';
import { SeededRandom } from '../../../testing/interleaving.ts';

const time: Measure = { name: 'time', unit: 'ms', better: 'less' };
const speed: Measure = { name: 'speed', unit: 'M/s', better: 'more' };

function figures(base: number[], head: number[], measure: Measure = time): PairedFigures {
  return { bench: 'race', variant: 'millrace', measure, base, head };
}

const level = [100, 101, 99, 100, 102, 98, 100, 101];
const scaled = (factor: number): number[] => level.map((value, at) => value * factor * (1 + (at % 3) / 100));

describe('the verdict on a figure', () => {
  it('turns with what is better', () => {
    const verdicts = (measure: Measure, factor: number): Verdict =>
      judgeSuspects([figures(level, scaled(factor), measure)])[0]!.verdict;
    expect(verdicts(time, 1.2)).toBe('worse');
    expect(verdicts(time, 0.8)).toBe('better');
    expect(verdicts(speed, 1.2)).toBe('better');
    expect(verdicts(speed, 0.8)).toBe('worse');
  });

  it('is level where a change worth a word can be ruled out, even if a smaller one is sure', () => {
    expect(judgeSuspects([figures(level, level)])[0]!.verdict).toBe('level');
    expect(judgeSuspects([figures(level, scaled(1.02))])[0]!.verdict).toBe('level');
  });

  it('is unclear where the change may be too small or may be noise, and where rounds are too few', () => {
    expect(judgeSuspects([figures(level, scaled(1.035))])[0]!.verdict).toBe('unclear');
    const noisy = [100, 180, 70, 160, 90, 150, 80, 200];
    expect(judgeSuspects([figures(level, noisy)])[0]).toMatchObject({ verdict: 'unclear' });
    expect(judgeSuspects([figures([100, 100], [200, 200])])[0]).toMatchObject({ verdict: 'unclear', ratio: 2 });
  });

  it('divides its allowance over the suspects: what one alone shows, one of forty does not', () => {
    const found = figures(level.slice(0, 6), scaled(1.2).slice(0, 6));
    expect(judgeSuspects([found])[0]!.verdict).toBe('worse');
    expect(judgeSuspects(Array<PairedFigures>(40).fill(found))[0]!.verdict).toBe('unclear');
    expect(fewestRounds(1)).toBe(5);
    expect(fewestRounds(40)).toBe(10);
  });

  it('shows what it was made of', () => {
    expect(describeLevel(figures([1, 2, 4], [2, 4, 8]))).toMatchObject({
      bench: 'race',
      variant: 'millrace',
      measure: 'time',
      unit: 'ms',
      rounds: 3,
      base: { min: 1, median: 2, max: 4 },
      head: { min: 2, median: 4, max: 8 },
      ratio: 2,
      verdict: 'level',
    });
  });

  it('suspects by the size of the change alone, in either direction', () => {
    expect(
      [0.9, 0.97, 1, 1.03, 1.1].map((factor) =>
        isSuspect(
          figures(
            level,
            level.map((v) => v * factor),
          ),
        ),
      ),
    ).toEqual([true, false, false, false, true]);
  });
});

describe('the gate under noise', () => {
  // A run: what the machine is at (drifting slowly, shared by neighbours in time), its own 5 %, and one in ten disturbed, often by a lot.
  // The second run of a pair is 2 % slower, as after a warm predecessor.
  function simulate(random: SeededRandom, rounds: number, factor: number): PairedFigures {
    const normal = (): number => Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
    const base: number[] = [];
    const head: number[] = [];
    let phase = 0;
    const run = (second: boolean): number => {
      phase = 0.9 * phase + 0.05 * normal();
      const disturbed = random.next() < 0.1 ? -0.4 * Math.log(1 - random.next()) : 0;
      return 100 * Math.exp(phase + 0.05 * normal() + disturbed + (second ? 0.02 : 0));
    };
    for (let round = 0; round < rounds; round++) {
      const headFirst = round % 2 === 1;
      const first = run(false);
      const second = run(true);
      base.push(headFirst ? second : first);
      head.push((headFirst ? first : second) * factor);
    }
    return figures(base, head);
  }

  /** A whole comparison of twelve rounds, as the command makes it; says what became of each figure. */
  function compare(random: SeededRandom, factors: readonly number[]): Verdict[] {
    const verdicts = new Array<Verdict>(factors.length).fill('level');
    const suspects = factors.flatMap((factor, at) => (isSuspect(simulate(random, 12, factor)) ? [at] : []));
    const judged = judgeSuspects(suspects.map((at) => simulate(random, 24, factors[at]!)));
    for (const [index, at] of suspects.entries()) verdicts[at] = judged[index]!.verdict;
    return verdicts;
  }

  const share = (comparisons: number, seed: number, factors: readonly number[], found: (v: Verdict[]) => boolean) => {
    const random = new SeededRandom(seed);
    let count = 0;
    for (let at = 0; at < comparisons; at++) if (found(compare(random, factors))) count++;
    return count / comparisons;
  };

  it.each([
    [1, 0.95],
    [10, 0.95],
    [30, 0.9],
  ])('sees the one among %i figures that is slower by 15 percent, with a probability of %f', (among, power) => {
    const factors = Array.from({ length: among }, (_, at) => (at === 0 ? 1.15 : 1));
    expect(share(400, among, factors, ([first]) => first === 'worse')).toBeGreaterThanOrEqual(power);
  });

  it.each([1, 10, 30])('calls no figure worse among %i of identical builds, more than once in twenty', (among) => {
    const factors = Array<number>(among).fill(1);
    const rate = share(400, 77 + among, factors, (verdicts) => verdicts.includes('worse'));
    expect(rate).toBeLessThanOrEqual(FALSE_ALARMS);
  });

  it('sees everything 15 % slower as such', () => {
    const factors = Array<number>(20).fill(1.15);
    const random = new SeededRandom(5);
    const worse = Array.from({ length: 50 }, () => compare(random, factors).filter((v) => v === 'worse').length);
    expect(worse.reduce((sum, count) => sum + count, 0) / (50 * 20)).toBeGreaterThan(0.85);
  });
});
