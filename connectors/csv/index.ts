// CSV files: records as a source and as a sink.

import type { ReaderContext, Source, Split, SplitHint, SplitReader } from '../../engine/connector/source.ts';
import { MillraceError } from '../../engine/errors/millrace-error.ts';
import { checkOptionNames } from '../../engine/errors/option-names.ts';
import { describePath, type FilePath } from '../files/file-path.ts';
import {
  checkFileOptions,
  type FileSplit,
  type InputFile,
  listInput,
  splitBytesFor,
  splitFile,
} from '../files/file-split.ts';
import { lineBoundaries } from '../files/line-boundaries.ts';
import { DEFAULT_MAX_RECORD_BYTES } from '../files/record-reader.ts';
import { recordBoundaries } from './boundaries.ts';
import { bindColumns, type CsvColumns, type CsvRecord, columnProblems } from './columns.ts';
import { CsvReader, type CsvReaderOptions, type Head } from './csv-reader.ts';
import type { Dialect } from './dialect.ts';

export type { FilePath } from '../files/file-path.ts';
export type { CsvColumns, CsvColumnType, CsvRecord } from './columns.ts';
export { type ToCsvOptions, toCsv } from './csv-sink.ts';

export interface CsvOptions {
  /** Where the names come from: the first record (`true`, the default), this list, or nowhere (`false`: `column0`, `column1`, …). */
  readonly header?: boolean | readonly string[];
  /** One ASCII character; `','` by default. */
  readonly delimiter?: string;
  /** One ASCII character, `'"'` by default; `false` when the file knows no quoting. */
  readonly quote?: string | false;
  /**
   * Whether a quoted field may hold newlines; `true` by default. A file that has quotes and is larger than a split is then read
   * once before the job starts, to find where records begin. `false` spares that.
   */
  readonly multiline?: boolean;
  /** `'utf8'` by default; text that is no UTF-8 is malformed. */
  readonly encoding?: 'utf8' | 'latin1';
  /** A longer record is malformed; 16 MiB by default. */
  readonly maxRecordBytes?: number;
  /** How large a split should be, in bytes; by default 1 to 64 MiB, by the size of the input and the number of workers. */
  readonly splitBytes?: number;
}

const OPTION_NAMES = [
  'columns',
  'header',
  'delimiter',
  'quote',
  'multiline',
  'encoding',
  'maxRecordBytes',
  'splitBytes',
];

interface CsvSplit extends FileSplit {
  readonly fields: CsvReaderOptions['fields'];
}

/**
 * Reads records from CSV files (RFC 4180): quoted fields, doubled quotes, newlines inside quotes, LF and CRLF, with or without a
 * byte order mark. Plain files are read by all workers at once; `.gz` and `.zst` files by one worker each.
 *
 * With `columns` only those columns are read, and the type of the record follows from it; without, every field is a string.
 * Records with too few or too many fields, and fields that are not of their type, are malformed: the error says file, line and byte.
 * Empty lines are left out, unless the file has one column.
 *
 * @param path A file, a folder, a glob such as `'data/**\/*.csv'`, a file: URL, or several of them
 * @throws {MillraceError} ERR_OPTION_INVALID at once; ERR_SOURCE when the job starts and nothing matches, or a column is missing
 * @example
 * const flights = flow.from(csv('flights.csv', { columns: { origin: 'string', delay: 'integer', when: 'date?' } }));
 * // { origin: string; delay: number; when: Date | null }
 */
export function csv<const C extends CsvColumns>(
  path: FilePath,
  options: CsvOptions & { readonly columns: C },
): Source<CsvRecord<C>>;
export function csv<T extends object = Record<string, string>>(
  path: FilePath,
  options?: CsvOptions & { readonly columns?: undefined },
): Source<T>;
export function csv(
  path: FilePath,
  options: CsvOptions & { readonly columns?: CsvColumns | undefined } = {},
): Source<object> {
  const name = `csv(${describePath(path)})`;
  const dialect = checkOptions(name, options);
  const readerOptions = {
    dialect,
    columns: options.columns,
    encoding: options.encoding ?? 'utf8',
    maxRecordBytes: options.maxRecordBytes ?? DEFAULT_MAX_RECORD_BYTES,
  } as const;
  const header = options.header ?? true;
  const fields = header === true ? 'first' : header === false ? 'none' : header;
  return {
    name,
    bounded: true,
    async splits(hint: SplitHint): Promise<readonly Split[]> {
      const files = listInput(path);
      const splitBytes = splitBytesFor(files, hint, options.splitBytes);
      const splits: CsvSplit[] = [];
      for (const file of files) {
        const head =
          file.compression === 'none' && typeof fields === 'string'
            ? readHead(file, { ...readerOptions, fields })
            : undefined;
        if (typeof fields !== 'string') bindColumns(file.shown, fields, options.columns);
        const from = head?.end ?? 0;
        const parts = await splitFile(file, splitBytes, from, (_, candidates) =>
          dialect.multiline && dialect.quote !== -1
            ? recordBoundaries(file, from, candidates, dialect)
            : lineBoundaries(file, candidates),
        );
        for (const part of parts) splits.push({ ...part, fields: head?.names ?? fields });
      }
      return splits;
    },
    open(split: Split, context: ReaderContext): SplitReader<object> {
      const csvSplit = split as CsvSplit;
      return new CsvReader<object>(csvSplit, context, { ...readerOptions, fields: csvSplit.fields });
    },
  };
}

/** Reads the head of a plain file: here, so that a missing column is an error before any worker starts on the file. */
function readHead(file: InputFile, options: CsvReaderOptions): Head | undefined {
  const split: FileSplit = { id: file.shown, ...file, start: 0, end: file.bytes };
  const context: ReaderContext = {
    wake: () => {},
    signal: new AbortController().signal,
    malformed: (error) => {
      throw new MillraceError('ERR_SOURCE', `The header of ${file.path} cannot be read: ${error.message}`, {
        cause: error,
      });
    },
    nowMs: () => 0,
  };
  const reader = new CsvReader<object>(split, context, options);
  try {
    return reader.readHead();
  } finally {
    reader.close();
  }
}

function checkOptions(name: string, options: CsvOptions & { readonly columns?: CsvColumns | undefined }): Dialect {
  checkOptionNames(name, options, OPTION_NAMES);
  checkFileOptions(name, options);
  const problems: string[] = options.columns === undefined ? [] : columnProblems(options.columns);
  const delimiter = characterOf('delimiter', options.delimiter ?? ',', problems);
  const quote = options.quote === false ? -1 : characterOf('quote', options.quote ?? '"', problems);
  if (delimiter === quote) problems.push('delimiter and quote must differ');
  if (Array.isArray(options.header) && options.header.length === 0)
    problems.push('header must name one column or more: header=[]');
  if (options.encoding !== undefined && !['utf8', 'latin1'].includes(options.encoding)) {
    problems.push(`encoding must be 'utf8' or 'latin1': encoding=${String(options.encoding)}`);
  }
  if (problems.length > 0) throw new MillraceError('ERR_OPTION_INVALID', `${name}: ${problems.join('; ')}`);
  return { delimiter, quote, multiline: options.multiline ?? true };
}

function characterOf(option: string, value: string, problems: string[]): number {
  const code = typeof value === 'string' && value.length === 1 ? value.charCodeAt(0) : -2;
  if (code >= 0 && code < 128 && code !== 10 && code !== 13) return code;
  problems.push(`${option} must be one ASCII character, no line end: ${option}=${JSON.stringify(value)}`);
  return -2;
}
