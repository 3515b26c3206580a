import type { Aggregator } from './aggregator.ts';
import type { Comparable } from './comparable.ts';
import { checkExtreme, extremeOf } from './extreme.ts';
import { refuseUnlessFunction } from './refuse.ts';

/**
 * The largest value: of numbers, bigints, strings (by UTF-16 code units) or Dates; `undefined` when there is none.
 *
 * `null` and `undefined` are skipped. A NaN, or an invalid Date, makes the result that NaN, whatever came before or after it.
 * A value of another type, or of two types, is an error (`ERR_OPERATOR`). It cannot be retracted.
 *
 * @example
 * flights.keyBy((f) => f.origin).aggregate({ worstDelay: max((f) => f.delay) })
 */
export function max<T, V extends Comparable>(
  select: (record: T) => V | null | undefined,
): Aggregator<T, V | undefined, V | undefined> {
  refuseUnlessFunction('max', 'select', select);
  // The functions below keep what they are given, so the values of a V are Vs.
  return { name: 'max', select, create, check, add, combine, result } as Aggregator<T, V | undefined, V | undefined>;
}

function create(): undefined {
  return undefined;
}

function check(held: Comparable | undefined, value: unknown): void {
  checkExtreme('max', held, value);
}

function add(held: Comparable | undefined, value: unknown): Comparable | undefined {
  // Two numbers in order: nearly every call.
  if (typeof value === 'number' && typeof held === 'number') {
    if (value > held) return value;
    if (value < held) return held;
  }
  return value === null || value === undefined ? held : extremeOf('max', 1, held, value);
}

function combine(held: Comparable | undefined, other: Comparable | undefined): Comparable | undefined {
  return other === undefined ? held : extremeOf('max', 1, held, other);
}

function result(held: Comparable | undefined): Comparable | undefined {
  return held;
}
