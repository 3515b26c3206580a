// Opening a frame: where its parts lie, with every bound checked once, before a record is read. Any thread; the frame's
// bytes must be published (acquired) and not yet released. The checks cost about 100 ns a frame. After them no offset
// of the frame reaches outside it; what a damaged column of ends can still do is cut strings wrongly inside the blob,
// and closing the frame notices all but compensating damage.
import { MillraceError } from '../errors/millrace-error.ts';
import { deserializeCells } from './clone-cells.ts';
import {
  BLOB_LENGTH_WORD,
  BYTE_LENGTH_WORD,
  byteStride,
  CELL_COUNT_WORD,
  CLONE_LENGTH_WORD,
  COLUMNS_WORD,
  COUNT_WORD,
  FLAG_ROW_TAGS,
  FLAG_UTF16,
  FLAGS_WORD,
  type FrameLayout,
  fixedBytes,
  RAW_LENGTH_WORD,
  TAGGED_WORD,
} from './frame-layout.ts';
import { type FrameMemory, textOf } from './frame-memory.ts';

const NO_CELLS: readonly unknown[] = [];
const NO_TAGS: readonly number[] = [];

export class OpenFrame {
  /** True when no row and no field is tagged: every record has every field, with a value. */
  readonly clean: boolean;
  /** Byte at which the row tags start, -1 without any. */
  readonly rowTags: number;
  /** Byte at which the tags of each column start, -1 without any; empty when clean. */
  readonly tags: readonly number[];
  readonly blob: string;
  readonly cells: readonly unknown[];
  /** Bytes [rawStart, rawEnd) are the byte area. */
  readonly rawStart: number;
  readonly rawEnd: number;

  /** @throws MillraceError ERR_CORRUPT_FRAME when the frame contradicts its schema, its count or itself. */
  constructor(memory: FrameMemory, at: number, count: number, layout: FrameLayout) {
    const { int32, bytes } = memory;
    if (at < 0 || (at & 7) !== 0 || at + layout.headBytes > bytes.length) {
      throw corrupt(`starts at an 8-aligned byte inside its memory: byte ${at} of ${bytes.length}`);
    }
    const head = at >> 2;
    const byteLength = int32[head + BYTE_LENGTH_WORD]!;
    const blobLength = int32[head + BLOB_LENGTH_WORD]!;
    const rawLength = int32[head + RAW_LENGTH_WORD]!;
    const cloneLength = int32[head + CLONE_LENGTH_WORD]!;
    const flags = int32[head + FLAGS_WORD]!;
    if (int32[head + COUNT_WORD] !== count || count < 0) {
      throw corrupt(`holds the records it was announced with: ${int32[head + COUNT_WORD]} instead of ${count}`);
    }
    if (int32[head + COLUMNS_WORD] !== layout.columns) {
      throw corrupt(`holds the columns of its schema: ${int32[head + COLUMNS_WORD]} instead of ${layout.columns}`);
    }
    if (byteLength < 0 || at + byteLength > bytes.length || blobLength < 0 || rawLength < 0 || cloneLength < 0) {
      throw corrupt(`lies inside its memory: ${byteLength} bytes at byte ${at} of ${bytes.length}`);
    }

    const stride = byteStride(count);
    let position = at + fixedBytes(layout, count);
    this.rowTags = (flags & FLAG_ROW_TAGS) === 0 ? -1 : position;
    if (this.rowTags >= 0) position += stride;
    let tags = NO_TAGS;
    let tagged = 0;
    for (let word = head + TAGGED_WORD; word < (at + layout.headBytes) >> 2; word++) tagged |= int32[word]!;
    if (tagged !== 0) {
      tags = layout.widths.map((_, column) => {
        if ((int32[head + TAGGED_WORD + (column >> 5)]! & (1 << (column & 31))) === 0) return -1;
        position += stride;
        return position - stride;
      });
    } else if (this.rowTags >= 0) tags = layout.widths.map(() => -1);
    this.tags = tags;
    this.clean = tags === NO_TAGS && this.rowTags < 0;

    const isUtf16 = (flags & FLAG_UTF16) !== 0;
    const blobEnd = position + (isUtf16 ? blobLength * 2 : blobLength);
    this.rawStart = blobEnd;
    this.rawEnd = blobEnd + rawLength;
    const end = this.rawEnd + cloneLength;
    if (at + byteLength !== ((end + 7) & ~7)) {
      throw corrupt(`is as long as its parts: ${byteLength} bytes instead of ${((end + 7) & ~7) - at}`);
    }
    const text = textOf(memory);
    if (blobLength === 0) this.blob = '';
    else this.blob = isUtf16 ? text.ucs2Slice(position, blobEnd) : text.latin1Slice(position, blobEnd);
    // Copied out first: V8 must not read memory that another thread owns again once the frame is released.
    this.cells = cloneLength === 0 ? NO_CELLS : deserializeCells(new Uint8Array(bytes.subarray(this.rawEnd, end)));
    if (this.cells.length !== int32[head + CELL_COUNT_WORD]) {
      throw corrupt(
        `holds the clone cells it counts: ${this.cells.length} instead of ${int32[head + CELL_COUNT_WORD]}`,
      );
    }
  }

  /**
   * Called behind the last record: text, bytes and cells must be used up exactly. @throws MillraceError
   * ERR_CORRUPT_FRAME
   */
  close(textPosition: number, rawPosition: number, cellPosition: number): void {
    if (textPosition !== this.blob.length) throw corrupt(`uses all its text: ${textPosition} of ${this.blob.length}`);
    if (rawPosition !== this.rawEnd) throw corrupt(`uses all its bytes: up to ${rawPosition} of ${this.rawEnd}`);
    if (cellPosition !== this.cells.length) {
      throw corrupt(`uses all its clone cells: ${cellPosition} of ${this.cells.length}`);
    }
  }
}

/**
 * `end` of a value in the byte area, checked: it is cut with memory offsets, where a string is cut from a blob of its
 * own.
 */
export function bytesBetween(bytes: Buffer, start: number, end: number, limit: number): Uint8Array {
  if (end < start || end > limit)
    throw corrupt(`keeps its byte values inside its byte area: ${start} to ${end} of ${limit}`);
  const copy = new Uint8Array(end - start);
  copy.set(bytes.subarray(start, end));
  return copy;
}

/** The value of a code that was read where the end of a text could be, checked. */
export function codedString(values: readonly string[], code: number): string {
  if (~code >= values.length) throw corrupt(`has codes of its dictionary only: ${~code} of ${values.length} values`);
  return values[~code]!;
}

function corrupt(rule: string): MillraceError {
  return new MillraceError('ERR_CORRUPT_FRAME', `A frame ${rule}`);
}
