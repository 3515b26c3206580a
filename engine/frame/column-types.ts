// The column types a user declares records with: `record({ price: float64, note: nullable(string) })`. Any thread;
// plain frozen data. A type says how a value is stored (its kind), which values it takes, and what a value that it does
// not take should have been.
import type { ColumnKind } from './frame-schema.ts';
import { describeType, type FieldPath } from './record-fault.ts';
import { isBytes, isDate, isInt32, isInt64 } from './value-tests.ts';

/** One way in which a value does not fit. */
export interface FieldProblem {
  readonly path: FieldPath;
  /** What the rule is and what was met: `must be a float64, and is a string ("12")`. */
  readonly message: string;
}

/** A declared column for values of type `T`. Made by the constants and functions of this module only. */
export interface ColumnType<T> {
  readonly kind: ColumnKind;
  /** What a value must be, for messages: `a float64`. */
  readonly expects: string;
  readonly isNullable: boolean;
  readonly isOptional: boolean;
  /** Adds what is wrong with `value`, which is neither null nor undefined, to `problems`. */
  check(value: unknown, path: FieldPath, problems: FieldProblem[]): void;
  /** Phantom: carries the value type. Never set. */
  readonly _value?: T;
}

/** A column that records may lack. */
export interface OptionalColumnType<T> extends ColumnType<T> {
  readonly isOptional: true;
}

function columnType<T>(kind: ColumnKind, expects: string, fits: (value: unknown) => boolean): ColumnType<T> {
  return Object.freeze({
    kind,
    expects,
    isNullable: false,
    isOptional: false,
    check(value: unknown, path: FieldPath, problems: FieldProblem[]): void {
      if (!fits(value)) problems.push(mustBe(expects, value, path));
    },
  });
}

export function mustBe(expects: string, value: unknown, path: FieldPath): FieldProblem {
  return { path, message: `must be ${expects}, and is ${describeType(value)}` };
}

/** Any number: 8 bytes, exact, NaN and -0 included. */
export const float64: ColumnType<number> = columnType('float64', 'a number', (value) => typeof value === 'number');

/** An integer from -2147483648 to 2147483647: 4 bytes. It has one zero: -0 is stored as 0. */
export const int32: ColumnType<number> = columnType('int32', 'an integer from -2147483648 to 2147483647', isInt32);

/** A bigint from -(2n ** 63n) to 2n ** 63n - 1n: 8 bytes. */
export const int64: ColumnType<bigint> = columnType('int64', 'a bigint of 64 bits', isInt64);

export const boolean: ColumnType<boolean> = columnType('boolean', 'a boolean', (value) => typeof value === 'boolean');

/** Any string, lone surrogates included. */
export const string: ColumnType<string> = columnType('string', 'a string', (value) => typeof value === 'string');

/** A Date, an invalid one included: 8 bytes. */
export const date: ColumnType<Date> = columnType('date', 'a Date', isDate);

/** A Uint8Array, or a Buffer, which arrives as a plain Uint8Array. */
export const bytes: ColumnType<Uint8Array> = columnType('bytes', 'a Uint8Array on memory of its own', isBytes);

/**
 * Whatever structured clone takes, null and undefined included; a Buffer stays a Buffer. Slower than a column of a
 * type: 0.1-2 us a value.
 */
export const any: ColumnType<unknown> = Object.freeze({
  ...columnType<unknown>('clone', 'anything', () => true),
  isNullable: true,
  acceptsUndefined: true,
});

/**
 * A value of type `T` that crosses by structured clone, unchecked: for unions and types that are described elsewhere.
 *
 * @example
 * record({ id: int32, payload: structured<Order | Refund>() })
 */
export function structured<T>(): ColumnType<T> {
  return any as ColumnType<T>;
}

/** Null as well. */
export function nullable<T>(type: OptionalColumnType<T>): OptionalColumnType<T | null>;
export function nullable<T>(type: ColumnType<T>): ColumnType<T | null>;
export function nullable<T>(type: ColumnType<T>): ColumnType<T | null> {
  return Object.freeze({ ...type, isNullable: true });
}

/** The field may be missing or undefined; the two stay apart. */
export function optional<T>(type: ColumnType<T>): OptionalColumnType<T> {
  return Object.freeze({ ...type, isOptional: true as const });
}

/** An array of `item`s; it crosses by structured clone, each item checked. */
export function list<T>(item: ColumnType<T>): ColumnType<T[]> {
  return Object.freeze({
    kind: 'clone' as const,
    expects: 'an array',
    isNullable: false,
    isOptional: false,
    check(value: unknown, path: FieldPath, problems: FieldProblem[]): void {
      if (!Array.isArray(value)) problems.push(mustBe('an array', value, path));
      else for (const [index, entry] of value.entries()) checkColumn(item, entry, [...path, index], problems);
    },
  });
}

/** `check` with null and undefined seen to. */
export function checkColumn(
  type: ColumnType<unknown>,
  value: unknown,
  path: FieldPath,
  problems: FieldProblem[],
): void {
  if (value === null ? type.isNullable : value === undefined && takesUndefined(type)) return;
  if (value === null || value === undefined) {
    problems.push(mustBe(type.isNullable ? `${type.expects} or null` : type.expects, value, path));
  } else type.check(value, path, problems);
}

/** Whether the field may hold undefined. */
export function takesUndefined(type: ColumnType<unknown>): boolean {
  return type.isOptional || 'acceptsUndefined' in type;
}
