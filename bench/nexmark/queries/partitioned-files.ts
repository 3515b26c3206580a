// A sink that writes records as lines of JSON into folders that it chooses by record: out/date=2015-07-15/minute=00-16/part-0.ndjson. On workers.
//
// Text is gathered for each file and appended 64 KiB at a time, so that no file stays open however many there are. Files have a name of
// their own until the job has succeeded.

import { appendFileSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Sink, SinkWriter } from 'millrace';

const APPEND_CHARACTERS = 65_536;
/** Of all files together: then all are written out. */
const MOST_CHARACTERS = 64 * APPEND_CHARACTERS;

/** @param placeOf the folder of a record below `folder`, with `/` between its parts */
export function partitionedFiles<T>(folder: string, placeOf: (record: T) => string): Sink<T> {
  return {
    name: `partitionedFiles(${folder})`,
    open: ({ index }) => new PartitionWriter<T>(folder, placeOf, `part-${index}.ndjson`),
  };
}

class PartitionWriter<T> implements SinkWriter<T> {
  readonly #folder: string;
  readonly #placeOf: (record: T) => string;
  readonly #fileName: string;
  /** By place; a place that has been written out stays, with no text. */
  readonly #parts = new Map<string, { readonly path: string; text: string }>();
  #gathered = 0;
  #bytes = 0;

  constructor(folder: string, placeOf: (record: T) => string, fileName: string) {
    this.#folder = folder;
    this.#placeOf = placeOf;
    this.#fileName = fileName;
  }

  write(batch: readonly T[]): void {
    for (const record of batch) {
      const part = this.#partOf(this.#placeOf(record));
      const line = `${JSON.stringify(record)}\n`;
      part.text += line;
      this.#gathered += line.length;
      if (part.text.length >= APPEND_CHARACTERS) this.#append(part);
    }
    if (this.#gathered >= MOST_CHARACTERS) this.#appendAll();
  }

  prepare(): void {
    this.#appendAll();
  }

  commit(): void {
    for (const { path } of this.#parts.values()) renameSync(unfinished(path), path);
  }

  abort(): void {
    for (const { path } of this.#parts.values()) rmSync(unfinished(path), { force: true });
  }

  bytesWritten(): number {
    return this.#bytes;
  }

  #partOf(place: string): { readonly path: string; text: string } {
    let part = this.#parts.get(place);
    if (part === undefined) {
      part = { path: join(this.#folder, place, this.#fileName), text: '' };
      this.#parts.set(place, part);
      mkdirSync(dirname(part.path), { recursive: true });
      // What an earlier run may have left unfinished is not added to.
      rmSync(unfinished(part.path), { force: true });
    }
    return part;
  }

  #appendAll(): void {
    for (const part of this.#parts.values()) if (part.text !== '') this.#append(part);
  }

  #append(part: { readonly path: string; text: string }): void {
    const bytes = Buffer.from(part.text);
    appendFileSync(unfinished(part.path), bytes);
    this.#bytes += bytes.length;
    this.#gathered -= part.text.length;
    part.text = '';
  }
}

function unfinished(path: string): string {
  return `${path}.unfinished`;
}
