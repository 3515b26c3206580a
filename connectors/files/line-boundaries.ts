// Finds where lines start, for cutting a file into splits. Main thread, asynchronous: the event loop goes on meanwhile.

import { type FileHandle, open } from 'node:fs/promises';
import { cannotRead } from './file-errors.ts';
import type { InputFile } from './file-split.ts';

const NEWLINE = 10;
const BLOCK_BYTES = 64 * 1024;

/** Moves each candidate to the first start of a line at or behind it. Reads a block or so at each. */
export async function lineBoundaries(file: InputFile, candidates: readonly number[]): Promise<number[]> {
  const boundaries: number[] = [];
  try {
    const handle = await open(file.path, 'r');
    try {
      const block = Buffer.allocUnsafe(BLOCK_BYTES);
      let last = 0;
      for (const candidate of candidates) {
        if (candidate <= last) continue;
        last = await nextLine(handle, block, candidate - 1, file.bytes);
        boundaries.push(last);
      }
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw cannotRead(file.path, error);
  }
  return boundaries;
}

/** Behind the first newline at or behind `from`. */
async function nextLine(handle: FileHandle, block: Buffer, from: number, end: number): Promise<number> {
  for (let at = from; at < end; ) {
    const { bytesRead } = await handle.read(block, 0, Math.min(block.length, end - at), at);
    if (bytesRead === 0) break;
    const newline = block.subarray(0, bytesRead).indexOf(NEWLINE);
    if (newline !== -1) return at + newline + 1;
    at += bytesRead;
  }
  return end;
}
