// A window that slides over the bytes of a split: one buffer, filled again and again. Workers; one reader owns it.
//
//   file     ....|=========consumed=========|cursor--record--|--rec|......
//   buffer                                  [0 ............. limit) newline
//
// Behind `limit` stands a newline that is not part of the input: a scan for the end of a record needs no other end.
// `text` holds the same bytes as Latin-1, so that offsets into one are offsets into the other: an ASCII field is cut from it by
// substring, others are decoded from the bytes. Strings cut from it keep it alive: records that are kept for long pin it.

import { isAscii } from 'node:buffer';
import type { ByteInput } from './byte-input.ts';

/**
 * Large enough that a fill costs nothing a record. Small enough that `text` is an ordinary young object: from 128 KiB on V8 maps
 * fresh pages for each one, and a CSV file was read at 0.8 of the speed.
 */
export const WINDOW_BYTES: number = 64 * 1024;
/** Behind the newline: room for a word that is read from the last bytes on. */
const SPARE_BYTES = 4;
const NEWLINE = 10;

export class ByteWindow {
  bytes: Buffer;
  /** How many bytes of the buffer hold input. */
  limit = 0;
  /** Where in the (decompressed) file the first byte of the buffer stands. */
  base: number;
  /** Nothing follows behind `limit`. */
  atEnd = false;
  readonly #input: ByteInput;
  #text: string | undefined;
  #ascii: boolean | undefined;

  constructor(input: ByteInput, base: number, windowBytes: number) {
    this.bytes = Buffer.allocUnsafeSlow(windowBytes + SPARE_BYTES);
    this.#input = input;
    this.base = base;
    this.bytes[0] = NEWLINE;
  }

  /** `bytes` up to `limit`, as Latin-1. Made when it is asked for first: not every format does. */
  get text(): string {
    this.#text ??= this.bytes.toString('latin1', 0, this.limit);
    return this.#text;
  }

  /** No byte of the window is above 127: `text` is right as it stands. */
  get ascii(): boolean {
    this.#ascii ??= isAscii(this.bytes.subarray(0, this.limit));
    return this.#ascii;
  }

  /** Drops what stands before `cursor` and appends what comes next; the cursor is 0 afterwards. Grows when nothing can be dropped. */
  slide(cursor: number): void | Promise<void> {
    const kept = this.limit - cursor;
    let capacity = this.bytes.length - SPARE_BYTES;
    if (kept >= capacity / 2) {
      capacity *= 2;
      const larger = Buffer.allocUnsafeSlow(capacity + SPARE_BYTES);
      this.bytes.copy(larger, 0, cursor, this.limit);
      this.bytes = larger;
    } else if (cursor > 0) this.bytes.copyWithin(0, cursor, this.limit);
    this.base += cursor;
    this.limit = kept;
    const read = this.#input.read(this.bytes, kept, capacity - 1 - kept);
    if (typeof read === 'number') this.#took(read);
    else return read.then((count) => this.#took(count));
  }

  #took(count: number): void {
    if (count === 0) this.atEnd = true;
    this.limit += count;
    this.bytes[this.limit] = NEWLINE;
    this.#text = undefined;
    this.#ascii = undefined;
  }
}
