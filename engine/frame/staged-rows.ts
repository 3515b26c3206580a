// Reads back what an encoder has staged so far. Same thread as the stage. Used when a record in the middle of a frame
// shows that the schema must widen: the rows before it are already read, and reading the user's objects twice would run
// getters twice.
import { columnStart, type FrameLayout } from './frame-layout.ts';
import type { FrameSchema } from './frame-schema.ts';
import type { FrameStage } from './frame-stage.ts';
import { type RowSource, readRow } from './row-reader.ts';

/**
 * Rows 0 .. rows of the frame of `count` rows being staged, as records. `strings`: where the strings are, row by row,
 * when they have not been joined to a blob.
 */
export function readStagedRows(
  schema: FrameSchema,
  layout: FrameLayout,
  stage: FrameStage,
  rows: number,
  count: number,
  strings?: readonly string[],
): unknown[] {
  const source = new StagedRows(schema, layout, stage, count, strings);
  return Array.from({ length: rows }, (_, row) => readRow(schema, source, row));
}

class StagedRows implements RowSource {
  readonly #schema: FrameSchema;
  readonly #stage: FrameStage;
  readonly #starts: readonly number[];
  readonly #strings: readonly string[] | undefined;
  /** Of each string column, which of them it is. */
  readonly #slots: readonly number[];
  readonly #stringColumns: number;
  #text = 0;
  #raw = 0;
  #cell = 0;

  constructor(schema: FrameSchema, layout: FrameLayout, stage: FrameStage, count: number, strings?: readonly string[]) {
    this.#schema = schema;
    this.#strings = strings;
    let slots = 0;
    this.#slots = schema.columns.map(({ kind }) => (kind === 'string' ? slots++ : 0));
    this.#stringColumns = slots;
    this.#stage = stage;
    this.#starts = schema.columns.map((_, column) => columnStart(layout, column, 0, count));
  }

  isRowTagged(row: number): boolean {
    return this.#stage.isRowTagged(row);
  }

  tagAt(column: number, row: number): number {
    return this.#stage.tagAt(column, row);
  }

  nextCell(): unknown {
    return this.#stage.cells[this.#cell++];
  }

  valueAt(column: number, row: number): unknown {
    const { int32, float64, int64, bytes, blob, raw } = this.#stage;
    const at = this.#starts[column]! + row;
    switch (this.#schema.columns[column]!.kind) {
      case 'nothing':
        return undefined;
      case 'int32':
        return int32[at];
      case 'float64':
        return float64[at];
      case 'int64':
        return int64[at];
      case 'boolean':
        return bytes[at] === 1;
      case 'date':
        return new Date(float64[at]!);
      case 'string': {
        const values = this.#schema.columns[column]!.values;
        if (values !== undefined && int32[at]! < 0) return values[~int32[at]!];
        if (this.#strings !== undefined) return this.#strings[row * this.#stringColumns + this.#slots[column]!];
        const start = this.#text;
        this.#text = int32[at]!;
        return blob.substring(start, this.#text);
      }
      case 'bytes': {
        const start = this.#raw;
        this.#raw = int32[at]!;
        return raw.slice(start, this.#raw);
      }
      case 'clone':
        return this.nextCell();
    }
  }
}
