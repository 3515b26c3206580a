// The fields of one record, and how a field becomes a value. Workers; one reader owns it.
// Numbers are read from the bytes, without a string in between: up to 15 digits fit a double exactly, and one division by a power
// of ten up to 22 is then rounded once, so the result is the double that `Number(text)` gives. All else goes the long way.
// A field that does not parse leaves its index in `failed`; the reader looks there once a record.

import type { ByteWindow } from '../files/byte-window.ts';

/** The field was quoted: `""` in a column with `?` is an empty string, nothing at all is null. */
export const QUOTED_FIELD = 1;
/** The field holds doubled quotes. */
export const ESCAPED_FIELD = 2;
/** The field holds bytes above 127. */
export const NON_ASCII_FIELD = 4;

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const SPECIAL_NUMBER = /^(?:NaN|[+-]?Infinity)$/;
const INTEGER = /^[+-]?\d+$/;
const DATE = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.(\d{1,9}))?)?) ?(Z|[+-]\d{2}(?::?\d{2})?)?)?$/i;
export const POWERS_OF_TEN: Float64Array = Float64Array.from({ length: 23 }, (_, power) => Number(`1e${power}`));
const BOOLEANS: ReadonlyMap<string, boolean> = new Map(
  Object.entries({
    true: true,
    t: true,
    yes: true,
    y: true,
    '1': true,
    false: false,
    f: false,
    no: false,
    n: false,
    '0': false,
  }),
);

/** The first four letters of `true` and `false`, as a little-endian word. */
const TRUE = 0x65757274;
const FALS = 0x736c6166;

export class Cells {
  /** Field `i` stands in the window at [starts[i], ends[i]), without its quotes. */
  starts: Int32Array = new Int32Array(64);
  ends: Int32Array = new Int32Array(64);
  flags: Uint8Array = new Uint8Array(64);
  /** A field that could not be read, or -1. */
  failed = -1;
  #bytes: Buffer = Buffer.alloc(0);
  #window: ByteWindow | undefined;
  readonly #decode: (start: number, end: number) => string | undefined;
  readonly #quote: string;

  constructor(decode: (start: number, end: number) => string | undefined, quote: number) {
    this.#decode = decode;
    this.#quote = String.fromCharCode(Math.max(0, quote));
  }

  look(window: ByteWindow): void {
    this.#bytes = window.bytes;
    this.#window = window;
  }

  grow(): void {
    const { starts, ends, flags } = this;
    this.starts = new Int32Array(starts.length * 2);
    this.starts.set(starts);
    this.ends = new Int32Array(ends.length * 2);
    this.ends.set(ends);
    this.flags = new Uint8Array(flags.length * 2);
    this.flags.set(flags);
  }

  string(field: number): string {
    const start = this.starts[field]!;
    const end = this.ends[field]!;
    const flags = this.flags[field]!;
    let text: string | undefined;
    if ((flags & NON_ASCII_FIELD) === 0) text = this.#window!.text.substring(start, end);
    else {
      text = this.#decode(start, end);
      if (text === undefined) {
        this.failed = field;
        return '';
      }
    }
    return (flags & ESCAPED_FIELD) === 0 ? text : text.replaceAll(this.#quote + this.#quote, this.#quote);
  }

  /** Nothing between the delimiters, and no quotes either. */
  isNull(field: number): boolean {
    return this.starts[field] === this.ends[field] && (this.flags[field]! & QUOTED_FIELD) === 0;
  }

  /** Nothing between the delimiters, or only quotes. */
  isEmpty(field: number): boolean {
    return this.starts[field] === this.ends[field];
  }

  number(field: number): number {
    const bytes = this.#bytes;
    const end = this.ends[field]!;
    let at = this.starts[field]!;
    const negative = bytes[at] === 45;
    if (negative) at++;
    const first = at;
    let mantissa = 0;
    let point = -1;
    for (; at < end; at++) {
      const digit = bytes[at]! - 48;
      if (digit >= 0 && digit <= 9) mantissa = mantissa * 10 + digit;
      else if (digit === -2 && point === -1) point = at;
      else return this.#numberOfText(field);
    }
    const digits = end - first - (point === -1 ? 0 : 1);
    if (digits === 0 || digits > 15) return this.#numberOfText(field);
    const value = point === -1 ? mantissa : mantissa / POWERS_OF_TEN[end - point - 1]!;
    return negative ? -value : value;
  }

  integer(field: number): number {
    const bytes = this.#bytes;
    const end = this.ends[field]!;
    let at = this.starts[field]!;
    const negative = bytes[at] === 45;
    if (negative) at++;
    if (at === end || end - at > 15) return this.#integerOfText(field);
    let value = 0;
    for (; at < end; at++) {
      const digit = bytes[at]! - 48;
      if (digit < 0 || digit > 9) return this.#integerOfText(field);
      value = value * 10 + digit;
    }
    return negative ? -value : value;
  }

  bigint(field: number): bigint {
    const text = this.#trimmed(field);
    if (INTEGER.test(text)) return BigInt(text.startsWith('+') ? text.slice(1) : text);
    this.failed = field;
    return 0n;
  }

  boolean(field: number): boolean {
    const bytes = this.#bytes;
    const start = this.starts[field]!;
    const length = this.ends[field]! - start;
    // `true` and `false` as most files have them; the other forms go the long way.
    if (length === 4 && bytes.readUInt32LE(start) === TRUE) return true;
    if (length === 5 && bytes.readUInt32LE(start) === FALS && bytes[start + 4] === 101) return false;
    const value = BOOLEANS.get(this.#trimmed(field).toLowerCase());
    if (value === undefined) this.failed = field;
    return value ?? false;
  }

  date(field: number): Date {
    const match = DATE.exec(this.#trimmed(field));
    if (match !== null) {
      const [, day, time = '00:00', fraction = '', offset = 'Z'] = match;
      const clock = time.length === 5 ? `${time}:00` : time.slice(0, 8);
      const zone = offset.length > 1 ? `${offset.slice(0, 3)}:${offset.length > 3 ? offset.slice(-2) : '00'}` : 'Z';
      const date = new Date(`${day}T${clock}.${fraction.padEnd(3, '0').slice(0, 3)}${zone}`);
      // A Date has milliseconds: what it cannot hold is refused, not dropped; so is the 30th of February, which rolls over.
      if (!Number.isNaN(date.getTime()) && !/[1-9]/.test(fraction.slice(3)) && dayExists(day!)) return date;
    }
    this.failed = field;
    return new Date(Number.NaN);
  }

  #numberOfText(field: number): number {
    const text = this.#trimmed(field);
    if (NUMBER.test(text) || SPECIAL_NUMBER.test(text)) return Number(text);
    this.failed = field;
    return Number.NaN;
  }

  #integerOfText(field: number): number {
    const text = this.#trimmed(field);
    const value = INTEGER.test(text) ? Number(text) : Number.NaN;
    if (Number.isSafeInteger(value)) return value;
    this.failed = field;
    return 0;
  }

  #trimmed(field: number): string {
    return this.string(field).trim();
  }
}

function dayExists(day: string): boolean {
  return new Date(day).toISOString().startsWith(day);
}
