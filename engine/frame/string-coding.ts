// Which string columns travel as codes. On the thread of the encoder; one a schema.
//
//   the first frames -> sample -> values that come again and again -> announced with the schema, once a lane
//   from then on     a value of the dictionary is its code; any other is text, as before
//
// A dictionary is part of a schema version, so a frame can be read with the schema that was announced before it, whatever came between.
// What it saves is not the text. The receiver gets the same string every time, of which V8 knows the hash: a string of 15 characters that
// is cut anew takes 73 ns to be found in a Map, one that was found before 11 ns. The sender pays for it with a look in a Map of its own, so
// it is done only where that is cheap: for strings that come with their hash, because they are constants, short values that JSON.parse
// made, or values that came by a dictionary themselves. Strings that are cut from a text or joined, anew for each record, stay text.
//
// Bounds: a column's dictionary has at most VALUES_MAX values, all of a schema together `maxBytes`. It is given up when values have moved on,
// and made at most ADOPTIONS_MAX times, so that keys which wander do not have code compiled for ever.
import { columnStart, type FrameLayout } from './frame-layout.ts';
import type { Column, FrameSchema } from './frame-schema.ts';
import type { FrameStage } from './frame-stage.ts';

const VALUES_MAX = 4096;
const ADOPTIONS_MAX = 4;
/** Strings of each column that are looked at before anything is decided; the share of known ones is taken in the second half. */
const SAMPLE_STRINGS = 4096;
/** Rows before values are looked at again, after they were not worth it or have moved on; four times as many each time. */
const PAUSE_ROWS = 65_536;
/** Shares of values that must be known for a dictionary to be made, and to be kept. Chosen, not measured. */
const WORTHWHILE = 0.7;
const WORTH_KEEPING = 0.5;
/** Rows between two verdicts on a dictionary, and of how many frames one is looked at for it. */
const VERDICT_ROWS = 16_384;
const WATCH_EVERY_FRAMES = 8;
/** What the first look at a string may take beyond the second one, in ns: finding the hash of a string takes 15 and more. */
const FRESH_NS = 8;
/** Of a value in the schema's JSON, beside its text: quotes and a comma. */
const OVERHEAD_BYTES = 3;

export interface StringCodingOptions {
  /** All values of a schema in UTF-8, at most; 0: never. */
  readonly maxBytes: number;
  /** Tests set Infinity, where the clock must not decide. */
  readonly freshNs?: number;
  readonly sampleStrings?: number;
  /** Where time is virtual, so is the cost of looking, and what is decided is the same each time. */
  readonly nowNs?: () => number;
}

/** Of each column: code by value. A code is below 0, where the end of a text would be. Undefined where the column is text. */
export type StringCodes = readonly (ReadonlyMap<string, number> | undefined)[];

/** The strings of the rows of one frame. */
export interface StringRows {
  /** Undefined where there is none, or none to be had without running the user's code. */
  stringAt(row: number, column: number): string | undefined;
}

interface Sample {
  readonly values: Map<string, number>;
  strings: number;
  known: number;
  /** Of the frame with the smallest: what strings cost at first sight, beyond what they cost always. */
  freshNs: number;
}

export class StringCoding {
  readonly #options: StringCodingOptions;
  readonly #sampleStrings: number;
  readonly #nowNs: () => number;
  #schema: FrameSchema | undefined;
  #samples: (Sample | undefined)[] = [];
  #sampling = false;
  #sampledRows = 0;
  #pauseLeft = 0;
  #pause = PAUSE_ROWS;
  #adoptions = 0;
  #frames = 0;
  #watchedRows = 0;
  #watchedCodes = 0;
  #pending: FrameSchema | undefined;

  constructor(options: StringCodingOptions) {
    this.#options = options;
    this.#sampleStrings = options.sampleStrings ?? SAMPLE_STRINGS;
    this.#nowNs = options.nowNs ?? (() => performance.now() * 1e6);
  }

  /** Columns have changed: what was known of their values is void. */
  reset(schema: FrameSchema): void {
    this.#schema = schema;
    this.#pending = undefined;
    this.#pauseLeft = 0;
    this.#startSampling();
  }

  /** The schema with dictionaries, or without them again, that should be used from now on; once. */
  takePending(): FrameSchema | undefined {
    const pending = this.#pending;
    this.#pending = undefined;
    return pending;
  }

  /** The strings of the next frame are to be looked at. */
  get wantsRows(): boolean {
    return this.#sampling && this.#pauseLeft === 0;
  }

  /** @param count rows of the frame */
  sample(rows: StringRows, count: number): void {
    let done = true;
    this.#samples.forEach((sample, column) => {
      if (sample === undefined) return;
      const strings: string[] = [];
      for (let row = 0; row < count; row++) {
        const value = rows.stringAt(row, column);
        if (value !== undefined) strings.push(value);
      }
      this.#take(sample, strings);
      if (sample.strings < this.#sampleStrings && sample.values.size < VALUES_MAX) done = false;
    });
    this.#sampledRows += count;
    // A column of nulls never has its strings.
    if (done || this.#sampledRows >= 2 * this.#sampleStrings) this.#decide();
  }

  /** A frame of the present schema was sent. `codedRows` says how many rows of it came as codes, of how many; asked now and then. */
  sent(count: number, codedRows: () => readonly [codes: number, of: number]): void {
    if (this.#pauseLeft > 0) this.#pauseLeft = Math.max(0, this.#pauseLeft - count);
    if (this.#sampling || this.#schema === undefined || !isCoded(this.#schema)) return;
    if (this.#frames++ % WATCH_EVERY_FRAMES !== 0) return;
    const [codes, of] = codedRows();
    this.#watchedCodes += codes;
    this.#watchedRows += of;
    if (this.#watchedRows < VERDICT_ROWS) return;
    const isWorthKeeping = this.#watchedCodes >= WORTH_KEEPING * this.#watchedRows;
    this.#watchedCodes = 0;
    this.#watchedRows = 0;
    if (isWorthKeeping) return;
    this.#pending = withDictionaries(this.#schema, []);
    this.#schema = this.#pending;
    this.#startSampling();
    this.#lookAgainLater();
  }

  #startSampling(): void {
    this.#sampledRows = 0;
    const { columns } = this.#schema!;
    this.#samples = columns.map(({ kind }) =>
      kind === 'string' ? { values: new Map(), strings: 0, known: 0, freshNs: Number.POSITIVE_INFINITY } : undefined,
    );
    this.#sampling =
      this.#options.maxBytes > 0 &&
      this.#adoptions < ADOPTIONS_MAX &&
      this.#samples.some((sample) => sample !== undefined);
  }

  #lookAgainLater(): void {
    this.#pauseLeft = this.#pause;
    this.#pause = Math.min(this.#pause * 4, 2 ** 30);
  }

  #take(sample: Sample, strings: readonly string[]): void {
    if (strings.length === 0) return;
    const { values } = sample;
    // The first look finds the hash of each string, the second one takes it from there.
    const first = this.#lookUp(values, strings);
    const second = this.#lookUp(values, strings);
    sample.freshNs = Math.min(sample.freshNs, Math.max(0, (first - second) / strings.length));
    for (const value of strings) {
      const code = values.get(value);
      sample.strings++;
      if (code === undefined) {
        if (values.size < VALUES_MAX) values.set(value, 0);
      } else if (sample.strings > this.#sampleStrings / 2) sample.known++;
    }
  }

  /** How long it takes to look all of them up, in ns. */
  #lookUp(values: ReadonlyMap<string, number>, strings: readonly string[]): number {
    const startedNs = this.#nowNs();
    let found = 0;
    for (const value of strings) if (values.has(value)) found++;
    const tookNs = this.#nowNs() - startedNs;
    // The count is used, so that nobody leaves out the loop.
    return found < 0 ? 0 : tookNs;
  }

  #decide(): void {
    let bytesLeft = this.#options.maxBytes;
    const dictionaries = this.#samples.map((sample) => {
      if (sample === undefined || sample.freshNs > (this.#options.freshNs ?? FRESH_NS)) return undefined;
      const judged = sample.strings - Math.floor(this.#sampleStrings / 2);
      if (judged <= 0 || sample.known < WORTHWHILE * judged) return undefined;
      const values = [...sample.values.keys()];
      const bytes = values.reduce((sum, value) => sum + Buffer.byteLength(JSON.stringify(value)) + OVERHEAD_BYTES, 0);
      if (bytes > bytesLeft) return undefined;
      bytesLeft -= bytes;
      return values;
    });
    if (dictionaries.every((values) => values === undefined)) {
      this.#startSampling();
      this.#lookAgainLater();
      // As often as dictionaries: a sample costs as much as half a frame.
      this.#adoptions++;
      return;
    }
    this.#adoptions++;
    this.#sampling = false;
    this.#samples = [];
    this.#watchedCodes = 0;
    this.#watchedRows = 0;
    this.#schema = withDictionaries(this.#schema!, dictionaries);
    this.#pending = this.#schema;
  }
}

/** Strings that are plain fields of records from `from` on: a getter is not run again. */
export function stringsOf({ shape, columns }: FrameSchema, records: readonly unknown[], from: number): StringRows {
  return {
    stringAt: (row, column) => {
      const record = records[from + row];
      const value =
        shape === 'value' || typeof record !== 'object' || record === null
          ? record
          : Object.getOwnPropertyDescriptor(record, columns[column]!.name)?.value;
      return typeof value === 'string' ? value : undefined;
    },
  };
}

/** The schema with these values for its columns, and with none where they are undefined. */
export function withDictionaries(
  { shape, columns }: FrameSchema,
  dictionaries: readonly (readonly string[] | undefined)[],
): FrameSchema {
  return {
    shape,
    columns: columns.map(({ name, kind, optional }, column): Column => {
      const values = dictionaries[column];
      return values === undefined ? { name, kind, optional } : { name, kind, optional, values };
    }),
  };
}

export function isCoded({ columns }: FrameSchema): boolean {
  return columns.some(({ values }) => values !== undefined);
}

export function codesOf({ columns }: FrameSchema): StringCodes {
  return columns.map(({ values }) => values && new Map(values.map((value, index) => [value, ~index])));
}

/** How many of the staged rows hold codes, of all with a string in a column that has a dictionary. */
export function countCodes(
  { columns }: FrameSchema,
  layout: FrameLayout,
  stage: FrameStage,
  count: number,
  capacity: number,
): readonly [codes: number, of: number] {
  let codes = 0;
  let of = 0;
  columns.forEach(({ values }, column) => {
    if (values === undefined) return;
    const start = columnStart(layout, column, 0, capacity);
    for (let row = 0; row < count; row++) {
      if (stage.tagAt(column, row) !== 0 || stage.isRowTagged(row)) continue;
      of++;
      if (stage.int32[start + row]! < 0) codes++;
    }
  });
  return [codes, of];
}
