// What min and max share: the accumulator is the extreme value itself, undefined while there is none. Any thread.
// The answer does not depend on the order of the records: NaN wins over everything, -0 is less than 0.

import { type Comparable, isUnordered, refuseUnlessComparable } from './comparable.ts';
import { owned } from './own-string.ts';

/** The smaller (`sign` -1) or larger (`sign` 1) of what is held and a further value of any type. */
export function extremeOf(aggregate: string, sign: 1 | -1, held: Comparable | undefined, value: unknown): Comparable {
  refuseUnlessComparable(aggregate, held, value);
  const candidate = value as Comparable;
  if (held === undefined || isUnordered(held)) return held ?? owned(candidate);
  if (isUnordered(candidate)) return candidate;
  if (candidate > held) return sign > 0 ? owned(candidate) : held;
  if (candidate < held) return sign > 0 ? held : owned(candidate);
  // Equal. Only zeros of both signs differ all the same.
  if (candidate !== 0 || Object.is(candidate, held)) return held;
  return sign > 0 ? 0 : -0;
}

export function checkExtreme(aggregate: string, held: Comparable | undefined, value: unknown): void {
  if (value !== null && value !== undefined) refuseUnlessComparable(aggregate, held, value);
}
