// Reads lines: what text lines and NDJSON share. Workers; synchronous for plain files.
// A line ends with LF or CRLF; the last one may end with the file. A CR elsewhere is an ordinary character.

import { NEWLINE_TEXT, RecordReader } from './record-reader.ts';

const CARRIAGE_RETURN = 13;
const NON_ASCII = /[\x80-\xff]/;

export abstract class LineReader<T> extends RecordReader<T> {
  /** Appends the record that the line [start, end) of the window makes, or refuses it, or leaves it out. */
  protected abstract takeLine(line: string, start: number, end: number, records: T[]): void;

  protected override parse(maxRecords: number, records: T[]): void {
    const { text, limit, atEnd, bytes } = this.window;
    const { maxRecordBytes, encoding } = this.options;
    const plain = encoding === 'latin1' || this.window.ascii;
    while (records.length < maxRecords && this.cursor < limit) {
      const start = this.cursor;
      let newline = text.indexOf(NEWLINE_TEXT, start);
      if (newline === -1) {
        if (!atEnd) return;
        newline = limit;
      }
      this.cursor = newline < limit ? newline + 1 : limit;
      const end = newline > start && bytes[newline - 1] === CARRIAGE_RETURN && newline < limit ? newline - 1 : newline;
      if (end - start > maxRecordBytes) {
        this.refuseTooLong(start);
        continue;
      }
      let line: string | undefined = text.substring(start, end);
      if (!plain && NON_ASCII.test(line)) {
        line = this.decode(start, end);
        if (line === undefined) {
          this.refuse(start, end, "Text must be UTF-8: this line is not. Set encoding: 'latin1', or convert the file");
          continue;
        }
      }
      const before = records.length;
      this.starts[before] = start;
      this.takeLine(line, start, end, records);
    }
  }

  protected override skipRest(): boolean {
    const newline = this.window.text.indexOf(NEWLINE_TEXT, this.cursor);
    this.cursor = newline === -1 ? this.window.limit : newline + 1;
    return newline !== -1;
  }
}
