// The reader that lines, NDJSON and CSV share: it keeps the window filled and knows where records stand. Workers.
// A format parses what the window holds and stops in front of a record that is cut off; the reader slides the window and asks
// again. Of a plain file all of that is synchronous. A batch never spans two fills, so that every record of the last batch is
// still in the window when `locate` is asked for it.

import { isUtf8 } from 'node:buffer';
import type { ReaderContext, ReadResult, SplitReader } from '../../engine/connector/source.ts';
import { MillraceError } from '../../engine/errors/millrace-error.ts';
import { type ByteInput, openInput } from './byte-input.ts';
import { ByteWindow, WINDOW_BYTES } from './byte-window.ts';
import type { FileSplit } from './file-split.ts';
import { countNewlines, LineCount } from './line-count.ts';

export const NEWLINE_TEXT = '\n';
export const DEFAULT_MAX_RECORD_BYTES: number = 16 * 1024 * 1024;
/** How much of a record that is too long goes along with the error. */
const EXCERPT_BYTES = 1024;

export interface RecordReaderOptions {
  /** A longer record is malformed. */
  readonly maxRecordBytes: number;
  /** How bytes above 127 are read. Bytes that are no UTF-8 make a record malformed. */
  readonly encoding: 'utf8' | 'latin1';
  /** How large the window is at first; 4 or more. Smaller in tests, so that every record meets its edges. */
  readonly windowBytes?: number;
}

export abstract class RecordReader<T> implements SplitReader<T> {
  protected readonly split: FileSplit;
  protected readonly context: ReaderContext;
  protected readonly options: RecordReaderOptions;
  protected readonly window: ByteWindow;
  /** The first byte in the window that is not yet part of a record. */
  protected cursor = 0;
  /** Where the records of the batch start in the window. */
  protected starts: Int32Array = new Int32Array(1024);
  readonly #input: ByteInput;
  readonly #lines: LineCount;
  #batchBase = 0;
  #skipping = false;
  #begun = false;
  /** Up to where lines of this window are counted, or -1, and the line there. */
  #countedTo = -1;
  #countedLine: number | undefined;

  constructor(split: FileSplit, context: ReaderContext, options: RecordReaderOptions) {
    this.split = split;
    this.context = context;
    this.options = options;
    this.#input = openInput(split, context.signal);
    this.window = new ByteWindow(this.#input, split.start, options.windowBytes ?? WINDOW_BYTES);
    this.#lines = new LineCount(split.path);
  }

  /**
   * Appends whole records from the cursor on, up to `maxRecords`, notes their starts, and moves the cursor behind them. Stops in front of
   * a record that the window cuts off; at the end of the split the last record ends with the window.
   */
  protected abstract parse(maxRecords: number, records: T[]): void;

  /** Moves the cursor behind the rest of a record that is too long, or to the end of the window; true when the record ended. */
  protected abstract skipRest(fromStart: boolean): boolean;

  read(maxRecords: number): ReadResult<T> | Promise<ReadResult<T>> {
    if (maxRecords > this.starts.length) this.starts = new Int32Array(maxRecords);
    const records: T[] = [];
    for (;;) {
      if (this.cursor < this.window.limit) {
        if (this.#skipping) this.#skipping = !this.skipRest(false);
        if (!this.#skipping) {
          this.#batchBase = this.window.base;
          this.parse(maxRecords, records);
          if (records.length > 0) return records;
          this.#refuseLongRecord();
        }
      }
      if (this.window.atEnd) {
        if (this.cursor < this.window.limit) continue;
        this.close();
        return 'done';
      }
      const slid = this.#slide();
      if (slid !== undefined) return slid.then(() => this.read(maxRecords));
    }
  }

  progress(): number {
    // What waits in the window is not read yet; of a compressed file it is not comparable with the size.
    const waiting = this.split.compression === 'none' ? this.window.limit - this.cursor : 0;
    return Math.max(0, this.#input.taken() - waiting);
  }

  locate(index: number): string {
    return this.placeOf(this.#batchBase + this.starts[index]! - this.window.base);
  }

  close(): void {
    this.#input.close();
  }

  /** `flights.csv line 17, byte 1034`: where a byte of the window stands. */
  protected placeOf(windowOffset: number): string {
    const line = this.#lineAt(windowOffset);
    return `${this.split.shown}${line === undefined ? '' : ` line ${line},`} byte ${this.window.base + windowOffset}`;
  }

  /** Counts on from where it was last asked in this window: a window full of malformed records is counted through once. */
  #lineAt(windowOffset: number): number | undefined {
    if (this.#countedTo === -1 || windowOffset < this.#countedTo) {
      this.#countedTo = 0;
      this.#countedLine = this.split.compression === 'none' ? this.#lines.lineAt(this.window.base) : this.#lines.passed;
    }
    if (this.#countedLine === undefined) return undefined;
    this.#countedLine += countNewlines(this.window.bytes, this.#countedTo, windowOffset);
    this.#countedTo = windowOffset;
    return this.#countedLine;
  }

  /** Hands a piece of the window over as malformed. Move the cursor behind it first: this may throw. */
  protected refuse(start: number, end: number, rule: string, cause?: unknown): void {
    const options = { place: { position: this.placeOf(start) } };
    const error = new MillraceError('ERR_MALFORMED_INPUT', rule, cause === undefined ? options : { ...options, cause });
    this.context.malformed(error, this.rawText(start, end));
  }

  /** The text of a piece of the window; undefined when it is no UTF-8. */
  protected decode(start: number, end: number): string | undefined {
    if (this.options.encoding === 'latin1') return this.window.text.substring(start, end);
    const text = this.window.bytes.toString('utf8', start, end);
    // The decoder puts U+FFFD for what it cannot read; the input may also hold a real one.
    if (text.includes('\ufffd') && !isUtf8(this.window.bytes.subarray(start, end))) return undefined;
    return text;
  }

  /** What goes to the dead letters: the text, or a copy of the bytes where they are no text. */
  protected rawText(start: number, end: number): string | Uint8Array {
    return this.decode(start, end) ?? Uint8Array.from(this.window.bytes.subarray(start, end));
  }

  #slide(): Promise<void> | undefined {
    if (this.split.compression !== 'none') this.#lines.pass(countNewlines(this.window.bytes, 0, this.cursor));
    const slid = this.window.slide(this.cursor);
    this.cursor = 0;
    this.#countedTo = -1;
    if (slid !== undefined) return slid.then(() => this.#begin());
    this.#begin();
    return undefined;
  }

  /** Looks at the first bytes of a file: a UTF-8 byte order mark is left out, a UTF-16 one refused. */
  #begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    const { bytes, limit } = this.window;
    if (this.split.start !== 0) return;
    if (limit >= 3 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) this.cursor = 3;
    const mark = limit >= 2 && this.options.encoding === 'utf8' ? bytes.readUInt16BE(0) : 0;
    if (mark === 0xfffe || mark === 0xfeff) {
      throw new MillraceError(
        'ERR_SOURCE',
        `${this.split.path} is UTF-16: convert it to UTF-8, with \`iconv -f utf-16 -t utf-8\``,
      );
    }
  }

  /** Reports a record that stands whole in the window and is too long. The cursor is behind it. */
  protected refuseTooLong(start: number): void {
    this.context.malformed(this.#tooLong(start), this.#excerpt(start));
  }

  #refuseLongRecord(): void {
    if (this.window.limit - this.cursor <= this.options.maxRecordBytes) return;
    const start = this.cursor;
    const error = this.#tooLong(start);
    const excerpt = this.#excerpt(start);
    this.#skipping = !this.skipRest(true);
    this.context.malformed(error, excerpt);
  }

  #tooLong(start: number): MillraceError {
    const { maxRecordBytes } = this.options;
    return new MillraceError(
      'ERR_MALFORMED_INPUT',
      `A record must not exceed maxRecordBytes, ${maxRecordBytes} bytes: this one does. ` +
        'Raise the option, or look for a missing line end or a quote that is never closed',
      { place: { position: this.placeOf(start) } },
    );
  }

  #excerpt(start: number): string {
    return this.window.bytes.toString('utf8', start, start + Math.min(EXCERPT_BYTES, this.options.maxRecordBytes));
  }
}
