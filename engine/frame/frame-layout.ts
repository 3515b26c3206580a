// Where everything in a frame lies. Any thread; pure arithmetic, shared by the encoder, the decoder and the texts they
// compile.
//
//   0        byteLength   of the whole frame, a multiple of 8
//   4        count        records
//   8        blobLength   characters of the text blob
//   12       flags        1: the blob is UTF-16, 2: there are row tags
//   16       rawLength    bytes of the byte area
//   20       cloneLength  bytes of the structured-clone area
//   24       cellCount    values in the structured-clone area
//   28       columns      of the schema that wrote the frame
//   32       tagged       one bit a column: it has tags in this frame; padded to 8
//            +------------------------------+
//            | 8-byte columns, count each   |  float64, date, int64
//            | 4-byte columns, each padded  |  int32; ends of string and bytes columns
//            | 1-byte columns, each padded  |  boolean
//            | row tags, padded             |  only when some record did not fit the columns: 1 = it is a clone cell
//            | tags of a column, padded     |  only for columns with a null, an undefined or an absent field in this frame
//            | text blob, byte area, clones |
//            +------------------------------+
//
// Ends are cumulative over the whole row: record 0's strings in column order, then record 1's. So one running position
// serves all string columns, and a frame has one blob however many columns share it.
//
// Tags are bytes (0 value, 1 null, 2 undefined, 3 absent) where Arrow has validity bitmaps: JavaScript has three ways
// for a field to be missing and promises to tell them apart, a bit cannot; and a byte is stored without reading its
// neighbours. A column without them costs nothing, as in Arrow. Reaching Arrow's bitmap from here is one pass over the
// tags.
import type { ColumnKind, FrameSchema } from './frame-schema.ts';

export const BYTE_LENGTH_WORD = 0;
export const COUNT_WORD = 1;
export const BLOB_LENGTH_WORD = 2;
export const FLAGS_WORD = 3;
export const RAW_LENGTH_WORD = 4;
export const CLONE_LENGTH_WORD = 5;
export const CELL_COUNT_WORD = 6;
export const COLUMNS_WORD = 7;
export const TAGGED_WORD = 8;

export const FLAG_UTF16 = 1;
export const FLAG_ROW_TAGS = 2;

export const TAG_NULL = 1;
export const TAG_UNDEFINED = 2;
export const TAG_ABSENT = 3;

/** The widest frame whose offsets are still 32-bit integers. */
export const FRAME_BYTES_MAX = 0x7fff_fff8;

export type ColumnWidth = 8 | 4 | 1 | 0;

function widthOf(kind: ColumnKind): ColumnWidth {
  switch (kind) {
    case 'float64':
    case 'date':
    case 'int64':
      return 8;
    case 'int32':
    case 'string':
    case 'bytes':
      return 4;
    case 'boolean':
      return 1;
    case 'nothing':
    case 'clone':
      return 0;
  }
}

/** The part of the layout that the schema alone decides. */
export interface FrameLayout {
  readonly columns: number;
  /** Of each column: bytes a value takes in the fixed part, and which of the columns of that width it is. */
  readonly widths: readonly ColumnWidth[];
  readonly slots: readonly number[];
  readonly wide: number;
  readonly words: number;
  readonly flags: number;
  readonly headBytes: number;
}

export function layoutOf(schema: FrameSchema): FrameLayout {
  const counts = { 8: 0, 4: 0, 1: 0, 0: 0 };
  const widths = schema.columns.map((column) => widthOf(column.kind));
  const slots = widths.map((width) => counts[width]++);
  const taggedWords = (schema.columns.length + 31) >> 5;
  const headBytes = ((TAGGED_WORD + taggedWords) * 4 + 7) & ~7;
  return { columns: widths.length, widths, slots, wide: counts[8], words: counts[4], flags: counts[1], headBytes };
}

/** Bytes that `count` one-byte entries take, padded to 8: a boolean column or a column of tags. */
export function byteStride(count: number): number {
  return (count + 7) & ~7;
}

/** Int32 words that `count` four-byte entries take, padded to 8 bytes. */
export function wordStride(count: number): number {
  return (count + 1) & ~1;
}

/** Bytes from the start of the frame to the end of its fixed-width columns. */
export function fixedBytes(layout: FrameLayout, count: number): number {
  return (
    layout.headBytes + layout.wide * count * 8 + layout.words * wordStride(count) * 4 + layout.flags * byteStride(count)
  );
}

/**
 * Where the first value of a column lies, counted in values of its own width from the start of the memory; the frame
 * starts at byte `at`. Generated code uses the same three formulas.
 */
export function columnStart(layout: FrameLayout, column: number, at: number, count: number): number {
  const slot = layout.slots[column]!;
  const wideEnd = at + layout.headBytes + layout.wide * count * 8;
  switch (layout.widths[column]!) {
    case 8:
      return ((at + layout.headBytes) >> 3) + slot * count;
    case 4:
      return (wideEnd >> 2) + slot * wordStride(count);
    case 1:
      return wideEnd + layout.words * wordStride(count) * 4 + slot * byteStride(count);
    case 0:
      return 0;
  }
}
