// Parquet files: records as a source and as a sink.

import { type FileMetaData, parquetSchema } from 'hyparquet';
import type { ReaderContext, Source, Split, SplitHint, SplitReader } from '../../engine/connector/source.ts';
import { MillraceError } from '../../engine/errors/millrace-error.ts';
import { checkOptionNames } from '../../engine/errors/option-names.ts';
import { describePath, type FilePath } from '../files/file-path.ts';
import { listInput } from '../files/file-split.ts';
import {
  bindColumns,
  columnProblems,
  type ParquetColumn,
  type ParquetColumns,
  type ParquetRecord,
  relabelled,
} from './columns.ts';
import { ParquetFile } from './parquet-file.ts';
import { ParquetReader } from './parquet-reader.ts';
import { type RowRange, rowRanges } from './row-ranges.ts';

export type { FilePath } from '../files/file-path.ts';
export type { ParquetColumns, ParquetColumnType, ParquetRecord } from './columns.ts';
export { type ToParquetOptions, toParquet } from './parquet-sink.ts';
export type { ToParquetType } from './sink-schema.ts';

/** Several splits a worker, so that the last one to finish does not finish much later than the others. */
const SPLITS_PER_WORKER = 8;

interface ParquetSplit extends Split {
  readonly path: string;
  readonly shown: string;
  readonly bytes: number;
  readonly modifiedMs: number;
  readonly ranges: readonly RowRange[];
}

/** What a thread keeps of the file it read last: splits of one file mostly come one after the other. */
interface KnownFile {
  readonly path: string;
  readonly bytes: number;
  readonly modifiedMs: number;
  readonly metadata: FileMetaData;
  readonly columns: readonly ParquetColumn[];
}

/**
 * Reads records from Parquet files. All workers read at once, at row groups; a very large row group is cut at pages where the file
 * has an offset index. Only the wanted columns are read and decoded.
 *
 * With `columns` as an object the type of the record follows from it; as a list it chooses columns; without, all are read.
 * Undeclared, integers are numbers, timestamps and dates are `Date`, text is string, bytes are `Uint8Array`, lists and structs are arrays and
 * objects, decimals are numbers up to 15 digits and strings above. Nothing is rounded: an integer beyond 2^53 and a moment
 * finer than a millisecond make the record malformed unless the column is declared `'bigint'`.
 *
 * @param path A file, a folder, a glob such as `'data/**\/*.parquet'`, a file: URL, or several of them
 * @throws {MillraceError} ERR_OPTION_INVALID at once; ERR_SOURCE when the job starts and nothing matches, or a column is missing
 * @example
 * const flights = flow.from(parquet('flights.parquet', { columns: { origin: 'string', delay: 'number', date: 'date?' } }));
 * // { origin: string; delay: number; date: Date | null }
 */
export function parquet<const C extends ParquetColumns>(
  path: FilePath,
  options: { readonly columns: C },
): Source<ParquetRecord<C>>;
export function parquet<T extends object = Record<string, unknown>>(
  path: FilePath,
  options?: { readonly columns?: readonly (keyof T & string)[] },
): Source<T>;
export function parquet(
  path: FilePath,
  options: { readonly columns?: ParquetColumns | readonly string[] } = {},
): Source<object> {
  const name = `parquet(${describePath(path)})`;
  checkOptionNames(name, options, ['columns']);
  const problems = options.columns === undefined ? [] : columnProblems(options.columns);
  if (problems.length > 0) throw new MillraceError('ERR_OPTION_INVALID', `${name}: ${problems.join('; ')}`);
  let known: KnownFile | undefined;

  async function know(file: ParquetFile, path: string, shown: string): Promise<KnownFile> {
    if (known?.path === path && known.bytes === file.byteLength && known.modifiedMs === file.modifiedMs) return known;
    const metadata = await file.metadata();
    const columns = bindColumns(shown, parquetSchema(metadata), options.columns);
    known = {
      path,
      bytes: file.byteLength,
      modifiedMs: file.modifiedMs,
      metadata: relabelled(metadata, columns),
      columns,
    };
    return known;
  }

  return {
    name,
    bounded: true,
    async splits(hint: SplitHint): Promise<readonly Split[]> {
      const files: { split: Omit<ParquetSplit, 'ranges' | 'id'>; ranges: RowRange[] }[] = [];
      for (const { path: filePath, shown, compression } of listInput(path)) {
        if (compression !== 'none') {
          throw new MillraceError(
            'ERR_SOURCE',
            `${filePath} is a compressed Parquet file, which nobody can read in parts: decompress it. Parquet compresses inside`,
          );
        }
        const file = await ParquetFile.open(filePath);
        try {
          const { metadata, columns } = await know(file, filePath, shown);
          const ranges = await rowRanges(
            file,
            metadata,
            columns.map((column) => column.name),
          );
          files.push({ split: { path: filePath, shown, bytes: file.byteLength, modifiedMs: file.modifiedMs }, ranges });
        } finally {
          await file.close();
        }
      }
      const total = files.reduce((sum, { ranges }) => sum + ranges.length, 0);
      const rangesPerSplit = Math.max(1, Math.floor(total / (Math.max(1, hint.workers) * SPLITS_PER_WORKER)));
      const splits: ParquetSplit[] = [];
      for (const { split, ranges } of files) {
        for (let at = 0; at < ranges.length; at += rangesPerSplit) {
          const part = ranges.slice(at, at + rangesPerSplit);
          const start = part[0]!.start;
          const end = part.at(-1)!.end;
          splits.push({ ...split, id: `${split.shown} rows [${start}..${end})`, size: end - start, ranges: part });
        }
      }
      return splits;
    },
    async open(split: Split, context: ReaderContext): Promise<SplitReader<object>> {
      const { path, shown, bytes, modifiedMs, ranges } = split as ParquetSplit;
      const file = await ParquetFile.open(path);
      try {
        if (file.byteLength !== bytes || file.modifiedMs !== modifiedMs) {
          throw new MillraceError(
            'ERR_SOURCE',
            `${path} was changed while the job ran: write files under another name and rename them when they are whole`,
          );
        }
        const { metadata, columns } = await know(file, path, shown);
        return new ParquetReader(file, shown, metadata, columns, ranges, context);
      } catch (error) {
        await file.close();
        throw error;
      }
    },
  };
}
