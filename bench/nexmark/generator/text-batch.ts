// The text of a batch of events, written as bytes into one buffer and turned into one string at the end, of which the fields are cut:
// a call into V8's string code for each batch instead of each field. Any thread.
//
// Six letters come of one draw, as in Beam: its digits in base 26. Beam's digits of a negative draw are negative, which gives capitals
// and signs below 'a'; ours are those of its complement, so that all are a to z. They are written two at a time, from a table.

import type { JavaRandom } from './java-random.ts';

const LETTERS = 26;
const PAIRS = LETTERS * LETTERS;
const FIRST_LETTER = 0x61;
/** One character of 13 is the special one. */
const SPECIAL_ONE_IN = 13;
const SHORTEST = 3;
const SPACE = 0x20;
const ZERO = 0x30;

/** Two letters as the two bytes of a 16-bit store; all of Node's platforms are little-endian. */
const PAIR_BYTES: Uint16Array = Uint16Array.from(
  { length: PAIRS },
  (_, pair) => (FIRST_LETTER + (pair % LETTERS)) | ((FIRST_LETTER + Math.floor(pair / LETTERS)) << 8),
);

export class TextBatch {
  /** Where the field that was written last begins and ends. */
  start = 0;
  end = 0;
  readonly #bytes: Buffer;
  readonly #pairs: Uint16Array;
  #at = 0;

  /** @param capacityBytes room for all fields of one batch; a field beyond it is lost silently, so reckon with the longest */
  constructor(capacityBytes: number) {
    // Eight bytes of room behind it: letters are written six at a time.
    const memory = new ArrayBuffer((capacityBytes + 16) & ~7);
    this.#bytes = Buffer.from(memory);
    this.#pairs = new Uint16Array(memory);
  }

  /** Begins anew; what was taken stays valid. */
  clear(): void {
    this.#at = 0;
  }

  /** All text since clear(): fields are cut from it. */
  take(): string {
    return this.#bytes.toString('latin1', 0, this.#at);
  }

  /** Exactly `length` random letters. */
  letters(random: JavaRandom, length: number): void {
    const pairs = this.#pairs;
    const start = (this.#at + 1) & ~1;
    let at = start >> 1;
    for (const stop = (start + length + 1) >> 1; at < stop; at += 3) {
      const drawn = random.nextInt();
      const value = drawn ^ (drawn >> 31);
      const rest = (value / PAIRS) | 0;
      const last = (rest / PAIRS) | 0;
      pairs[at] = PAIR_BYTES[value - rest * PAIRS]!;
      pairs[at + 1] = PAIR_BYTES[rest - last * PAIRS]!;
      pairs[at + 2] = PAIR_BYTES[last % PAIRS]!;
    }
    this.start = start;
    this.end = this.#at = start + length;
  }

  /** Letters to bring the bytes of an event from `current` to about `average`: within a fifth of what is missing, both ways. */
  extra(random: JavaRandom, current: number, average: number): void {
    const missing = average - current;
    if (missing < 0) {
      this.start = this.end = this.#at;
      return;
    }
    const spread = Math.round(missing * 0.2);
    this.letters(random, missing - spread + (spread > 0 ? random.below(2 * spread) : 0));
  }

  /** From 3 to `longest` - 1 letters, one of 13 of them the character `special`; without spaces at both ends. */
  words(random: JavaRandom, longest: number, special: number): void {
    const bytes = this.#bytes;
    let start = this.#at;
    let end = start + SHORTEST + random.below(longest - SHORTEST);
    for (let at = start; at < end; at++) {
      bytes[at] = random.below(SPECIAL_ONE_IN) === 0 ? special : FIRST_LETTER + random.below(LETTERS);
    }
    this.#at = end;
    while (end > start && bytes[end - 1] === SPACE) end--;
    while (start < end && bytes[start] === SPACE) start++;
    this.start = start;
    this.end = end;
  }

  /** Groups of four random digits, a space between them. */
  digitGroups(random: JavaRandom, groups: number): void {
    const bytes = this.#bytes;
    this.start = this.#at;
    for (let group = 0; group < groups; group++) {
      if (group > 0) bytes[this.#at++] = SPACE;
      const digits = random.below(10_000);
      for (let unit = 1000; unit >= 1; unit /= 10) bytes[this.#at++] = ZERO + (((digits / unit) | 0) % 10);
    }
    this.end = this.#at;
  }
}
