// Finds where records start in a file whose quoted fields may hold newlines. Main thread, asynchronous.
// Whether a newline ends a record depends on every quote before it, so such a file is read once before it is cut. Between two quotes
// nothing can change, so the walk goes from quote to quote by native search, and looks for a newline only where one is wanted.
// `multiline: false` spares the whole of it.

import { open } from 'node:fs/promises';
import { cannotRead } from '../files/file-errors.ts';
import type { InputFile } from '../files/file-split.ts';
import { type Dialect, NEWLINE } from './dialect.ts';

const BLOCK_BYTES = 1024 * 1024;
/** Made into text and walked through at a time: from 128 KiB on V8 maps fresh pages for each string. */
const PIECE_BYTES = 64 * 1024;
const NEWLINE_TEXT = '\n';

/** Moves each candidate to the first start of a record at or behind it. `from`: where the first record starts. */
export async function recordBoundaries(
  file: InputFile,
  from: number,
  candidates: readonly number[],
  dialect: Dialect,
): Promise<number[]> {
  const walk = new QuoteWalk(candidates, dialect);
  try {
    const handle = await open(file.path, 'r');
    try {
      const block = Buffer.allocUnsafe(Math.min(BLOCK_BYTES, file.bytes));
      for (let base = from; base < file.bytes && !walk.done; ) {
        const { bytesRead } = await handle.read(block, 0, Math.min(block.length, file.bytes - base), base);
        if (bytesRead === 0) break;
        for (let at = 0; at < bytesRead; at += PIECE_BYTES) {
          walk.pass(block.toString('latin1', at, Math.min(bytesRead, at + PIECE_BYTES)), base + at);
        }
        base += bytesRead;
      }
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw cannotRead(file.path, error);
  }
  return walk.boundaries;
}

/** The automaton of dialect.ts, for `multiline`, in steps from quote to quote. */
export class QuoteWalk {
  readonly boundaries: number[] = [];
  readonly #candidates: readonly number[];
  readonly #delimiter: number;
  readonly #quote: number;
  readonly #quoteText: string;
  /** The candidate that a boundary is looked for. */
  #wanted = 0;
  #quoted = false;
  /** The last byte of the piece before was a quote in a quoted field: the next byte says whether it closed it. */
  #undecided = false;
  #lastByte = NEWLINE;

  constructor(candidates: readonly number[], { delimiter, quote }: Dialect) {
    this.#candidates = candidates;
    this.#delimiter = delimiter;
    this.#quote = quote;
    this.#quoteText = String.fromCharCode(quote);
  }

  get done(): boolean {
    return this.#wanted === this.#candidates.length;
  }

  /** The next piece of the file, one character a byte, which begins at byte `base`. */
  pass(text: string, base: number): void {
    let at = 0;
    if (this.#undecided) {
      this.#undecided = false;
      if (text.charCodeAt(0) === this.#quote) at = 1;
      else this.#quoted = false;
    }
    for (;;) {
      const quote = text.indexOf(this.#quoteText, at);
      if (!this.#quoted) this.#takeNewlines(text, base, at, quote === -1 ? text.length : quote);
      if (quote === -1) break;
      at = quote + 1;
      if (!this.#quoted) this.#quoted = this.#opens(quote === 0 ? this.#lastByte : text.charCodeAt(quote - 1));
      else if (at === text.length) {
        this.#undecided = true;
        break;
      } else if (text.charCodeAt(at) === this.#quote) at++;
      else this.#quoted = false;
    }
    this.#lastByte = text.charCodeAt(text.length - 1);
  }

  /** A quote opens a field only as its first character. */
  #opens(byteBefore: number): boolean {
    return byteBefore === this.#delimiter || byteBefore === NEWLINE;
  }

  /** Between `at` and `end` no field is quoted, so each newline ends a record. */
  #takeNewlines(text: string, base: number, at: number, end: number): void {
    const candidates = this.#candidates;
    while (!this.done) {
      const from = Math.max(at, candidates[this.#wanted]! - 1 - base);
      if (from >= end) return;
      const newline = text.indexOf(NEWLINE_TEXT, from);
      if (newline === -1 || newline >= end) return;
      const start = base + newline + 1;
      this.boundaries.push(start);
      while (!this.done && candidates[this.#wanted]! <= start) this.#wanted++;
    }
  }
}
