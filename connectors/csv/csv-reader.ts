// Reads the records of one split of a CSV file. Workers; synchronous for plain files.
//
// Why a parser of our own: udsv 0.7.3 takes strings, keeps what it has not parsed to itself and says nowhere where a row stood, so
// neither byte ranges nor the position of an error can be had from it; given `6\n7,8` for two columns it answers ['6\n7', '8'], and
// its typed columns never fail. Side by side over a million rows of ten columns: typed objects 1.6 M rows/s there and 2.2 M here,
// string objects 2.6 M there and 2.4 M here, where reading in chunks and positions are included.
//
// Records that are plain are taken by a loop compiled for the columns (plain-rows.ts), several times as fast. All others are taken here:
// one pass over the bytes finds the fields, taking the turns of the automaton in dialect.ts; the compiled row builder cuts them.

import type { ReaderContext } from '../../engine/connector/source.ts';
import { MillraceError } from '../../engine/errors/millrace-error.ts';
import type { FileSplit } from '../files/file-split.ts';
import { RecordReader, type RecordReaderOptions } from '../files/record-reader.ts';
import { ShortCut } from '../files/short-cut.ts';
import { Cells, ESCAPED_FIELD, NON_ASCII_FIELD, QUOTED_FIELD } from './cells.ts';
import { bindColumns, type CsvColumn, type CsvColumns } from './columns.ts';
import { CARRIAGE_RETURN, type Dialect, NEWLINE, RecordEndScan } from './dialect.ts';
import { needsText, type PlainRows, plainRows } from './plain-rows.ts';
import { type RowBuilder, rowBuilder } from './row-builder.ts';

const INCOMPLETE = -1;

export interface CsvReaderOptions extends RecordReaderOptions {
  readonly dialect: Dialect;
  readonly columns: CsvColumns | undefined;
  /** Names of the fields; `'first'` when the first record of the split has them, `'none'` when nobody has. */
  readonly fields: readonly string[] | 'first' | 'none';
  /** False in tests: no record is taken by the compiled loop. */
  readonly shortCuts?: boolean;
}

/** What stands in front of the records of a file. */
export interface Head {
  readonly names: readonly string[];
  /** Where the first record starts. */
  readonly end: number;
}

/** What is wrong with the record at hand. */
type Fault = 'open-quote' | 'text-after-quote' | undefined;

export class CsvReader<T> extends RecordReader<T> {
  readonly #dialect: Dialect;
  readonly #classes: Uint8Array;
  readonly #cells: Cells;
  readonly #declared: CsvColumns | undefined;
  readonly #rest: RecordEndScan;
  readonly #shortCuts: boolean;
  readonly #header: CsvReaderOptions['fields'];
  #headOnly = false;
  #fields: readonly string[] = [];
  #columns: readonly CsvColumn[] = [];
  #build: RowBuilder | undefined;
  /** A string column is cut from the window's text. */
  #needsText = false;
  #fieldCount = 0;
  #fault: Fault;
  #plain: PlainRows | undefined;
  #plainNeedsText = false;
  #shortCut: ShortCut | undefined;

  constructor(split: FileSplit, context: ReaderContext, options: CsvReaderOptions) {
    super(split, context, options);
    this.#dialect = options.dialect;
    this.#declared = options.columns;
    this.#header = options.fields;
    this.#shortCuts = options.shortCuts ?? true;
    this.#cells = new Cells((start, end) => this.decode(start, end), options.dialect.quote);
    this.#rest = new RecordEndScan(options.dialect);
    this.#classes = new Uint8Array(256);
    for (const byte of [options.dialect.delimiter, options.dialect.quote, NEWLINE])
      if (byte >= 0) this.#classes[byte] = 1;
    if (typeof options.fields !== 'string') this.#bind(options.fields);
  }

  /** The names of the fields and where the first record behind them starts; undefined in an empty file. Of plain files only. */
  readHead(): Head | undefined {
    this.#headOnly = true;
    const heads = this.read(1) as readonly Head[] | 'done';
    return heads === 'done' ? undefined : heads[0];
  }

  protected override parse(maxRecords: number, records: T[]): void {
    const { window } = this;
    const cells = this.#cells;
    cells.look(window);
    let count = records.length;
    for (;;) {
      this.#takePlain(maxRecords, records);
      count = records.length;
      if (this.cursor >= window.limit || count >= maxRecords) return;
      const start = this.cursor;
      const end = this.#scanRecord(start);
      if (end === INCOMPLETE) return;
      this.cursor = Math.min(end + 1, window.limit);
      if (this.#fieldCount === 1 && cells.starts[0] === start && cells.ends[0] === start && this.#skipsEmptyLines())
        continue;
      if (end - start > this.options.maxRecordBytes) {
        this.refuseTooLong(start);
        continue;
      }
      if (this.#build === undefined) {
        const first = this.#takeHead(start, end);
        if (this.#headOnly) {
          records.push({ names: this.#fields, end: window.base + first } as T);
          return;
        }
        if (first !== start) continue;
      }
      if (this.#fault !== undefined || this.#fieldCount !== this.#fields.length) {
        this.#refuseShape(start, end);
        continue;
      }
      const row = this.#build!(cells, this.#needsText ? window.text : '');
      if (cells.failed !== -1) {
        this.#refuseField(start, end);
        continue;
      }
      this.starts[count] = start;
      records.push(row as T);
    }
  }

  #takePlain(maxRecords: number, records: T[]): void {
    const { window } = this;
    if (this.#plain === undefined || this.cursor >= window.limit) return;
    const before = records.length;
    this.cursor = this.#plain(
      window.bytes,
      this.#plainNeedsText ? window.text : '',
      this.#cells,
      this.#shortCut!.strings,
      this.cursor,
      window.limit,
      records,
      this.starts,
      maxRecords,
      this.options.maxRecordBytes,
    );
    const verdict = this.#shortCut!.count(records.length - before);
    if (verdict === 'give-up') this.#plain = undefined;
    else if (verdict === 'recompile') this.#compilePlain(this.#shortCut!);
  }

  #compilePlain(shortCut: ShortCut): void {
    const shape = {
      dialect: this.#dialect,
      fieldCount: this.#fields.length,
      columns: this.#columns,
      strings: shortCut.strings,
    };
    this.#plain = plainRows(shape);
    this.#plainNeedsText = needsText(shape);
  }

  protected override skipRest(fromStart: boolean): boolean {
    if (fromStart) this.#rest.state = 0;
    const end = this.#rest.next(this.window.bytes, this.cursor, this.window.limit);
    this.cursor = end === -1 ? this.window.limit : end;
    return end !== -1;
  }

  /** Notes the fields of the record at `start`. Where its newline stands, or INCOMPLETE when the window ends before it does. */
  #scanRecord(start: number): number {
    const { bytes, limit, atEnd } = this.window;
    const { delimiter, quote, multiline } = this.#dialect;
    const classes = this.#classes;
    const cells = this.#cells;
    let { starts, ends, flags } = cells;
    let field = 0;
    let at = start;
    let begin = start;
    let high = 0;
    this.#fault = undefined;
    for (;;) {
      const byte = bytes[at]!;
      high |= byte;
      if (classes[byte] === 0) {
        at++;
        continue;
      }
      let flag = 0;
      let close = at;
      let from = begin;
      if (byte === quote) {
        if (at !== begin) {
          at++;
          continue;
        }
        // A quoted field: to the quote that closes it. The newline behind the limit ends the search as well.
        from = ++at;
        flag = QUOTED_FIELD;
        for (;;) {
          const inner = bytes[at]!;
          high |= inner;
          if (inner === quote) {
            if (at + 1 < limit) {
              if (bytes[at + 1] !== quote) break;
              flag |= ESCAPED_FIELD;
              at += 2;
              continue;
            }
            if (!atEnd) return INCOMPLETE;
            break;
          }
          if (inner === NEWLINE && (at >= limit || !multiline)) {
            if (at >= limit && !atEnd) return INCOMPLETE;
            this.#fault = 'open-quote';
            starts[field] = from;
            ends[field] = at;
            flags[field] = QUOTED_FIELD;
            this.#fieldCount = field + 1;
            return at;
          }
          at++;
        }
        close = at++;
        if (bytes[at] === CARRIAGE_RETURN && bytes[at + 1] === NEWLINE) at++;
        while (bytes[at] !== delimiter && bytes[at] !== NEWLINE) {
          this.#fault = 'text-after-quote';
          at++;
        }
      } else if (byte === NEWLINE && at > begin && bytes[at - 1] === CARRIAGE_RETURN) close = at - 1;
      if (bytes[at] === NEWLINE && at === limit && !atEnd) return INCOMPLETE;
      if (field === starts.length) {
        cells.grow();
        ({ starts, ends, flags } = cells);
      }
      starts[field] = from;
      ends[field] = close;
      flags[field] = high > 127 ? flag | NON_ASCII_FIELD : flag;
      field++;
      high = 0;
      if (bytes[at] === NEWLINE) {
        this.#fieldCount = field;
        return at;
      }
      begin = ++at;
    }
  }

  /** In a file of one column an empty line is a record with an empty field; in all others it is nothing. */
  #skipsEmptyLines(): boolean {
    return this.#build === undefined || this.#fields.length !== 1;
  }

  /** Takes the names from the first record, or makes them up. Where the first record of data starts in the window. */
  #takeHead(start: number, end: number): number {
    const named = this.#header === 'first';
    const names: string[] = [];
    for (let field = 0; field < this.#fieldCount; field++)
      names.push(named ? this.#cells.string(field) : `column${field}`);
    if (named && (this.#fault !== undefined || this.#cells.failed !== -1)) {
      const line = this.rawText(start, Math.min(end, start + 200));
      throw new MillraceError(
        'ERR_SOURCE',
        `The header of ${this.split.path} cannot be read: ${String(line)}. ${QUOTE_RULE}`,
      );
    }
    this.#bind(names);
    return named ? this.cursor : start;
  }

  #bind(fields: readonly string[]): void {
    this.#fields = fields;
    this.#columns = bindColumns(this.split.shown, fields, this.#declared);
    this.#build = rowBuilder(this.#columns);
    this.#needsText = this.#columns.some(({ type }) => type === 'string');
    if (!this.#shortCuts) return;
    this.#shortCut = new ShortCut(
      this.options.encoding,
      this.#columns.map(({ type }) => type === 'string'),
    );
    this.#compilePlain(this.#shortCut);
  }

  #refuseShape(start: number, end: number): void {
    const expected = this.#fields.length;
    const found = this.#fieldCount;
    const rule =
      this.#fault === 'open-quote'
        ? `A quoted field must be closed before the ${this.#dialect.multiline ? 'file' : 'line'} ends. ${QUOTE_RULE}`
        : this.#fault === 'text-after-quote'
          ? `Behind a closing quote only a delimiter or the end of the line may follow. ${QUOTE_RULE}`
          : `A CSV record must have ${expected} field${expected === 1 ? '' : 's'}, as the first one: this one has ${found}. ` +
            'A field that holds a delimiter or a newline must be quoted';
    this.refuse(start, end, rule);
  }

  #refuseField(start: number, end: number): void {
    const field = this.#cells.failed;
    this.#cells.failed = -1;
    const column = this.#columns.find((candidate) => candidate.field === field)!;
    const text = this.decode(this.#cells.starts[field]!, this.#cells.ends[field]!);
    let rule: string;
    if (text === undefined) {
      rule = `Text must be UTF-8: column '${column.name}' is not. Set encoding: 'latin1', or convert the file`;
    } else if (text === '') {
      rule = `Column '${column.name}' is declared '${column.type}' and must not be empty: declare it '${column.type}?' to read null`;
    } else {
      const shown = JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
      rule =
        `Column '${column.name}' is declared '${column.type}': ${shown} is none. ${FIELD_ADVICE[column.type] ?? ''}`.trimEnd();
    }
    this.refuse(start, end, rule);
  }
}

const QUOTE_RULE = 'Inside a quoted field a quote is written twice; quote: false makes quotes ordinary characters';

const FIELD_ADVICE: Readonly<Record<string, string>> = {
  integer: "An integer has no point and stays below 2^53: declare it 'number' or 'bigint'",
  date: "A date is ISO 8601 with three decimals of a second at most: declare it 'string' and convert it in a map",
};
