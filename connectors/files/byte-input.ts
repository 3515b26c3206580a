// Where the bytes of a split come from. Workers.
// A plain local file answers at once, by readSync into the reader's own buffer: no promise, no turn of the event loop, no copy.
// A compressed one answers with a promise; the streams behind it hold a few chunks of 64 KiB and no more.

import { closeSync, createReadStream, fstatSync, openSync, readSync } from 'node:fs';
import { pipeline } from 'node:stream';
import { MillraceError, messageOf } from '../../engine/errors/millrace-error.ts';
import { decompressor } from './compression.ts';
import { cannotRead } from './file-errors.ts';
import type { FileSplit } from './file-split.ts';

export interface ByteInput {
  /** Puts up to `length` bytes into `target` at `at`; 0 at the end of the split, and only there. */
  read(target: Buffer, at: number, length: number): number | Promise<number>;
  /** Bytes of the file taken so far: of a compressed file the compressed ones. */
  taken(): number;
  close(): void;
}

export function openInput(split: FileSplit, signal: AbortSignal): ByteInput {
  return split.compression === 'none' ? new PlainInput(split) : new CompressedInput(split, split.compression, signal);
}

class PlainInput implements ByteInput {
  readonly #split: FileSplit;
  readonly #fd: number;
  #position: number;
  #open = true;

  constructor(split: FileSplit) {
    this.#split = split;
    this.#position = split.start;
    try {
      this.#fd = openSync(split.path, 'r');
    } catch (error) {
      throw cannotRead(split.path, error);
    }
    const bytes = fstatSync(this.#fd).size;
    if (bytes < split.end) {
      this.close();
      throw shrunk(split, bytes);
    }
  }

  read(target: Buffer, at: number, length: number): number {
    const wanted = Math.min(length, this.#split.end - this.#position);
    if (wanted === 0) return 0;
    let read: number;
    try {
      read = readSync(this.#fd, target, at, wanted, this.#position);
    } catch (error) {
      throw cannotRead(this.#split.path, error);
    }
    if (read === 0) throw shrunk(this.#split, this.#position);
    this.#position += read;
    return read;
  }

  taken(): number {
    return this.#position - this.#split.start;
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    closeSync(this.#fd);
  }
}

class CompressedInput implements ByteInput {
  readonly #split: FileSplit;
  readonly #file: ReturnType<typeof createReadStream>;
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);
  #failure: unknown;
  #bytesIn = 0;

  constructor(split: FileSplit, compression: 'gzip' | 'zstd', signal: AbortSignal) {
    this.#split = split;
    const plain = decompressor(split.path, compression);
    this.#file = createReadStream(split.path, { end: Math.max(0, split.end - 1), signal });
    this.#file.on('data', (chunk) => {
      this.#bytesIn += chunk.length;
    });
    // The callback takes errors of the file as well as of the decompressor; both reach the iterator below.
    pipeline(this.#file, plain, (error) => {
      this.#failure ??= error ?? undefined;
    });
    this.#chunks = plain[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  async read(target: Buffer, at: number, length: number): Promise<number> {
    let filled = 0;
    // Filled up to the end, so that a long record costs no more looks at it than in a plain file.
    while (filled < length) {
      if (this.#rest.length === 0) {
        let next: IteratorResult<Buffer>;
        try {
          next = await this.#chunks.next();
        } catch (error) {
          throw this.#undecodable(this.#failure ?? error);
        }
        if (next.done === true) break;
        this.#rest = next.value;
      }
      const count = this.#rest.copy(target, at + filled, 0, length - filled);
      this.#rest = this.#rest.subarray(count);
      filled += count;
    }
    return filled;
  }

  taken(): number {
    return this.#bytesIn;
  }

  close(): void {
    this.#file.destroy();
    void this.#chunks.return?.().catch(() => {});
  }

  #undecodable(error: unknown): MillraceError {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (/^E[A-Z]+$/.test(code)) return cannotRead(this.#split.path, error);
    return new MillraceError(
      'ERR_SOURCE',
      `${this.#split.path} cannot be decompressed (${messageOf(error)}): it is damaged or cut off near byte ${this.#bytesIn}; fetch it again`,
      { cause: error },
    );
  }
}

function shrunk(split: FileSplit, bytes: number): MillraceError {
  return new MillraceError(
    'ERR_SOURCE',
    `${split.path} became shorter while it was read: it ends at byte ${bytes}, the job saw more than ${split.end - 1} when it started. ` +
      'Write files under another name and rename them when they are whole',
  );
}
