import type { Aggregator } from './aggregator.ts';
import {
  addCompensated,
  type CompensatedSum,
  combineCompensated,
  compensatedResult,
  retractCompensated,
} from './compensated-sum.ts';
import { refuseUnlessFunction, refuseUnlessNumber } from './refuse.ts';

/**
 * The sum of a number of each record; 0 when there is none.
 *
 * Rounding errors are compensated, so the answer does not depend on how many workers shared the work (compensated-sum.ts states
 * how far). `null` and `undefined` are skipped. A NaN makes the sum NaN; an infinity makes it that infinity, or NaN where
 * both met. A value that is not a number is an error (`ERR_OPERATOR`); for bigints there is `sumBigInt`.
 *
 * @example
 * flights.keyBy((f) => f.origin).aggregate({ minutesLost: sum((f) => f.delay) })
 */
export function sum<T>(select: (record: T) => number | null | undefined): Aggregator<T, CompensatedSum, number> {
  refuseUnlessFunction('sum', 'select', select);
  return { name: 'sum', ...FORM, select, create, check, add, combine, retract, result: compensatedResult };
}

const FORM = { fields: ['sum', 'compensation', 'nonFinite'], rareField: 'nonFinite' };

// Shared by all sums of the process: the engine calls `select` at a call site of its own, so these see only numbers.
function create(): CompensatedSum {
  return { sum: 0, compensation: 0, nonFinite: undefined };
}

function check(_accumulator: CompensatedSum, value: unknown): void {
  refuseUnlessNumber('sum', value);
}

function add(accumulator: CompensatedSum, value: unknown): CompensatedSum {
  if (typeof value === 'number') addCompensated(accumulator, value);
  else refuseUnlessNumber('sum', value);
  return accumulator;
}

function combine(accumulator: CompensatedSum, other: CompensatedSum): CompensatedSum {
  combineCompensated(accumulator, other);
  return accumulator;
}

function retract(accumulator: CompensatedSum, value: unknown): CompensatedSum {
  if (typeof value === 'number') retractCompensated(accumulator, value);
  else refuseUnlessNumber('sum', value);
  return accumulator;
}
