// Strings as lines of a text file.

import type { Sink } from '../../engine/connector/sink.ts';
import { MillraceError } from '../../engine/errors/millrace-error.ts';
import { textSink } from '../files/text-writer.ts';

/**
 * Writes each string as a line. A string that holds newlines becomes several lines.
 *
 * The file appears when the job has succeeded, whole or not at all. A path that ends in `/` is a folder that gets one part file from
 * each worker; any other is one file, written by one worker. `.gz` and `.zst` endings compress. Missing folders are made.
 *
 * @throws {MillraceError} ERR_SINK naming the file and the reason: disk full, no permission
 * @example
 * flow.from(csv('flights.csv')).map((flight) => flight.origin).to(toText('origins.txt'));
 */
export function toText(path: string | URL): Sink<string> {
  return textSink<string>('toText', path, '.txt', (file) => ({
    encode(batch) {
      let text = '';
      for (const line of batch) {
        if (typeof line !== 'string') {
          throw new MillraceError(
            'ERR_SINK',
            `toText writes strings, and got a ${typeof line} for ${file}: make it text with map, or take toNdjson`,
          );
        }
        text += `${line}\n`;
      }
      return text;
    },
  }));
}
