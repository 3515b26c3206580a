// Records as lines of JSON.

import type { Sink } from '../../engine/connector/sink.ts';
import { MillraceError } from '../../engine/errors/millrace-error.ts';
import { checkOptionNames } from '../../engine/errors/option-names.ts';
import { encodeJson, type Unrepresentable } from '../files/json-text.ts';
import { textSink } from '../files/text-writer.ts';

export interface ToNdjsonOptions {
  /**
   * What becomes of values that JSON has no form for: bigint, NaN, Infinity, invalid dates. `'fail'` (the default) is an error
   * that names the field, `'string'` writes their text, `'null'` writes null.
   */
  readonly unrepresentable?: Unrepresentable;
}

/**
 * Writes each record as a line of JSON. Dates become ISO 8601 text; members that are undefined are left out; a value that JSON cannot
 * hold is an error that names the field, unless `unrepresentable` says otherwise.
 *
 * The file appears when the job has succeeded, whole or not at all. A path that ends in `/` is a folder that gets one part file from
 * each worker; any other is one file, written by one worker. `.gz` and `.zst` endings compress. Missing folders are made.
 *
 * @throws {MillraceError} ERR_SINK naming the file and the reason: a value that JSON cannot hold, disk full, no permission
 * @example
 * flow.from(parquet('flights.parquet')).to(toNdjson('flights/'));
 */
export function toNdjson<T = unknown>(path: string | URL, options: ToNdjsonOptions = {}): Sink<T> {
  checkOptionNames(`toNdjson(${String(path)})`, options, ['unrepresentable']);
  const unrepresentable = options.unrepresentable ?? 'fail';
  if (!['fail', 'string', 'null'].includes(unrepresentable)) {
    throw new MillraceError(
      'ERR_OPTION_INVALID',
      `toNdjson(${String(path)}): unrepresentable must be 'fail', 'string' or 'null': unrepresentable=${String(unrepresentable)}`,
    );
  }
  return textSink<T>('toNdjson', path, '.ndjson', (file) => ({
    encode(batch) {
      let text = '';
      for (const record of batch) text += `${encodeJson(record, unrepresentable, file)}\n`;
      return text;
    },
  }));
}
