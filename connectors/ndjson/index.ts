// NDJSON (JSON Lines) files: one JSON value a line, as a source and as a sink.

import type { Source } from '../../engine/connector/source.ts';
import type { FilePath } from '../files/file-path.ts';
import { type LineOptions, lineSource } from '../files/line-source.ts';
import { NdjsonReader } from './ndjson-reader.ts';

export type { FilePath } from '../files/file-path.ts';
export type { LineOptions } from '../files/line-source.ts';
export { type ToNdjsonOptions, toNdjson } from './ndjson-sink.ts';

/**
 * Reads JSON values from files that hold one a line. Empty lines are left out. Plain files are read by all workers at once; `.gz` and
 * `.zst` files by one worker each. A line that is no JSON is malformed: the error says file, line and byte.
 *
 * What JSON.parse does, this does: an integer beyond 2^53 is read as the nearest double.
 *
 * @typeParam T What a line holds; it is taken on trust, check it with a schema where that is not enough
 * @param path A file, a folder, a glob such as `'events/**\/*.ndjson'`, a file: URL, or several of them
 * @throws {MillraceError} ERR_OPTION_INVALID at once; ERR_SOURCE when the job starts and nothing matches
 * @example
 * const clicks = flow.from(ndjson<{ user: string; at: string }>('events/*.ndjson.gz'));
 */
export function ndjson<T = unknown>(path: FilePath, options: LineOptions = {}): Source<T> {
  return lineSource(
    'ndjson',
    path,
    options,
    (split, context, readerOptions) => new NdjsonReader<T>(split, context, readerOptions),
  );
}
