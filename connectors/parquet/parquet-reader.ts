// Reads the rows of one split: a few ranges of rows, one after the other. Workers; asynchronous.
// While the rows of a range are handed out the next range is read and decoded, one and no more, and only where it is not large.
//
//   range 0   [decode][=== batches ===]
//   range 1           [decode]         [=== batches ===]

import type { FileMetaData } from 'hyparquet';
import type { ReaderContext, ReadResult, SplitReader } from '../../engine/connector/source.ts';
import { MillraceError, messageOf } from '../../engine/errors/millrace-error.ts';
import type { ParquetColumn } from './columns.ts';
import { BadCell, type DecodedColumn, decodeColumn } from './decode-column.ts';
import type { ParquetFile } from './parquet-file.ts';
import { type RowBuilder, rowBuilder } from './row-builder.ts';
import type { RowRange } from './row-ranges.ts';

/** A larger range is decoded only when the one before is used up: two of them at once could be too much. */
const PREFETCH_BYTES = 64 * 1024 * 1024;

interface DecodedRange {
  readonly range: RowRange;
  readonly columns: readonly DecodedColumn[];
  readonly build: RowBuilder;
}

export class ParquetReader implements SplitReader<object> {
  readonly #file: ParquetFile;
  readonly #shown: string;
  readonly #metadata: FileMetaData;
  readonly #columns: readonly ParquetColumn[];
  readonly #ranges: readonly RowRange[];
  readonly #context: ReaderContext;
  #fastBuild: RowBuilder | undefined;
  #checkedBuild: RowBuilder | undefined;
  #nextRange = 0;
  #prefetched: Promise<DecodedRange> | undefined;
  #current: DecodedRange | undefined;
  /** Row of the file to be handed out next. */
  #row = 0;
  /** Which run of each column that row is in. */
  #run: number[] = [];
  #rowsRead = 0;
  #batchRow = 0;
  #refused: readonly number[] = [];

  constructor(
    file: ParquetFile,
    shown: string,
    metadata: FileMetaData,
    columns: readonly ParquetColumn[],
    ranges: readonly RowRange[],
    context: ReaderContext,
  ) {
    this.#file = file;
    this.#shown = shown;
    this.#metadata = metadata;
    this.#columns = columns;
    this.#ranges = ranges;
    this.#context = context;
  }

  read(maxRecords: number): ReadResult<object> | Promise<ReadResult<object>> {
    if (this.#current !== undefined) return this.#take(this.#current, maxRecords);
    if (this.#nextRange === this.#ranges.length) return 'done';
    return this.#advance().then(() => (this.#current === undefined ? [] : this.#take(this.#current, maxRecords)));
  }

  progress(): number {
    return this.#rowsRead;
  }

  locate(index: number): string {
    // Rows left out shift the ones behind them.
    let row = index;
    for (const refused of this.#refused) if (refused <= row) row++;
    return `${this.#shown} row ${this.#batchRow + row}`;
  }

  async close(): Promise<void> {
    this.#current = undefined;
    await this.#prefetched?.catch(() => {});
    await this.#file.close();
  }

  /** Makes the next range the current one, or reports it as malformed and goes past it. */
  async #advance(): Promise<void> {
    const range = this.#ranges[this.#nextRange++]!;
    const decoding = this.#prefetched ?? this.#decode(range);
    this.#prefetched = undefined;
    let decoded: DecodedRange;
    try {
      decoded = await decoding;
    } catch (error) {
      if (error instanceof MillraceError && error.code !== 'ERR_MALFORMED_INPUT') throw error;
      this.#rowsRead += range.end - range.start;
      this.#context.malformed(this.#unreadable(range, error), {
        file: this.#shown,
        rowStart: range.start,
        rowEnd: range.end,
      });
      return;
    }
    this.#current = decoded;
    this.#row = range.start;
    this.#run = this.#columns.map(() => 0);
    const next = this.#ranges[this.#nextRange];
    if (next !== undefined && next.decodedBytes <= PREFETCH_BYTES) {
      this.#prefetched = this.#decode(next);
      // Whoever takes it sees the error; until then it must not count as unhandled.
      this.#prefetched.catch(() => {});
    }
  }

  async #decode(range: RowRange): Promise<DecodedRange> {
    const columns: DecodedColumn[] = [];
    // One column after the other: each is a piece of work for this thread, and between them its event loop turns.
    for (const column of this.#columns) {
      columns.push(await decodeColumn(this.#file, this.#metadata, column, range.start, range.end));
    }
    const build = columns.some((column) => column.hasBadCells)
      ? (this.#checkedBuild ??= rowBuilder(this.#columns, true))
      : (this.#fastBuild ??= rowBuilder(this.#columns, false));
    return { range, columns, build };
  }

  /** Up to `maxRecords` rows of one stretch in which no column changes its run. */
  #take({ range, columns, build }: DecodedRange, maxRecords: number): ReadResult<object> {
    const values: ArrayLike<unknown>[] = [];
    const offsets: number[] = [];
    let count = Math.min(Math.max(1, maxRecords), range.end - this.#row);
    for (const [index, { runs }] of columns.entries()) {
      let run = runs[this.#run[index]!]!;
      while (run.rowStart + run.values.length <= this.#row) run = runs[++this.#run[index]!]!;
      values.push(run.values);
      offsets.push(this.#row - run.rowStart);
      count = Math.min(count, run.rowStart + run.values.length - this.#row);
    }
    const rows: object[] = [];
    const refused: number[] = [];
    build(values, offsets, count, rows, refused);
    this.#batchRow = this.#row;
    this.#refused = refused;
    this.#row += count;
    this.#rowsRead += count;
    if (this.#row === range.end) this.#current = undefined;
    for (const row of refused) this.#refuse(row, values, offsets);
    return rows;
  }

  #refuse(row: number, values: readonly ArrayLike<unknown>[], offsets: readonly number[]): void {
    const cells = this.#columns.map((column, index) => {
      const cell = values[index]![offsets[index]! + row];
      return { column, cell };
    });
    const { column, cell } = cells.find(
      ({ column, cell }) => cell instanceof BadCell || (!column.optional && (cell ?? null) === null),
    )!;
    const why =
      cell instanceof BadCell
        ? cell.why
        : `it is null, and declared '${column.type}': declare it '${column.type}?' to read nulls`;
    const raw = Object.fromEntries(
      cells.map(({ column, cell }) => [column.name, cell instanceof BadCell ? cell.why : cell]),
    );
    this.#context.malformed(
      new MillraceError('ERR_MALFORMED_INPUT', `Column '${column.name}' cannot be read: ${why}`, {
        place: { position: `${this.#shown} row ${this.#batchRow + row}` },
      }),
      raw,
    );
  }

  #unreadable({ start, end }: RowRange, error: unknown): MillraceError {
    return new MillraceError(
      'ERR_MALFORMED_INPUT',
      `Rows ${start} to ${end - 1} cannot be decoded: ${messageOf(error)}. The file is damaged, or uses an encoding that is not known here`,
      { cause: error, place: { position: `${this.#shown} row ${start}` } },
    );
  }
}
