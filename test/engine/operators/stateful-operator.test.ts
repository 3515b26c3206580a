// How what is due leaves an operator: the first results soon, the rest in full batches, and then word that all of it has.

import { expect, it } from 'vitest';
import { LIMITS } from '../../../engine/limits.ts';
import { type StatefulHost, StatefulOperator } from '../../../engine/operators/stateful-operator.ts';

const PIECE = 64;

/** An operator that has as many results as told for each watermark, a piece of 64 at a time. */
function firing(results: number): { operator: StatefulOperator; fired: () => number } {
  let fired = 0;
  const logic = (host: StatefulHost): StatefulOperator['logic'] => ({
    onRecord: () => undefined,
    isDue: () => true,
    *fire(watermarkMs: number) {
      for (let n = 1; n <= results; n++) {
        host.emit({ n }, watermarkMs);
        if (n % PIECE === 0 || host.full) yield;
      }
    },
  });
  const operator = new StatefulOperator(logic, {
    late: () => undefined,
    failed: (error) => {
      throw error;
    },
    fired: () => {
      fired++;
    },
    clock: { nowNs: () => 0, startedAtMs: 0 },
    forgives: false,
  });
  return { operator, fired: () => fired };
}

it('hands on the first results of what fires at once, the rest in full batches', () => {
  const { operator, fired } = firing(3_000);
  const input = operator.addInput();
  operator.advance(10, input);
  const batches: { size: number; leavesAtOnce: boolean }[] = [];
  while (operator.full) {
    expect(operator.refill()).toBe('made');
    batches.push({ size: operator.count, leavesAtOnce: operator.caughtUp });
    operator.cursor = operator.count;
    // The watermark comes behind all results.
    expect(operator.watermarkMs === 10).toBe(!operator.full);
  }
  expect(batches.slice(0, 5)).toEqual([
    { size: PIECE, leavesAtOnce: true },
    { size: 2 * PIECE, leavesAtOnce: true },
    { size: 4 * PIECE, leavesAtOnce: true },
    { size: LIMITS.frameRecords, leavesAtOnce: false },
    { size: LIMITS.frameRecords, leavesAtOnce: false },
  ]);
  expect(batches.reduce((sum, { size }) => sum + size, 0)).toBe(3_000);
  expect(fired()).toBe(1);
});

it('begins small again with each watermark', () => {
  const { operator, fired } = firing(1_000);
  const input = operator.addInput();
  for (const watermarkMs of [10, 20, 30]) {
    operator.advance(watermarkMs, input);
    operator.refill();
    expect(operator.count).toBe(PIECE);
    while (operator.full) operator.refill();
  }
  expect(fired()).toBe(3);
});
