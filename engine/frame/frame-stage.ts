// Where a frame is built before it goes into a lane: private memory of one encoder, in the layout of the frame. Any one
// thread.
//
// Why not straight into the lane: nothing is known about a frame's size until its last record was read, and reading the
// records again would run getters twice and see what the user changed meanwhile. Copying the finished columns costs 2
// ns for a record of 32 bytes; the text blob, usually the larger part, is never staged: it goes from the string into
// the lane.
import {
  BLOB_LENGTH_WORD,
  BYTE_LENGTH_WORD,
  byteStride,
  CELL_COUNT_WORD,
  CLONE_LENGTH_WORD,
  COLUMNS_WORD,
  COUNT_WORD,
  columnStart,
  FLAG_ROW_TAGS,
  FLAG_UTF16,
  FLAGS_WORD,
  FRAME_BYTES_MAX,
  type FrameLayout,
  fixedBytes,
  RAW_LENGTH_WORD,
  TAGGED_WORD,
} from './frame-layout.ts';
import { type FrameMemory, textOf } from './frame-memory.ts';

/** Why a row encoder stopped before the last record. */
export const STOPPED_AT_SHAPE = 1; //  not exactly the columns, in order: the general row encoder takes over
export const STOPPED_AT_VALUE = 2; //  `values` (one a column) hold one that its column cannot store
export const STOPPED_AT_RECORD = 3; // not an object of known fields

/** Stands for the value of a field that a record does not have. */
export const ABSENT: unique symbol = Symbol('absent');

const BEYOND_LATIN1 = /[\u0100-\uffff]/;

export class FrameStage {
  int32: Int32Array = new Int32Array(0);
  float64: Float64Array = new Float64Array(0);
  int64: BigInt64Array = new BigInt64Array(0);
  bytes: Uint8Array = new Uint8Array(0);
  /** All strings of the frame, row by row. */
  blob = '';
  /** Values for the structured-clone area, row by row. */
  cells: unknown[] = [];
  /** The byte area so far. */
  raw: Uint8Array = new Uint8Array(0);
  rawLength = 0;
  /** Whether each record had the field of each column: filled by the general row encoder for the row it is at. */
  present: Uint8Array = new Uint8Array(0);
  stop = 0;
  values: unknown[] = [];
  /** The row that threw. */
  row = 0;

  #layout: FrameLayout | undefined;
  /** Rows that the columns have room for: they lie that far apart. */
  #capacity = 0;
  #count = 0;
  #byteLength = 0;
  /** Tags of column c from c * stride; row tags come behind the last column. */
  #tags = new Uint8Array(0);
  #tagged = new Uint8Array(1);
  #taggedCount = 0;
  #utf16 = false;
  #clones: Uint8Array = new Uint8Array(0);
  #cellCount = 0;

  /** Starts a frame of `capacity` records, or fewer (see `finish`). */
  begin(layout: FrameLayout, capacity: number): void {
    const bytes = fixedBytes(layout, capacity);
    if (bytes > this.bytes.length) {
      // The half above the need saves growing again for the next, slightly larger frame.
      const room = (bytes + (bytes >> 1) + 7) & ~7;
      this.useMemory(new ArrayBuffer(room), 0, room);
    }
    if (this.#layout !== layout) {
      this.#layout = layout;
      this.#tagged = new Uint8Array(layout.columns + 1);
      this.present = new Uint8Array(layout.columns);
    } else if (this.#taggedCount > 0) this.#tagged.fill(0);
    this.#taggedCount = 0;
    this.#capacity = capacity;
    this.#count = capacity;
    this.#byteLength = 0;
    this.blob = '';
    this.rawLength = 0;
    if (this.cells.length > 0) this.cells = []; // What they refer to is the user's, and no longer needed.
    this.values = [];
    this.stop = 0;
  }

  /** Columns lie in these bytes from the next `begin` on; they are replaced when they do not suffice. */
  useMemory(buffer: ArrayBuffer, byteOffset: number, byteLength: number): void {
    this.int32 = new Int32Array(buffer, byteOffset, byteLength >> 2);
    this.float64 = new Float64Array(buffer, byteOffset, byteLength >> 3);
    this.int64 = new BigInt64Array(buffer, byteOffset, byteLength >> 3);
    this.bytes = new Uint8Array(buffer, byteOffset, byteLength);
  }

  /** Tags row `row` of `column`; all other rows of a column that gets its first tag hold values. */
  tag(column: number, row: number, tag: number): void {
    const stride = byteStride(this.#capacity);
    const start = column * stride;
    if (this.#tagged[column] === 0) {
      this.#tagged[column] = 1;
      this.#taggedCount++;
      const needed = this.#tagged.length * stride;
      if (this.#tags.length < needed) {
        const grown = new Uint8Array(needed);
        grown.set(this.#tags);
        this.#tags = grown;
      }
      this.#tags.fill(0, start, start + stride);
    }
    this.#tags[start + row] = tag;
  }

  tagAt(column: number, row: number): number {
    return this.#tagged[column] === 0 ? 0 : this.#tags[column * byteStride(this.#capacity) + row]!;
  }

  /** Row `row` does not fit the columns: it is the next clone cell, whole. */
  tagRow(row: number): void {
    this.tag(this.#tagged.length - 1, row, 1);
  }

  isRowTagged(row: number): boolean {
    return this.tagAt(this.#tagged.length - 1, row) === 1;
  }

  /** Row `row` will hold another record than the one whose fields were tagged. */
  untagRow(row: number): void {
    if (this.#taggedCount === 0) return;
    const stride = byteStride(this.#capacity);
    for (let column = 0; column < this.#tagged.length; column++) {
      if (this.#tagged[column] === 1) this.#tags[column * stride + row] = 0;
    }
  }

  /** Appends to the byte area; copied, so that what the user does to the array later changes nothing. */
  append(value: Uint8Array): void {
    const end = this.rawLength + value.length;
    if (end > this.raw.length) {
      const grown = new Uint8Array(Math.max(end, this.raw.length * 2, 1024));
      grown.set(this.raw.subarray(0, this.rawLength));
      this.raw = grown;
    }
    this.raw.set(value, this.rawLength);
    this.rawLength = end;
  }

  /**
   * Rows 0 .. count are staged; `clones` are the serialised cells. Returns the bytes of the frame, Infinity when none
   * can be that large. Rows may be added behind a frame that was not taken: finish again.
   */
  finish(clones: Uint8Array, count: number = this.#capacity): number {
    const layout = this.#layout!;
    const { int32, blob } = this;
    this.#count = count;
    // On a one-byte string V8 knows that nothing can match: 0.06 ns a record. Flattens the blob on the way, which the
    // write needs anyway.
    this.#utf16 = BEYOND_LATIN1.test(blob);
    this.#clones = clones;
    this.#cellCount = this.cells.length;
    const byteLength =
      fixedBytes(layout, count) +
      this.#taggedCount * byteStride(count) +
      (this.#utf16 ? blob.length * 2 : blob.length) +
      this.rawLength +
      clones.length;
    if (byteLength > FRAME_BYTES_MAX) {
      this.#byteLength = 0;
      return Number.POSITIVE_INFINITY;
    }
    this.#byteLength = (byteLength + 7) & ~7;
    const hasRowTags = this.#tagged[layout.columns] === 1;
    int32[BYTE_LENGTH_WORD] = this.#byteLength;
    int32[COUNT_WORD] = count;
    int32[BLOB_LENGTH_WORD] = blob.length;
    int32[FLAGS_WORD] = (this.#utf16 ? FLAG_UTF16 : 0) | (hasRowTags ? FLAG_ROW_TAGS : 0);
    int32[RAW_LENGTH_WORD] = this.rawLength;
    int32[CLONE_LENGTH_WORD] = clones.length;
    int32[CELL_COUNT_WORD] = this.#cellCount;
    int32[COLUMNS_WORD] = layout.columns;
    int32.fill(0, TAGGED_WORD, layout.headBytes >> 2);
    if (this.#taggedCount > 0) {
      for (let column = 0; column < layout.columns; column++) {
        if (this.#tagged[column] === 1) int32[TAGGED_WORD + (column >> 5)]! |= 1 << (column & 31);
      }
    }
    return this.#byteLength;
  }

  /**
   * Copies the finished frame to byte `at`; any number of times, for a broadcast or after a lane was full. Returns its
   * bytes.
   */
  copyTo(memory: FrameMemory, at: number): number {
    const layout = this.#layout!;
    const { bytes } = memory;
    const fixed = fixedBytes(layout, this.#count);
    if (this.#count === this.#capacity) memory.float64.set(this.float64.subarray(0, fixed >> 3), at >> 3);
    else this.#copyColumns(memory, at);
    let position = at + fixed;
    if (this.#taggedCount > 0) position = this.#copyTags(bytes, position);
    if (this.blob !== '') {
      const text = textOf(memory);
      position += this.#utf16 ? text.ucs2Write(this.blob, position) : text.latin1Write(this.blob, position);
    }
    if (this.rawLength > 0) {
      bytes.set(this.raw.subarray(0, this.rawLength), position);
      position += this.rawLength;
    }
    if (this.#clones.length > 0) bytes.set(this.#clones, position);
    return this.#byteLength;
  }

  /** The header and the columns of fewer rows than there is room for: they move together. */
  #copyColumns(memory: FrameMemory, at: number): void {
    const layout = this.#layout!;
    const count = this.#count;
    copyWords(this.float64, 0, memory.float64, at >> 3, layout.headBytes >> 3);
    for (let column = 0; column < layout.columns; column++) {
      const from = columnStart(layout, column, 0, this.#capacity);
      const to = columnStart(layout, column, at, count);
      const width = layout.widths[column]!;
      if (width === 8) copyWords(this.float64, from, memory.float64, to, count);
      else if (width === 4) copyWords(this.int32, from, memory.int32, to, count);
      else if (width === 1) memory.bytes.set(this.bytes.subarray(from, from + count), to);
    }
  }

  /** Bytes of the frame that `copyTo` writes; 0 when there is none. */
  get byteLength(): number {
    return this.#byteLength;
  }

  discard(): void {
    this.#byteLength = 0;
  }

  /** Row tags first, then the tagged columns in order. */
  #copyTags(bytes: Buffer, position: number): number {
    const columns = this.#tagged.length - 1;
    const stride = byteStride(this.#capacity);
    const written = byteStride(this.#count);
    for (let index = 0; index <= columns; index++) {
      const column = index === 0 ? columns : index - 1;
      if (this.#tagged[column] === 0) continue;
      bytes.set(this.#tags.subarray(column * stride, column * stride + written), position);
      position += written;
    }
    return position;
  }
}

/** A view and a copy through it cost as much as this many words one by one (measured: 60 to 80 ns). Frames under small load are shorter. */
const FEW_WORDS = 48;

/** Words from[at ..] to into[to ..], `count` of them. */
export function copyWords<A extends Float64Array | Int32Array>(
  from: A,
  at: number,
  into: A,
  to: number,
  count: number,
): void {
  if (count > FEW_WORDS) into.set(from.subarray(at, at + count), to);
  else for (let i = 0; i < count; i++) into[to + i] = from[at + i]!;
}
