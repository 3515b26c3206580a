// Records as a Parquet file, written a row group at a time. Any thread; writers live on workers.
// A row group is collected column by column and written when it is full, in rows or in bytes: memory does not follow the file.

import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import type { Sink, SinkWriter } from '../../engine/connector/sink.ts';
import { MillraceError } from '../../engine/errors/millrace-error.ts';
import { checkOptionNames } from '../../engine/errors/option-names.ts';
import { compressionOfName } from '../files/compression.ts';
import { OutputFile, outputTarget, refuseForeignParts } from '../files/output-file.ts';
import { inferType, SinkColumn, schemaProblems, type ToParquetType } from './sink-schema.ts';

const DEFAULT_ROW_GROUP_ROWS = 100_000;
/** A row group of large values is written earlier. */
const ROW_GROUP_BYTES = 64 * 1024 * 1024;
/** Records from which a missing schema is inferred. */
const INFER_ROWS = 1_000;

export interface ToParquetOptions<T> {
  /**
   * The type of each column. By default they follow from the first thousand records: number is double, bigint is int64, Date is a
   * timestamp, objects and arrays are JSON; all may be null. A later record that does not fit is an error.
   */
  readonly schema?: Readonly<Partial<Record<keyof T & string, ToParquetType>>>;
  /** Rows in a row group, 100,000 by default: the unit in which readers share the work. */
  readonly rowGroupRows?: number;
}

/**
 * Writes records to Parquet, compressed with Snappy.
 *
 * The file appears when the job has succeeded, whole or not at all. A path that ends in `/` is a folder that gets one part file from
 * each worker; any other is one file, written by one worker. Missing folders are made.
 *
 * @throws {MillraceError} ERR_SINK naming the file and the reason: a value that does not fit its column, disk full, no permission
 * @example
 * flow.from(csv('flights.csv', { columns: { origin: 'string', delay: 'integer' } })).to(
 *   toParquet('flights.parquet', { schema: { origin: 'string', delay: 'int32' } }),
 * );
 */
export function toParquet<T extends object>(path: string | URL, options: ToParquetOptions<T> = {}): Sink<T> {
  const target = outputTarget('toParquet', path);
  checkOptionNames(`toParquet(${target.shown})`, options, ['schema', 'rowGroupRows']);
  const problems = options.schema === undefined ? [] : schemaProblems(options.schema as Record<string, ToParquetType>);
  const rowGroupRows = options.rowGroupRows ?? DEFAULT_ROW_GROUP_ROWS;
  if (!(Number.isSafeInteger(rowGroupRows) && rowGroupRows >= 1)) {
    problems.push(`rowGroupRows must be a whole number, 1 or more: rowGroupRows=${String(rowGroupRows)}`);
  }
  if (!target.isFolder && compressionOfName(target.shown) !== 'none') {
    problems.push(`a Parquet file is compressed inside, the path must not end in .gz or .zst: path=${target.shown}`);
  }
  if (problems.length > 0)
    throw new MillraceError('ERR_OPTION_INVALID', `toParquet(${target.shown}): ${problems.join('; ')}`);
  return {
    name: `toParquet(${target.shown})`,
    ...(target.isFolder ? {} : { writers: 1 as const }),
    open: (context) => {
      refuseForeignParts(target, context, '.parquet');
      const file = new OutputFile(target.pathFor(context, '.parquet'));
      return new ParquetSinkWriter<T>(file, options.schema as Record<string, ToParquetType> | undefined, rowGroupRows);
    },
  };
}

class ParquetSinkWriter<T extends object> implements SinkWriter<T> {
  readonly #file: OutputFile;
  readonly #rowGroupRows: number;
  readonly #bytes = new ByteWriter(1024 * 1024);
  readonly #declared: boolean;
  #columns: SinkColumn[] | undefined;
  #names: ReadonlySet<string> = new Set();
  /** Copies of the first records, from which the schema is inferred. */
  #first: T[] = [];
  #writer: ParquetWriter | undefined;
  #rows = 0;
  #collectedBytes = 0;

  constructor(file: OutputFile, schema: Readonly<Record<string, ToParquetType>> | undefined, rowGroupRows: number) {
    this.#file = file;
    this.#rowGroupRows = rowGroupRows;
    this.#declared = schema !== undefined;
    if (schema !== undefined) this.#setColumns(Object.entries(schema));
  }

  write(batch: readonly T[]): void {
    if (this.#columns === undefined) {
      for (const record of batch) this.#first.push({ ...this.#checked(record) });
      if (this.#first.length >= INFER_ROWS) this.#infer();
      return;
    }
    for (const record of batch) this.#add(this.#checked(record));
  }

  async prepare(): Promise<void> {
    if (this.#columns === undefined) this.#infer();
    this.#writeRowGroup();
    const writer = this.#open();
    for (const column of this.#columns!) column.label();
    writer.finish();
    this.#flush();
    await this.#file.prepare();
  }

  commit(): void {
    this.#file.commit();
  }

  abort(): void {
    this.#file.abort();
  }

  bytesWritten(): number {
    return this.#file.bytesWritten();
  }

  #checked(record: T): T {
    if (record !== null && typeof record === 'object') return record;
    throw new MillraceError(
      'ERR_SINK',
      `toParquet writes objects, and got ${record === null ? 'null' : `a ${typeof record}`} for ${this.#file.path}`,
    );
  }

  #infer(): void {
    const names = new Set(this.#first.flatMap((record) => Object.keys(record)));
    if (names.size === 0) {
      throw new MillraceError(
        'ERR_SINK',
        `toParquet takes its columns from the first records, and there is none with a field (for ${this.#file.path}): name them with schema`,
      );
    }
    this.#setColumns(
      [...names].map((name) => [
        name,
        inferType(this.#first.map((record) => (record as Record<string, unknown>)[name])),
      ]),
    );
    const first = this.#first;
    this.#first = [];
    for (const record of first) this.#add(record);
  }

  #setColumns(types: readonly (readonly [string, ToParquetType])[]): void {
    this.#columns = types.map(([name, type]) => new SinkColumn(name, type));
    this.#names = new Set(types.map(([name]) => name));
  }

  #add(record: T): void {
    // With a declared schema the other fields are left out by choice; an inferred one must hold everything.
    if (!this.#declared) {
      for (const name in record) {
        if (this.#names.has(name)) continue;
        throw new MillraceError(
          'ERR_SINK',
          `toParquet takes its columns from the first ${INFER_ROWS} records, and '${name}' of a later one is not among them (for ${this.#file.path}): name all with schema`,
        );
      }
    }
    for (const column of this.#columns!) {
      this.#collectedBytes += column.add((record as Record<string, unknown>)[column.name], this.#file.path);
    }
    this.#rows++;
    if (this.#rows >= this.#rowGroupRows || this.#collectedBytes >= ROW_GROUP_BYTES) this.#writeRowGroup();
  }

  #open(): ParquetWriter {
    this.#writer ??= new ParquetWriter({
      writer: this.#bytes,
      schema: [
        { name: 'root', num_children: this.#columns!.length },
        ...this.#columns!.map((column) => column.element),
      ],
      createdBy: 'millrace',
    });
    return this.#writer;
  }

  #writeRowGroup(): void {
    if (this.#rows === 0) return;
    const writer = this.#open();
    const columnData = this.#columns!.map(({ name, type, values, hasNegativeZero }) => ({
      name,
      data: values,
      statistics: type !== 'json',
      ...(hasNegativeZero ? { encoding: 'PLAIN' as const } : {}),
    }));
    writer.write({ columnData, rowGroupSize: this.#rows });
    for (const column of this.#columns!) {
      column.values = [];
      column.hasNegativeZero = false;
    }
    this.#rows = 0;
    this.#collectedBytes = 0;
    this.#flush();
  }

  /** The library keeps count of the whole file in `offset`; only its buffer starts over. */
  #flush(): void {
    const bytes = this.#bytes as ByteWriter & { index: number };
    void this.#file.writeBytes(bytes.getBytes());
    bytes.index = 0;
  }
}
