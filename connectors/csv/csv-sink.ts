// Records as lines of CSV (RFC 4180), so that the csv source reads back what was written.
// null and undefined are an empty field, an empty string is `""`: the types with `?` of the source tell them apart.

import type { Sink } from '../../engine/connector/sink.ts';
import { MillraceError } from '../../engine/errors/millrace-error.ts';
import { checkOptionNames } from '../../engine/errors/option-names.ts';
import { type TextFormat, textSink } from '../files/text-writer.ts';

export interface ToCsvOptions<T> {
  /** Which fields, in which order. By default those of the first record; a later record with another field is then an error. */
  readonly columns?: readonly (keyof T & string)[];
  /** Whether the first line has the names; `true` by default. Every part file has one. */
  readonly header?: boolean;
  /** One ASCII character; `','` by default. */
  readonly delimiter?: string;
}

/**
 * Writes each record as a line of CSV. Strings, numbers, booleans, bigints and dates (ISO 8601) have a form; null and undefined are
 * empty; anything else is an error that names the field.
 *
 * The file appears when the job has succeeded, whole or not at all. A path that ends in `/` is a folder that gets one part file from
 * each worker; any other is one file, written by one worker. `.gz` and `.zst` endings compress. Missing folders are made.
 *
 * @throws {MillraceError} ERR_SINK naming the file and the reason: a value that CSV cannot hold, disk full, no permission
 * @example
 * flow.from(parquet('flights.parquet')).to(toCsv('flights.csv.gz', { columns: ['origin', 'delay'] }));
 */
export function toCsv<T extends object>(path: string | URL, options: ToCsvOptions<T> = {}): Sink<T> {
  checkOptionNames(`toCsv(${String(path)})`, options, ['columns', 'header', 'delimiter']);
  const delimiter = options.delimiter ?? ',';
  const problems: string[] = [];
  if (!/^[\x20-\x7e\t]$/.test(delimiter) || delimiter === '"') {
    problems.push(
      `delimiter must be one ASCII character, no quote and no line end: delimiter=${JSON.stringify(delimiter)}`,
    );
  }
  const { columns } = options;
  if (columns !== undefined && (columns.length === 0 || new Set(columns).size !== columns.length)) {
    problems.push(`columns must name one column or more, each once: columns=${JSON.stringify(columns)}`);
  }
  if (problems.length > 0)
    throw new MillraceError('ERR_OPTION_INVALID', `toCsv(${String(path)}): ${problems.join('; ')}`);
  return textSink<T>(
    'toCsv',
    path,
    '.csv',
    (file) => new CsvFormat<T>(file, columns, options.header ?? true, delimiter),
  );
}

class CsvFormat<T extends object> implements TextFormat<T> {
  readonly #file: string;
  readonly #delimiter: string;
  readonly #header: boolean;
  readonly #mustQuote: RegExp;
  readonly #inferred: boolean;
  #columns: readonly string[] | undefined;
  #names: ReadonlySet<string> = new Set();
  #begun = false;

  constructor(file: string, columns: readonly string[] | undefined, header: boolean, delimiter: string) {
    this.#file = file;
    this.#columns = columns;
    this.#inferred = columns === undefined;
    this.#header = header;
    this.#delimiter = delimiter;
    // The byte order mark would be taken for one at the start of the file.
    this.#mustQuote = new RegExp(`[\\${delimiter}"\\n\\r\\ufeff]`);
  }

  encode(batch: readonly T[]): string {
    let text = '';
    for (const record of batch) {
      if (record === null || typeof record !== 'object') {
        throw new MillraceError(
          'ERR_SINK',
          `toCsv writes objects, and got ${record === null ? 'null' : `a ${typeof record}`} for ${this.#file}`,
        );
      }
      if (this.#columns === undefined) this.#infer(record);
      if (!this.#begun) text += this.#begin();
      if (this.#inferred) this.#checkFields(record);
      text += this.#line(record as Record<string, unknown>);
    }
    return text;
  }

  empty(): string {
    return this.#columns === undefined ? '' : this.#begin();
  }

  #infer(record: T): void {
    this.#columns = Object.keys(record);
    this.#names = new Set(this.#columns);
    if (this.#columns.length === 0) {
      throw new MillraceError(
        'ERR_SINK',
        `toCsv takes its columns from the first record, and that has no fields (for ${this.#file}): name them with columns`,
      );
    }
  }

  #begin(): string {
    this.#begun = true;
    if (!this.#header) return '';
    // A lone empty name would be an empty line.
    return `${this.#columns!.map((name) => (name === '' ? '""' : this.#text(name))).join(this.#delimiter)}\n`;
  }

  #checkFields(record: T): void {
    for (const name in record) {
      if (this.#names.has(name)) continue;
      throw new MillraceError(
        'ERR_SINK',
        `toCsv takes its columns from the first record, and '${name}' of a later one is not among them (for ${this.#file}): name all with columns`,
      );
    }
  }

  #line(record: Record<string, unknown>): string {
    const columns = this.#columns!;
    let line = '';
    for (let column = 0; column < columns.length; column++) {
      const name = columns[column]!;
      const value = record[name];
      const field = typeof value === 'string' ? (value === '' ? '""' : this.#text(value)) : this.#field(name, value);
      line += column === 0 ? field : this.#delimiter + field;
    }
    return `${line}\n`;
  }

  #text(value: string): string {
    return this.#mustQuote.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
  }

  #field(name: string, value: unknown): string {
    if (value === null || value === undefined) return '';
    if (typeof value === 'number') return this.#text(Object.is(value, -0) ? '-0' : String(value));
    if (typeof value === 'boolean' || typeof value === 'bigint') return this.#text(String(value));
    if (value instanceof Date && !Number.isNaN(value.getTime())) return this.#text(value.toISOString());
    const what = value instanceof Date ? 'an invalid date' : Array.isArray(value) ? 'an array' : `a ${typeof value}`;
    throw new MillraceError(
      'ERR_SINK',
      `A CSV field holds text, a number, a boolean, a bigint or a date: '${name}' is ${what} (for ${this.#file}). Make it text with map, or leave it out with columns`,
    );
  }
}
