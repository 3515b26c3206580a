// Reads the records of one split of an NDJSON file. Workers; synchronous for plain files.
// Lines that are made as the one before are taken by a loop compiled for their template (plain-lines.ts), all others by JSON.parse.

import type { ReaderContext } from '../../engine/connector/source.ts';
import { messageOf } from '../../engine/errors/millrace-error.ts';
import type { FileSplit } from '../files/file-split.ts';
import { LineReader } from '../files/line-reader.ts';
import type { RecordReaderOptions } from '../files/record-reader.ts';
import { ShortCut } from '../files/short-cut.ts';
import { templateOf } from './line-template.ts';
import { type PlainLines, plainLines } from './plain-lines.ts';
import { ValueScan } from './value-scan.ts';

export interface NdjsonReaderOptions extends RecordReaderOptions {
  /** False in tests: no line is taken by the compiled loop. */
  readonly shortCuts?: boolean;
}

const BLANK = /^[ \t\r]*$/;
/** Templates that are tried in one split before it is left to JSON.parse. */
const MOST_TEMPLATES = 4;

export class NdjsonReader<T> extends LineReader<T> {
  readonly #scan: ValueScan = new ValueScan((start, end) => this.decode(start, end));
  #templatesLeft: number;
  #shortCut: ShortCut | undefined;
  #plain: PlainLines | undefined;
  /** A string is cut from the window's text. */
  #needsText = false;
  /** Over the bytes of the window, whose buffer changes when it grows. */
  #view: DataView = new DataView(new ArrayBuffer(0));

  constructor(split: FileSplit, context: ReaderContext, options: NdjsonReaderOptions) {
    super(split, context, options);
    this.#templatesLeft = (options.shortCuts ?? true) ? MOST_TEMPLATES : 0;
  }

  protected override parse(maxRecords: number, records: T[]): void {
    for (;;) {
      this.#takePlain(maxRecords, records);
      if (this.cursor >= this.window.limit || records.length >= maxRecords) return;
      const before = this.cursor;
      // With a template one line, then the loop has its turn again; the first one of a split is that which the template is made of.
      const one = this.#plain !== undefined || this.#templatesLeft > 0;
      super.parse(one ? records.length + 1 : maxRecords, records);
      if (this.cursor === before) return;
    }
  }

  protected override takeLine(line: string, start: number, end: number, records: T[]): void {
    try {
      records.push(JSON.parse(line) as T);
    } catch (error) {
      if (BLANK.test(line)) return;
      this.refuse(start, end, `A line must be one JSON value: ${messageOf(error)}`, error);
      return;
    }
    if (this.#plain === undefined && this.#templatesLeft > 0) this.#learn(line);
  }

  #learn(line: string): void {
    this.#templatesLeft--;
    const template = templateOf(line);
    if (template === undefined) return;
    this.#plain = plainLines(template, this.options.encoding);
    if (this.#plain === undefined) this.#templatesLeft = 0;
    this.#shortCut = new ShortCut(this.options.encoding, new Array<boolean>(template.kinds.length).fill(true));
    this.#scan.strings = this.#shortCut.strings;
    this.#needsText = this.#shortCut.strings.includes(undefined);
  }

  #takePlain(maxRecords: number, records: T[]): void {
    const { window } = this;
    if (this.#plain === undefined || this.cursor >= window.limit) return;
    const { bytes } = window;
    if (this.#view.buffer !== bytes.buffer) this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#scan.look(bytes, this.#needsText ? window.text : '');
    const before = records.length;
    this.cursor = this.#plain(
      bytes,
      this.#view,
      this.#scan,
      this.cursor,
      window.limit,
      records,
      this.starts,
      maxRecords,
      this.options.maxRecordBytes,
    );
    const verdict = this.#shortCut!.count(records.length - before);
    // Given up, the next line may have another template.
    if (verdict === 'give-up') this.#plain = undefined;
    else if (verdict === 'recompile') this.#needsText = true;
  }
}
