import type { Aggregator } from './aggregator.ts';
import {
  addCompensated,
  type CompensatedSum,
  combineCompensated,
  compensatedResult,
  retractCompensated,
} from './compensated-sum.ts';
import { refuseUnlessFunction, refuseUnlessNumber } from './refuse.ts';

export interface MeanAccumulator extends CompensatedSum {
  count: number;
}

/**
 * The arithmetic mean of a number of each record; `undefined` when there is none.
 *
 * `null` and `undefined` are skipped and not counted, as SQL's `avg` does. NaN, infinities, rounding and errors are as in `sum`.
 *
 * @example
 * flights.keyBy((f) => f.origin).aggregate({ meanDelay: mean((f) => f.delay) })
 */
export function mean<T>(
  select: (record: T) => number | null | undefined,
): Aggregator<T, MeanAccumulator, number | undefined> {
  refuseUnlessFunction('mean', 'select', select);
  return { name: 'mean', ...FORM, select, create, check, add, combine, retract, result };
}

const FORM = { fields: ['sum', 'compensation', 'nonFinite', 'count'], rareField: 'nonFinite' };

function create(): MeanAccumulator {
  return { sum: 0, compensation: 0, nonFinite: undefined, count: 0 };
}

function check(_accumulator: MeanAccumulator, value: unknown): void {
  refuseUnlessNumber('mean', value);
}

function add(accumulator: MeanAccumulator, value: unknown): MeanAccumulator {
  if (typeof value === 'number') {
    addCompensated(accumulator, value);
    accumulator.count++;
  } else refuseUnlessNumber('mean', value);
  return accumulator;
}

function combine(accumulator: MeanAccumulator, other: MeanAccumulator): MeanAccumulator {
  combineCompensated(accumulator, other);
  accumulator.count += other.count;
  return accumulator;
}

function retract(accumulator: MeanAccumulator, value: unknown): MeanAccumulator {
  if (typeof value === 'number') {
    retractCompensated(accumulator, value);
    accumulator.count--;
  } else refuseUnlessNumber('mean', value);
  return accumulator;
}

function result(accumulator: MeanAccumulator): number | undefined {
  return accumulator.count === 0 ? undefined : compensatedResult(accumulator) / accumulator.count;
}
