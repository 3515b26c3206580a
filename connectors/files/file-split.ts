// Files cut into splits: a byte range of a plain file, or the whole of a compressed one. Main thread, inside splits().
// Boundaries are moved to starts of records here, once, so that a split holds whole records and a reader never looks beyond it:
// each record is in exactly one split, whatever the boundaries were before.
//
//   candidates    0            1 MiB           2 MiB           3 MiB
//   records       |--|-----|------|---|----------|--|-------------|
//   splits        [----------------)[------------)[---------------)

import { statSync } from 'node:fs';
import type { Split, SplitHint } from '../../engine/connector/source.ts';
import { MillraceError } from '../../engine/errors/millrace-error.ts';
import { type Compression, detectCompression } from './compression.ts';
import { cannotRead } from './file-errors.ts';
import { type FilePath, resolveFiles, shownPath } from './file-path.ts';

const SMALLEST_SPLIT_BYTES = 1024 * 1024;
const LARGEST_SPLIT_BYTES = 64 * 1024 * 1024;
/** Several splits a worker, so that the last one to finish does not finish much later than the others. */
const SPLITS_PER_WORKER = 4;

/** A file as it was when the job listed its input. */
export interface InputFile {
  readonly path: string;
  readonly shown: string;
  readonly bytes: number;
  readonly compression: Compression;
}

export interface FileSplit extends Split {
  readonly path: string;
  readonly shown: string;
  readonly compression: Compression;
  /** Half-open, in bytes of the file; both at starts of records. Of a compressed file: all of it. */
  readonly start: number;
  readonly end: number;
}

/** Moves increasing candidates to the starts of records at or behind them. May drop candidates; must keep the order. */
export type FindBoundaries = (file: InputFile, candidates: readonly number[]) => Promise<readonly number[]>;

/** All files that `path` names, with their sizes. */
export function listInput(path: FilePath): InputFile[] {
  return resolveFiles(path).map((file) => {
    try {
      return { path: file, shown: shownPath(file), bytes: statSync(file).size, compression: detectCompression(file) };
    } catch (error) {
      throw cannotRead(file, error);
    }
  });
}

/** How large a split should be: small enough to share the work out, large enough to be worth opening. */
export function splitBytesFor(files: readonly InputFile[], hint: SplitHint, wanted: number | undefined): number {
  if (wanted !== undefined) return wanted;
  const total = files.reduce((sum, file) => sum + file.bytes, 0);
  const shared = Math.ceil(total / (Math.max(1, hint.workers) * SPLITS_PER_WORKER));
  return Math.max(SMALLEST_SPLIT_BYTES, Math.min(LARGEST_SPLIT_BYTES, shared));
}

/** Cuts one file. `from` is where its records begin: behind a byte order mark or a header. */
export async function splitFile(
  file: InputFile,
  splitBytes: number,
  from: number,
  findBoundaries: FindBoundaries,
): Promise<FileSplit[]> {
  if (file.compression !== 'none') return [makeSplit(file, 0, file.bytes)];
  const candidates: number[] = [];
  for (let at = from + splitBytes; at < file.bytes; at += splitBytes) candidates.push(at);
  const cuts = candidates.length === 0 ? [] : await findBoundaries(file, candidates);
  const splits: FileSplit[] = [];
  let start = from;
  for (const cut of [...cuts, file.bytes]) {
    if (cut <= start) continue;
    splits.push(makeSplit(file, start, cut));
    start = cut;
  }
  return splits;
}

function makeSplit(file: InputFile, start: number, end: number): FileSplit {
  const { path, shown, compression } = file;
  const id = compression === 'none' ? `${shown}[${start}..${end})` : shown;
  return { id, size: end - start, path, shown, compression, start, end };
}

/** Checks the options that all readers of files share. Throws one ERR_OPTION_INVALID that names all that is wrong. */
export function checkFileOptions(
  source: string,
  options: { splitBytes?: number | undefined; maxRecordBytes?: number | undefined },
): void {
  const problems: string[] = [];
  for (const name of ['splitBytes', 'maxRecordBytes'] as const) {
    const value = options[name];
    if (value !== undefined && !(Number.isSafeInteger(value) && value >= 1)) {
      problems.push(`${name} must be a whole number of bytes, 1 or more: ${name}=${String(value)}`);
    }
  }
  if ((options.maxRecordBytes ?? 1) > 0x1000_0000)
    problems.push(`maxRecordBytes must not exceed 256 MiB: maxRecordBytes=${options.maxRecordBytes}`);
  if (problems.length > 0) throw new MillraceError('ERR_OPTION_INVALID', `${source}: ${problems.join('; ')}`);
}
