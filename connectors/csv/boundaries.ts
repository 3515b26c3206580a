// Finds where records start in a file whose quoted fields may hold newlines. Main thread, asynchronous.
// Whether a newline ends a record depends on every quote before it, so such a file is read once before it is cut. Blocks without
// a quote, which is most blocks of most files, cost one native search. `multiline: false` spares the whole of it.

import { open } from 'node:fs/promises';
import { cannotRead } from '../files/file-errors.ts';
import type { InputFile } from '../files/file-split.ts';
import { type Dialect, NEWLINE, QUOTED, RecordEndScan } from './dialect.ts';

const BLOCK_BYTES = 1024 * 1024;

/** Moves each candidate to the first start of a record at or behind it. `from`: where the first record starts. */
export async function recordBoundaries(
  file: InputFile,
  from: number,
  candidates: readonly number[],
  dialect: Dialect,
): Promise<number[]> {
  const boundaries: number[] = [];
  const scan = new RecordEndScan(dialect);
  const last = candidates.at(-1)!;
  let wanted = 0;
  try {
    const handle = await open(file.path, 'r');
    try {
      const block = Buffer.allocUnsafe(Math.min(BLOCK_BYTES, file.bytes));
      for (let base = from; base < file.bytes && (boundaries.at(-1) ?? 0) < last; ) {
        const { bytesRead } = await handle.read(block, 0, Math.min(block.length, file.bytes - base), base);
        if (bytesRead === 0) break;
        const plain = scan.state !== QUOTED && !block.subarray(0, bytesRead).includes(dialect.quote);
        let at = 0;
        if (plain) {
          while (wanted < candidates.length && candidates[wanted]! - 1 < base + bytesRead) {
            const newline = block.subarray(0, bytesRead).indexOf(NEWLINE, Math.max(0, candidates[wanted]! - 1 - base));
            if (newline === -1) break;
            boundaries.push(base + newline + 1);
            while (wanted < candidates.length && candidates[wanted]! <= base + newline + 1) wanted++;
          }
          scan.passWithoutQuotes(block[bytesRead - 1]!);
        } else {
          while ((at = scan.next(block, at, bytesRead)) !== -1) {
            if (wanted === candidates.length || base + at < candidates[wanted]!) continue;
            boundaries.push(base + at);
            while (wanted < candidates.length && candidates[wanted]! <= base + at) wanted++;
          }
        }
        base += bytesRead;
      }
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw cannotRead(file.path, error);
  }
  return boundaries;
}
