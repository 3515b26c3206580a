// The source that text lines and NDJSON share: files cut at line starts. Any thread.

import type { ReaderContext, Source, Split, SplitHint, SplitReader } from '../../engine/connector/source.ts';
import { MillraceError } from '../../engine/errors/millrace-error.ts';
import { checkOptionNames } from '../../engine/errors/option-names.ts';
import { describePath, type FilePath } from './file-path.ts';
import { checkFileOptions, type FileSplit, listInput, splitBytesFor, splitFile } from './file-split.ts';
import { lineBoundaries } from './line-boundaries.ts';
import { DEFAULT_MAX_RECORD_BYTES, type RecordReaderOptions } from './record-reader.ts';

export interface LineOptions {
  /** `'utf8'` by default; text that is no UTF-8 is malformed. */
  readonly encoding?: 'utf8' | 'latin1';
  /** A longer line is malformed; 16 MiB by default. */
  readonly maxRecordBytes?: number;
  /** How large a split should be, in bytes; by default 1 to 64 MiB, by the size of the input and the number of workers. */
  readonly splitBytes?: number;
}

export function lineSource<T>(
  kind: string,
  path: FilePath,
  options: LineOptions,
  reader: (split: FileSplit, context: ReaderContext, options: RecordReaderOptions) => SplitReader<T>,
): Source<T> {
  const name = `${kind}(${describePath(path)})`;
  checkOptionNames(name, options, ['encoding', 'maxRecordBytes', 'splitBytes']);
  checkFileOptions(name, options);
  const encoding = options.encoding ?? 'utf8';
  if (encoding !== 'utf8' && encoding !== 'latin1') {
    throw new MillraceError(
      'ERR_OPTION_INVALID',
      `${name}: encoding must be 'utf8' or 'latin1': encoding=${String(encoding)}`,
    );
  }
  const readerOptions = { encoding, maxRecordBytes: options.maxRecordBytes ?? DEFAULT_MAX_RECORD_BYTES };
  return {
    name,
    bounded: true,
    async splits(hint: SplitHint): Promise<readonly Split[]> {
      const files = listInput(path);
      const splitBytes = splitBytesFor(files, hint, options.splitBytes);
      const splits: Split[] = [];
      for (const file of files) splits.push(...(await splitFile(file, splitBytes, 0, lineBoundaries)));
      return splits;
    },
    open: (split: Split, context: ReaderContext) => reader(split as FileSplit, context, readerOptions),
  };
}
