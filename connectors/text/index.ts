// Text files: their lines as a source, strings as a sink.

import type { Source } from '../../engine/connector/source.ts';
import type { FilePath } from '../files/file-path.ts';
import { LineReader } from '../files/line-reader.ts';
import { type LineOptions, lineSource } from '../files/line-source.ts';

export type { FilePath } from '../files/file-path.ts';
export type { LineOptions } from '../files/line-source.ts';
export { toText } from './text-sink.ts';

/**
 * Reads the lines of text files, without their line ends (LF or CRLF). Empty lines are records too. Plain files are read by all
 * workers at once; `.gz` and `.zst` files by one worker each. A line that is no UTF-8, or too long, is malformed.
 *
 * @param path A file, a folder, a glob such as `'logs/**\/*.log'`, a file: URL, or several of them
 * @throws {MillraceError} ERR_OPTION_INVALID at once; ERR_SOURCE when the job starts and nothing matches
 * @example
 * const errors = flow.from(textLines('logs/*.log.gz')).filter((line) => line.includes('ERROR'));
 */
export function textLines(path: FilePath, options: LineOptions = {}): Source<string> {
  return lineSource(
    'textLines',
    path,
    options,
    (split, context, readerOptions) => new TextReader(split, context, readerOptions),
  );
}

class TextReader extends LineReader<string> {
  protected override takeLine(line: string, _start: number, _end: number, records: string[]): void {
    records.push(line);
  }
}
