// A file that appears whole or not at all. Workers; one writer owns it.
//
//   write   ->  .flights.csv.<pid>-<random>.tmp   beside the target, so that the rename stays on one disk
//   prepare ->  flushed to the disk (fsync)
//   commit  ->  renamed to flights.csv, over what was there
//   abort   ->  removed
//
// A process that dies leaves a hidden .tmp file at most, and the old flights.csv as it was.
// Writing is synchronous, in blocks of 256 KiB: a worker that waits for the disk is the backpressure. Compression is not
// synchronous; there a write resolves when zlib has taken it.

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { Transform } from 'node:stream';
import { fileURLToPath } from 'node:url';
import zlib from 'node:zlib';
import type { WriterContext } from '../../engine/connector/sink.ts';
import { MillraceError } from '../../engine/errors/millrace-error.ts';
import { compressionOfName } from './compression.ts';
import { cannotWrite } from './file-errors.ts';

/** Text is collected up to this size before it is encoded and written. */
const BLOCK_CHARACTERS = 256 * 1024;

/** Where a sink writes: one file, or a folder with a part file for each writer when it ends in `/`. */
export interface OutputTarget {
  readonly shown: string;
  readonly isFolder: boolean;
  /** The file that a writer makes. `ending` names part files: `part-0.csv`. */
  pathFor(context: WriterContext, ending: string): string;
}

/** Throws ERR_OPTION_INVALID for a path that names no file. */
export function outputTarget(sink: string, path: string | URL): OutputTarget {
  const given = path instanceof URL && path.protocol === 'file:' ? fileURLToPath(path) : path;
  if (typeof given !== 'string' || given === '') {
    throw new MillraceError(
      'ERR_OPTION_INVALID',
      `${sink} needs a path or a file: URL that is not empty: ${String(path)}`,
    );
  }
  const isFolder = /[/\\]$/.test(given);
  const absolute = resolve(given);
  return {
    shown: given,
    isFolder,
    pathFor: ({ index, count }, ending) => {
      // As many digits as the last one has, so that the names sort as the writers are numbered.
      const number = String(index).padStart(String(Math.max(0, count - 1)).length, '0');
      return isFolder ? join(absolute, `part-${number}${ending}`) : absolute;
    },
  };
}

/**
 * Throws ERR_SINK when the folder holds part files that these writers will not replace: an earlier run with more workers left them, and
 * whoever reads the folder would read both.
 */
export function refuseForeignParts(target: OutputTarget, context: WriterContext, ending: string): void {
  if (!target.isFolder) return;
  const own = new Set(
    Array.from({ length: context.count }, (_, index) => basename(target.pathFor({ ...context, index }, ending))),
  );
  const folder = dirname(target.pathFor(context, ending));
  const foreign = readFolder(folder).find((name) => /^part-\d+\./.test(name) && !own.has(name));
  if (foreign === undefined) return;
  throw new MillraceError(
    'ERR_SINK',
    `${folder} holds ${foreign} of an earlier run, which this one would not replace: empty the folder, or write to another`,
  );
}

function readFolder(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw cannotWrite(folder, error);
  }
}

export class OutputFile {
  readonly path: string;
  readonly #temporary: string;
  readonly #ownsTemporary: boolean;
  #fd: number | undefined;
  #compressor: Transform | undefined;
  #failure: MillraceError | undefined;
  #bytes = 0;
  #text = '';

  /** @param writeTo In tests: a file to write to in place of the temporary one. */
  constructor(path: string, writeTo?: string) {
    this.path = path;
    this.#ownsTemporary = writeTo === undefined;
    this.#temporary =
      writeTo ?? join(dirname(path), `.${basename(path)}.${process.pid}-${randomBytes(6).toString('hex')}.tmp`);
    // First, for it may refuse: nothing is left behind then.
    this.#compressor = this.#openCompressor();
    try {
      mkdirSync(dirname(path), { recursive: true });
      if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true)
        throw Object.assign(new Error('is a folder'), { code: 'EISDIR' });
      this.#fd = openSync(this.#temporary, writeTo === undefined ? 'wx' : 'w');
    } catch (error) {
      throw cannotWrite(path, error);
    }
  }

  /** Appends text. A promise only where the file is compressed and zlib is behind. */
  writeText(text: string): void | Promise<void> {
    this.#text += text;
    if (this.#text.length >= BLOCK_CHARACTERS) return this.#flushText();
  }

  /** Appends bytes behind all text so far. */
  writeBytes(bytes: Uint8Array): void | Promise<void> {
    const flushed = this.#flushText();
    return flushed === undefined ? this.#put(bytes) : flushed.then(() => this.#put(bytes));
  }

  bytesWritten(): number {
    return this.#bytes;
  }

  /** Everything is on the disk, under the temporary name. */
  async prepare(): Promise<void> {
    await this.#flushText();
    if (this.#compressor !== undefined) {
      this.#compressor.end();
      await once(this.#compressor, 'end').catch(() => {});
    }
    if (this.#failure !== undefined) throw this.#failure;
    try {
      // Devices, which tests write to, have nothing to flush.
      if (statSync(this.#temporary).isFile()) fsyncSync(this.#fd!);
      this.#close();
    } catch (error) {
      throw cannotWrite(this.path, error);
    }
  }

  commit(): void {
    try {
      renameSync(this.#temporary, this.path);
      syncFolder(dirname(this.path));
    } catch (error) {
      throw cannotWrite(this.path, error);
    }
  }

  abort(): void {
    this.#compressor?.destroy();
    this.#close();
    if (this.#ownsTemporary) rmSync(this.#temporary, { force: true });
  }

  #flushText(): void | Promise<void> {
    if (this.#text === '') return;
    const text = this.#text as string & { isWellFormed(): boolean };
    this.#text = '';
    if (!text.isWellFormed()) {
      throw new MillraceError(
        'ERR_SINK',
        `Text must be well-formed Unicode to be written to ${this.path}: a string holds half a surrogate pair. Repair it with toWellFormed() in a map`,
      );
    }
    const bytes = Buffer.from(text, 'utf8');
    return this.#put(bytes);
  }

  #put(bytes: Uint8Array): void | Promise<void> {
    if (this.#compressor === undefined) this.#writeAll(bytes);
    else if (!this.#compressor.write(bytes)) return this.#drained(this.#compressor);
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #drained(compressor: Transform): Promise<void> {
    if (this.#failure === undefined) await once(compressor, 'drain').catch(() => {});
    if (this.#failure !== undefined) throw this.#failure;
  }

  #writeAll(bytes: Uint8Array): void {
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#fd!, bytes, at, bytes.length - at);
    } catch (error) {
      throw cannotWrite(this.path, error);
    }
    this.#bytes += bytes.length;
  }

  #openCompressor(): Transform | undefined {
    const compression = compressionOfName(this.path);
    if (compression === 'none') return undefined;
    const compressor = compression === 'gzip' ? zlib.createGzip() : zstdCompressor(this.path);
    compressor.on('data', (chunk: Buffer) => {
      try {
        if (this.#failure === undefined) this.#writeAll(chunk);
      } catch (error) {
        this.#failure = error as MillraceError;
        // Ends the wait for 'drain': nothing more can be written.
        compressor.destroy(this.#failure);
      }
    });
    compressor.on('error', (error) => {
      this.#failure ??= cannotWrite(this.path, error);
    });
    return compressor;
  }

  #close(): void {
    if (this.#fd === undefined) return;
    closeSync(this.#fd);
    this.#fd = undefined;
  }
}

function zstdCompressor(path: string): Transform {
  const create = (zlib as typeof zlib & { createZstdCompress?: () => Transform }).createZstdCompress;
  if (create !== undefined) return create();
  throw new MillraceError(
    'ERR_SINK',
    `Writing zstd needs Node 22.15 or later, this is ${process.version}: run a newer Node, or write ${path} as .gz`,
  );
}

/** Makes the rename itself durable. Not every system lets a folder be opened: there it is durable soon. */
function syncFolder(folder: string): void {
  try {
    const fd = openSync(folder, 'r');
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  } catch {}
}
