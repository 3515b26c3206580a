// The decoder as a loop over column descriptions. Any thread. It serves processes that may not generate code, schemas
// that have carried few records so far, and the encoder, which reads back what it has staged when a schema widens in
// the middle of a frame.
import { TAG_ABSENT, TAG_NULL } from './frame-layout.ts';
import type { FrameSchema } from './frame-schema.ts';
import { defineField } from './generated-code.ts';

/** What rows are read from: an open frame or an encoder's stage. Calls come row by row, column by column, in order. */
export interface RowSource {
  isRowTagged(row: number): boolean;
  tagAt(column: number, row: number): number;
  valueAt(column: number, row: number): unknown;
  nextCell(): unknown;
}

export function readRow({ shape, columns }: FrameSchema, source: RowSource, row: number): unknown {
  if (source.isRowTagged(row)) return source.nextCell();
  const record = {};
  for (let column = 0; column < columns.length; column++) {
    const tag = source.tagAt(column, row);
    if (tag === TAG_ABSENT) continue;
    // Strings and bytes are cut at a running position; a tagged row has length zero, so nothing is skipped by not
    // reading it.
    const value = tag === 0 ? source.valueAt(column, row) : tag === TAG_NULL ? null : undefined;
    if (shape === 'value') return value;
    defineField(record, columns[column]!.name, value);
  }
  return record;
}
