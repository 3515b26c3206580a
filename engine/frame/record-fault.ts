// The error of one record, and how a place inside a record is written. Any thread.
import type { ErrorCode } from '../errors/error-codes.ts';
import { MillraceError, messageOf } from '../errors/millrace-error.ts';

/** Field names and array indexes from the record inwards. */
export type FieldPath = readonly (string | number)[];

/**
 * One record of a batch cannot be encoded. `recordIndex` is its index in the array given to `measure`, so that a caller
 * whose policy is to skip can encode what stands before it, and go on behind it.
 */
export class RecordFault extends MillraceError {
  readonly recordIndex: number;
  /** Where in the record, as in `order.items[3].callback`; empty for the record itself. */
  readonly fieldPath: string;

  constructor(
    code: ErrorCode,
    rule: string,
    recordIndex: number,
    fieldPath: string,
    options: { cause?: unknown } = {},
  ) {
    super(code, rule, options);
    this.recordIndex = recordIndex;
    this.fieldPath = fieldPath;
  }
}

/** `['order', 'items', 3, 'to do']` as `order.items[3]["to do"]`. */
export function describePath(path: FieldPath): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (/^[A-Za-z_$][\w$]*$/.test(part)) text += text === '' ? part : `.${part}`;
    else text += `[${JSON.stringify(part)}]`;
  }
  return text;
}

/** The type of a value in words a user expects in an error: `null`, `Date`, `a number (3.5)`. */
export function describeType(value: unknown): string {
  if (value === null) return 'null';
  if (value === undefined) return 'undefined';
  switch (typeof value) {
    case 'string':
      return `a string (${JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)})`;
    case 'number':
      return `a number (${Object.is(value, -0) ? '-0' : value})`;
    case 'bigint':
      return `a bigint (${value}n)`;
    case 'boolean':
      return `a boolean (${value})`;
    case 'function':
      return 'a function';
    case 'symbol':
      return 'a symbol';
    default:
      return describeClass(value as object);
  }
}

function describeClass(value: object): string {
  if (Array.isArray(value)) return 'an array';
  try {
    const name: unknown = value.constructor?.name;
    if (typeof name === 'string' && name !== '' && name !== 'Object') return `an instance of ${name.slice(0, 60)}`;
  } catch {
    // A getter or a revoked proxy that throws tells nothing about the class.
  }
  return 'an object';
}

/** A getter of the record threw while it was read. */
export function unreadable(cause: unknown, recordIndex: number): RecordFault {
  return new RecordFault(
    'ERR_RECORD_NOT_CLONEABLE',
    `Every field of a record must be readable: reading record ${recordIndex} threw ${JSON.stringify(messageOf(cause))}`,
    recordIndex,
    '',
    { cause },
  );
}
