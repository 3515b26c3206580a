// Reads the plain values of a line: one for all templates of a thread's readers, so that V8 compiles it once. Workers; one reader owns it.
//
// Each method reads the value that begins at byte `from`, and leaves where it ended in `at`, or NOT_PLAIN there: then what it returned
// means nothing. A newline ends every loop, and stands behind the window's limit.

import type { FieldStrings } from '../files/field-strings.ts';

export const NOT_PLAIN = -1;

const QUOTE = 34;
const BACKSLASH = 92;
const MINUS = 45;
const POINT = 46;
const ZERO = 48;
const NINE = 57;
/** So many digits fit a double exactly, and one division by a power of ten is rounded once: the double that JSON.parse gives. */
const MOST_DIGITS = 15;
const POWERS_OF_TEN: Float64Array = Float64Array.from({ length: MOST_DIGITS + 1 }, (_, power) => Number(`1e${power}`));

const WORDS: readonly (readonly [word: Buffer, value: boolean | null])[] = [
  [Buffer.from('null'), null],
  [Buffer.from('true'), true],
  [Buffer.from('false'), false],
];

export type PlainValue = string | number | boolean | null | undefined;

export class ValueScan {
  at = 0;
  /** By value: where its strings are looked up; undefined where they are cut from the window. */
  strings: readonly (FieldStrings | undefined)[] = [];
  #bytes: Buffer = Buffer.alloc(0);
  #text = '';
  readonly #decode: (start: number, end: number) => string | undefined;

  constructor(decode: (start: number, end: number) => string | undefined) {
    this.#decode = decode;
  }

  /** @param text the window as Latin-1, where a string is cut from it */
  look(bytes: Buffer, text: string): void {
    this.#bytes = bytes;
    this.#text = text;
  }

  /** A string; or else whatever it is. */
  string(value: number, from: number): PlainValue {
    return this.#bytes[from] === QUOTE ? this.#string(value, from) : this.any(value, from);
  }

  /** A number; or else whatever it is. */
  number(value: number, from: number): PlainValue {
    const byte = this.#bytes[from]!;
    return byte === MINUS || (byte >= ZERO && byte <= NINE) ? this.#number(from) : this.any(value, from);
  }

  /** A value of any kind. */
  any(value: number, from: number): PlainValue {
    const bytes = this.#bytes;
    if (bytes[from] === QUOTE) return this.#string(value, from);
    for (const [word, meaning] of WORDS) {
      let length = 0;
      while (length < word.length && bytes[from + length] === word[length]) length++;
      if (length < word.length) continue;
      this.at = from + length;
      return meaning;
    }
    return this.#number(from);
  }

  /** Without a backslash. `from` is at the opening quote. */
  #string(value: number, from: number): string | undefined {
    const bytes = this.#bytes;
    const start = from + 1;
    let at = start;
    let hash = 0;
    let high = 0;
    let byte = bytes[at]!;
    // Control characters, the newline among them, are below the space; space and exclamation mark are below the quote.
    while ((byte > QUOTE && byte !== BACKSLASH) || byte === 32 || byte === 33) {
      hash = (Math.imul(hash, 31) + byte) | 0;
      high |= byte;
      byte = bytes[++at]!;
    }
    this.at = byte === QUOTE ? at + 1 : NOT_PLAIN;
    if (byte !== QUOTE) return undefined;
    const strings = this.strings[value];
    const text =
      strings !== undefined
        ? strings.find(bytes, start, at, hash)
        : high < 128
          ? this.#text.substring(start, at)
          : this.#decode(start, at);
    if (text === undefined) this.at = NOT_PLAIN;
    return text;
  }

  /** Of digits and a point. */
  #number(from: number): number {
    const bytes = this.#bytes;
    let at = from;
    const negative = bytes[at] === MINUS;
    if (negative) at++;
    const first = at;
    let point = -1;
    let number = 0;
    for (;;) {
      const byte = bytes[at]!;
      const digit = byte - ZERO;
      if (digit >= 0 && digit <= 9) number = number * 10 + digit;
      else if (byte === POINT && point === -1) point = at;
      else break;
      at++;
    }
    const whole = (point === -1 ? at : point) - first;
    const decimals = point === -1 ? 0 : at - point - 1;
    const plain =
      whole > 0 &&
      whole + decimals <= MOST_DIGITS &&
      (point === -1 || decimals > 0) &&
      (whole === 1 || bytes[first] !== ZERO);
    this.at = plain ? at : NOT_PLAIN;
    if (!plain) return 0;
    if (decimals !== 0) number /= POWERS_OF_TEN[decimals]!;
    return negative ? -number : number;
  }
}
