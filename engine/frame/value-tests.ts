// Which values a column kind stores without loss. Any thread; compiled encoders call these for the kinds that take more
// than a `typeof`.
import { types } from 'node:util';

const timeOf: (this: Date) => number = Date.prototype.getTime;

/**
 * A real Date of this realm; an object that merely inherits from Date.prototype has no time. `instanceof` first: it is
 * inlined.
 */
export function isDate(value: unknown): value is Date {
  return value instanceof Date && types.isDate(value);
}

/** Milliseconds since 1970, NaN for an invalid Date, whatever own `getTime` the object may have. */
export function millisecondsOf(value: Date): number {
  return timeOf.call(value);
}

/**
 * A plain Uint8Array on memory of this thread. A Buffer is not: it must come out as a Buffer, which clone cells see to.
 */
export function isPlainBytes(value: unknown): value is Uint8Array {
  return (
    value instanceof Uint8Array &&
    Object.getPrototypeOf(value) === Uint8Array.prototype &&
    !(value.buffer instanceof SharedArrayBuffer)
  );
}

/** What a declared bytes column takes: a Buffer too, which arrives as the Uint8Array that was declared. */
export function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array && !(value.buffer instanceof SharedArrayBuffer);
}

export function isInt64(value: unknown): value is bigint {
  return typeof value === 'bigint' && BigInt.asIntN(64, value) === value;
}

/** An integer of 32 bits; -0 is one. */
export function isInt32(value: unknown): value is number {
  return typeof value === 'number' && (value | 0) === value;
}
