// Values that have an order: numbers, bigints, strings and Dates. Any thread.
//
// One aggregate compares values of one kind only; a second kind is refused, because JavaScript would compare 9 and '10' by
// converting them, and the answer would depend on which came first. Strings compare by UTF-16 code units, as `<` does, not
// by a locale. NaN (and an invalid Date) has no place in the order: each aggregate says what it does with it.

import { describe, refuse } from './refuse.ts';

export type Comparable = number | bigint | string | Date;

export type ComparableKind = 'number' | 'bigint' | 'string' | 'Date';

/** The kind of a value, or undefined where it has no order. */
export function kindOf(value: unknown): ComparableKind | undefined {
  const type = typeof value;
  if (type === 'number' || type === 'string' || type === 'bigint') return type;
  return value instanceof Date ? 'Date' : undefined;
}

/** Throws unless `value` may be compared with `held` (any value of the same kind; `undefined` when there is none yet). */
export function refuseUnlessComparable(aggregate: string, held: unknown, value: unknown): void {
  const kind = kindOf(value);
  if (kind === undefined) {
    refuse(aggregate, 'compares numbers, bigints, strings or Dates', value, 'convert it in the select function');
  }
  if (held !== undefined && kindOf(held) !== kind) {
    refuse(
      aggregate,
      'compares values of one kind',
      value,
      `there is ${describe(held)} already: convert in the select function`,
    );
  }
}

/** True for NaN and for a Date whose time is NaN. */
export function isUnordered(value: Comparable): boolean {
  return typeof value === 'number' ? Number.isNaN(value) : value instanceof Date && Number.isNaN(value.getTime());
}
