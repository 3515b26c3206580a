import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { estimateChange, fewestPairs } from '../../../bench/compare/paired-estimate.ts';
import { SeededRandom } from '../../../testing/interleaving.ts';

const changes = fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 1, maxLength: 25 });
const tail = fc.double({ min: 0.001, max: 0.4, noNaN: true });

/** The definition, without shortcuts: signs of ranked changes, all 2^n of them. */
function depthByEnumeration(pairs: number, tail: number): number {
  const sums: number[] = [];
  for (let signs = 0; signs < 2 ** pairs; signs++) {
    let sum = 0;
    for (let rank = 1; rank <= pairs; rank++) if ((signs >> (rank - 1)) & 1) sum += rank;
    sums.push(sum);
  }
  let depth = 0;
  while (sums.filter((sum) => sum <= depth).length / sums.length <= tail) depth++;
  return depth;
}

describe('the estimate of a change', () => {
  it('agrees with a worked example', () => {
    // Averages of two: 1, 1.5, 2, 2, 2.5, 3, 3, 3.5, 4, 4, 4.5, 5, 5, 5.5, 6 ... of 1, 2, 3, 5, 8.
    const { estimate, low, high } = estimateChange([1, 2, 3, 5, 8], 1 / 32);
    expect(estimate).toBe(3.5);
    expect([low, high]).toEqual([1, 8]);
  });

  it('has an interval as deep as the enumeration of all signs says', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 }), tail, (pairs, tail) => {
        // Changes 0, 1, 3, 7, … have averages without ties, so that a bound tells its depth.
        const spaced = Array.from({ length: pairs }, (_, i) => 3 ** i);
        const averages = spaced.flatMap((a, i) => spaced.slice(i).map((b) => (a + b) / 2)).sort((a, b) => a - b);
        const depth = depthByEnumeration(pairs, tail);
        const { low, high } = estimateChange(spaced, tail);
        expect(low).toBe(depth === 0 ? Number.NEGATIVE_INFINITY : averages[depth - 1]);
        expect(high).toBe(depth === 0 ? Number.POSITIVE_INFINITY : averages.at(-depth));
      }),
    );
  });

  it('lies in its interval, and the interval within the changes or nowhere', () => {
    fc.assert(
      fc.property(changes, tail, (changes, tail) => {
        const { estimate, low, high } = estimateChange(changes, tail);
        expect(low).toBeLessThanOrEqual(estimate);
        expect(high).toBeGreaterThanOrEqual(estimate);
        if (changes.length >= fewestPairs(tail)) {
          expect(low).toBeGreaterThanOrEqual(Math.min(...changes));
          expect(high).toBeLessThanOrEqual(Math.max(...changes));
        } else {
          expect([low, high]).toEqual([Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]);
        }
      }),
    );
  });

  it('turns with the direction, moves with a common shift, and does not depend on the order', () => {
    fc.assert(
      fc.property(changes, tail, fc.double({ min: -1, max: 1, noNaN: true }), (changes, tail, shift) => {
        const { estimate, low, high } = estimateChange(changes, tail);
        const turned = estimateChange(changes.map((change) => -change).reverse(), tail);
        expect(turned.estimate).toBeCloseTo(-estimate, 12);
        expect([turned.low, turned.high]).toEqual([-high, -low]);
        expect(
          estimateChange(
            changes.map((change) => change + shift),
            tail,
          ).estimate,
        ).toBeCloseTo(estimate + shift, 9);
      }),
    );
  });

  it('covers the truth as often as it says, whatever the noise looks like', () => {
    // Heavy tails on purpose: a Cauchy law has no mean, and an interval from means and deviations would be wide or wrong.
    const random = new SeededRandom(2026);
    let missed = 0;
    const trials = 4000;
    for (let trial = 0; trial < trials; trial++) {
      const { low } = estimateChange(
        Array.from({ length: 12 }, () => Math.tan(Math.PI * (random.next() - 0.5))),
        0.05,
      );
      if (low > 0) missed++;
    }
    // 0.05 at most, plus three standard errors; and not never, or it would be too wide to be of use.
    expect(missed / trials).toBeLessThan(0.05 + 0.011);
    expect(missed / trials).toBeGreaterThan(0.03);
  });

  it('refuses no pairs and what is no number', () => {
    expect(() => estimateChange([], 0.05)).toThrow(/one pair/);
    expect(() => estimateChange([0, Number.NaN], 0.05)).toThrow(/finite: NaN/);
  });

  it('needs as many pairs as make all signs alike rarer than the tail', () => {
    expect([0.5, 0.25, 0.05, 1 / 32, 0.005].map(fewestPairs)).toEqual([1, 2, 5, 5, 8]);
  });
});
