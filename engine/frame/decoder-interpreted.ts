// Reads rows of an open frame one column at a time: the twin of the compiled decoder. Any thread.
import { columnStart, type FrameLayout, layoutOf } from './frame-layout.ts';
import { type FrameMemory, int64View } from './frame-memory.ts';
import { bytesBetween, codedString, OpenFrame } from './frame-opening.ts';
import type { FrameSchema } from './frame-schema.ts';
import { type RowSource, readRow } from './row-reader.ts';

/** @param dictionaries of each column that has one */
export type RowDecoder = (
  memory: FrameMemory,
  at: number,
  count: number,
  into: unknown[],
  offset: number,
  dictionaries: Dictionaries,
) => void;

export type Dictionaries = readonly (readonly string[] | undefined)[];

export function interpretDecoder(schema: FrameSchema): RowDecoder {
  const layout = layoutOf(schema);
  return (memory, at, count, into, offset, dictionaries) => {
    const rows = new FrameRows(schema, layout, memory, at, count, dictionaries);
    for (let row = 0; row < count; row++) into[offset + row] = readRow(schema, rows, row);
    rows.close();
  };
}

class FrameRows implements RowSource {
  readonly #schema: FrameSchema;
  readonly #memory: FrameMemory;
  readonly #frame: OpenFrame;
  readonly #starts: readonly number[];
  readonly #dictionaries: Dictionaries;
  #text = 0;
  #raw: number;
  #cell = 0;

  constructor(
    schema: FrameSchema,
    layout: FrameLayout,
    memory: FrameMemory,
    at: number,
    count: number,
    dictionaries: Dictionaries,
  ) {
    this.#dictionaries = dictionaries;
    this.#schema = schema;
    this.#memory = memory;
    this.#frame = new OpenFrame(memory, at, count, layout);
    this.#starts = schema.columns.map((_, column) => columnStart(layout, column, at, count));
    this.#raw = this.#frame.rawStart;
  }

  isRowTagged(row: number): boolean {
    return this.#frame.rowTags >= 0 && this.#memory.bytes[this.#frame.rowTags + row] === 1;
  }

  tagAt(column: number, row: number): number {
    const start = this.#frame.clean ? -1 : this.#frame.tags[column]!;
    return start < 0 ? 0 : this.#memory.bytes[start + row]!;
  }

  nextCell(): unknown {
    return this.#frame.cells[this.#cell++];
  }

  valueAt(column: number, row: number): unknown {
    const { int32, float64, bytes } = this.#memory;
    const at = this.#starts[column]! + row;
    switch (this.#schema.columns[column]!.kind) {
      case 'nothing':
        return undefined;
      case 'int32':
        return int32[at];
      case 'float64':
        return float64[at];
      case 'int64':
        return int64View(this.#memory)[at];
      case 'boolean':
        return bytes[at] === 1;
      case 'date':
        return new Date(float64[at]!);
      case 'string': {
        const start = this.#text;
        const end = int32[at]!;
        const values = this.#dictionaries[column];
        if (end < 0 && values !== undefined) return codedString(values, end);
        this.#text = end;
        return this.#frame.blob.substring(start, this.#text);
      }
      case 'bytes': {
        const start = this.#raw;
        this.#raw = this.#frame.rawStart + int32[at]!;
        return bytesBetween(bytes, start, this.#raw, this.#frame.rawEnd);
      }
      case 'clone':
        return this.nextCell();
    }
  }

  close(): void {
    this.#frame.close(this.#text, this.#raw, this.#cell);
  }
}
