// Which compression a file has, and the stream that undoes it. Any thread.
// The first bytes decide; a file whose ending promises what they do not hold is refused rather than read as noise.

import { closeSync, openSync, readSync } from 'node:fs';
import type { Transform } from 'node:stream';
import zlib from 'node:zlib';
import { MillraceError } from '../../engine/errors/millrace-error.ts';
import { cannotRead } from './file-errors.ts';

export type Compression = 'none' | 'gzip' | 'zstd';

/** zstd came to node:zlib with Node 22.15 and 23.8: the types of Node 20 do not know it. */
type ZlibWithZstd = typeof zlib & { createZstdDecompress?: (options: { chunkSize: number }) => Transform };

const CHUNK_BYTES = 64 * 1024;

/** Reads the first bytes of a file and compares them with its ending. */
export function detectCompression(path: string): Compression {
  const head = Buffer.alloc(4);
  let read = 0;
  try {
    const fd = openSync(path, 'r');
    try {
      read = readSync(fd, head, 0, 4, 0);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    throw cannotRead(path, error);
  }
  const held: Compression =
    read >= 2 && head[0] === 0x1f && head[1] === 0x8b
      ? 'gzip'
      : read === 4 && head.readUInt32LE(0) === 0xfd2fb528
        ? 'zstd'
        : 'none';
  const promised = compressionOfName(path);
  if (read > 0 && promised !== 'none' && promised !== held) {
    throw new MillraceError(
      'ERR_SOURCE',
      `${path} is named as ${promised} but holds none: rename it, or compress it again`,
    );
  }
  return held;
}

/** What the ending of a path says: `.gz`, `.zst`. */
export function compressionOfName(path: string): Compression {
  if (/\.gz$/i.test(path)) return 'gzip';
  return /\.(zst|zstd)$/i.test(path) ? 'zstd' : 'none';
}

/** A stream that undoes `compression`. Throws ERR_SOURCE where this Node cannot. */
export function decompressor(path: string, compression: 'gzip' | 'zstd'): Transform {
  if (compression === 'gzip') return zlib.createGunzip({ chunkSize: CHUNK_BYTES });
  const create = (zlib as ZlibWithZstd).createZstdDecompress;
  if (create === undefined) {
    throw new MillraceError(
      'ERR_SOURCE',
      `Reading zstd needs Node 22.15 or later, this is ${process.version}: run a newer Node, or store ${path} as .gz`,
    );
  }
  return create({ chunkSize: CHUNK_BYTES });
}
