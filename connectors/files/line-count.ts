// Line numbers, counted only when an error needs one. Workers.
// Of a plain file the bytes before the position are read again, from the last position asked for: a job that skips a million
// malformed records reads the file twice, not a million times. Of a compressed file the reader counts as it goes along.

import { closeSync, openSync, readSync } from 'node:fs';

const NEWLINE = 10;
const BLOCK_BYTES = 64 * 1024;

/** Newlines in a range of bytes. */
export function countNewlines(bytes: Buffer, start: number, end: number): number {
  let count = 0;
  for (let at = bytes.indexOf(NEWLINE, start); at !== -1 && at < end; at = bytes.indexOf(NEWLINE, at + 1)) count++;
  return count;
}

export class LineCount {
  readonly #path: string;
  #offset = 0;
  #newlines = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** The line, counted from 1, on which the byte at `offset` of the file stands; undefined when the file is gone. */
  lineAt(offset: number): number | undefined {
    if (offset < this.#offset) {
      this.#offset = 0;
      this.#newlines = 0;
    }
    try {
      const fd = openSync(this.#path, 'r');
      try {
        const block = Buffer.allocUnsafe(Math.min(BLOCK_BYTES, Math.max(1, offset - this.#offset)));
        while (this.#offset < offset) {
          const read = readSync(fd, block, 0, Math.min(block.length, offset - this.#offset), this.#offset);
          if (read === 0) return undefined;
          this.#newlines += countNewlines(block, 0, read);
          this.#offset += read;
        }
      } finally {
        closeSync(fd);
      }
    } catch {
      return undefined;
    }
    return this.#newlines + 1;
  }

  /** Goes on from `offset`, where the lines before are known: a compressed file cannot be read again from the middle. */
  pass(newlines: number): void {
    this.#newlines += newlines;
  }

  /** Lines passed by `pass`, plus one. */
  get passed(): number {
    return this.#newlines + 1;
  }
}
