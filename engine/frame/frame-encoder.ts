// Turns batches of records into frames. On the producer's thread; one encoder an edge or a lane.
//
//   records -> measure: uniform rows -> (first odd row) general rows -> (a row that does not fit) widen, or send it whole
//           -> write: the staged frame goes into the lane, as often as wanted
//
// Guarantees: what structured clone keeps comes out deep-equal (fields in the order of the schema), getters run once, a
// record that cannot travel is named and nothing of it is sent. Memory is bounded by the largest frame; the schema by
// `maxColumns`. Does not guarantee: identity across frames, symbol-keyed fields, classes and prototypes (as structured
// clone).
import { MillraceError } from '../errors/millrace-error.ts';
import { serializeCells } from './clone-cells.ts';
import { ColumnStages, type ColumnStagesUser } from './column-stages.ts';
import { interpretEncoder } from './encoder-interpreted.ts';
import { type ColumnRule, type EncoderProgram, INFERRED_RULE } from './encoder-program.ts';
import { compileEncoder } from './encoder-source.ts';
import { FieldMatcher } from './field-matcher.ts';
import { type FrameLayout, layoutOf } from './frame-layout.ts';
import type { FrameMemory } from './frame-memory.ts';
import { type FrameSchema, schemaToBytes } from './frame-schema.ts';
import { ABSENT, FrameStage, STOPPED_AT_SHAPE, STOPPED_AT_VALUE } from './frame-stage.ts';
import { compileThreshold, defineField } from './generated-code.ts';
import { RecordFault, unreadable } from './record-fault.ts';
import type { RecordSchema } from './record-schema.ts';
import { inferSchema } from './schema-inference.ts';
import { readStagedRows } from './staged-rows.ts';
import {
  codesOf,
  countCodes,
  type StringCodes,
  StringCoding,
  type StringCodingOptions,
  type StringRows,
  stringsOf,
} from './string-coding.ts';
import { findUncloneableRow } from './uncloneable-field.ts';

/** More columns than this make frames of mostly empty columns; records with more fields travel whole. */
const MAX_COLUMNS = 256;

/**
 * How often a schema may change in an encoder's life. A column climbs at most four steps, so only hostile data gets
 * here.
 */
const MAX_WIDENINGS = 256;

/** The longest that looks in vain keep the next one away. */
const LEARN_PAUSE_MAX_FRAMES = 64;

const NO_BYTES = new Uint8Array(0);

/** The schema that holds them is a frame of its own, and a lane has more than one place for it. */
const DICTIONARY_BYTES = 32_768;

export interface FrameEncoderOptions {
  /** Declared columns; without, they are inferred and widened while running. */
  readonly schema?: RecordSchema<unknown> | undefined;
  /** Bound of an inferred schema, 1 to 4096; 256 when absent. */
  readonly maxColumns?: number;
  /**
   * Records that a schema carries before its encoder is compiled; Infinity: never. A process that forbids generated
   * code never does.
   */
  readonly compileAfterRecords?: number;
  /**
   * Bytes that the values of strings which come again and again may take in a schema, 0 for none: they travel as codes (string-coding.ts).
   * 32 KiB when absent.
   */
  readonly dictionaryBytes?: number;
  /** How it is found out whether that pays: the clock, and what tests set. */
  readonly coding?: Partial<StringCodingOptions>;
}

/**
 * @example
 * const encoder = new FrameEncoder();
 * const need = encoder.measure(records, 0, records.length);
 * if (encoder.schemaVersion !== announced) announce(encoder.schemaVersion, encoder.encodeSchema());
 * encoder.write(memory, claim(need));
 */
export class FrameEncoder {
  readonly #declared: RecordSchema<unknown> | undefined;
  readonly #maxColumns: number;
  readonly #compileAfterRecords: number;
  readonly #stage = new FrameStage();

  readonly #coding: StringCoding;
  /** Without dictionaries. */
  #schema: FrameSchema | undefined;
  /** The same columns, some with dictionaries: what decoders are told. */
  #coded: FrameSchema | undefined;
  #codes: StringCodes = [];
  #version = 0;
  #layout: FrameLayout;
  #matcher: FieldMatcher;
  #rules: readonly ColumnRule[] = [];
  #interpreted: EncoderProgram;
  /** Undefined until the schema has proved to stay: under hostile variety schemas come and go. */
  #compiled: EncoderProgram | undefined;
  #interpretedRecords = 0;
  /** Records since the schema changed last. */
  #carriedRecords = 0;
  /** Records under this schema, up to some bound. */
  #records = 0;

  /** Frames until a surprise is worth another look at the schema, and by how much looks in vain lengthen that. */
  #framesToLearn = 0;
  #learnPause = 1;

  constructor(options: FrameEncoderOptions = {}) {
    const { schema, maxColumns = MAX_COLUMNS } = options;
    if (!Number.isInteger(maxColumns) || maxColumns < 1 || maxColumns > 4096) {
      throw new MillraceError(
        'ERR_OPTION_INVALID',
        `maxColumns must be an integer from 1 to 4096: maxColumns=${maxColumns}`,
      );
    }
    this.#declared = schema;
    this.#maxColumns = maxColumns;
    this.#compileAfterRecords = compileThreshold(options.compileAfterRecords);
    this.#coding = new StringCoding({ maxBytes: options.dictionaryBytes ?? DICTIONARY_BYTES, ...options.coding });
    const first: FrameSchema = schema?.frameSchema ?? { shape: 'fields', columns: [] };
    this.#layout = layoutOf(first);
    this.#matcher = new FieldMatcher([]);
    this.#interpreted = interpretEncoder(first, [], this.#matcher, []);
    if (schema !== undefined) this.#adopt(first, schema.columnRules);
  }

  /** Changes whenever what decoders must know changes. 0 before anything is known. */
  get schemaVersion(): number {
    return this.#version;
  }

  /** What `FrameDecoder.learn` takes, before the first frame of this `schemaVersion`. */
  encodeSchema(): Uint8Array {
    return schemaToBytes(this.#coded ?? { shape: 'fields', columns: [] });
  }

  /** The columns of the frame measured last; undefined before anything is known. */
  get schema(): FrameSchema | undefined {
    return this.#schema;
  }

  /**
   * Bytes that records[from .. to) need as one frame, a multiple of 8; Infinity when no frame can be that large. Reads
   * every record once and stages the frame for `write`; may widen the schema: compare `schemaVersion` afterwards.
   * @throws RecordFault naming the first record that cannot be encoded; the records before it can be measured again
   * without it
   */
  measure(records: readonly unknown[], from: number, to: number): number {
    const count = to - from;
    const stage = this.#stage;
    stage.discard();
    this.settle();
    this.#nextFrame();
    let source = records;
    let base = from;
    let mayLearn = this.#mayLearn;
    if (this.#schema === undefined && count > 0) {
      source = this.#snapshot(records, from, to, from);
      base = 0;
      this.#learn(source);
      mayLearn = false;
    }
    // Snapshots have other hidden classes than the records they were taken from: one frame of them through the compiled
    // program leaves its property loads polymorphic for good (17 ns a record instead of 12).
    let program = source === records ? this.#programFor(count) : this.#interpreted;
    stage.begin(this.#layout, count);
    try {
      let row = program.uniform(stage, source, base, 0, count);
      while (row < count) {
        if (stage.stop === STOPPED_AT_SHAPE) {
          stage.stop = 0;
          row = program.general(stage, source, base, row, count);
          continue;
        }
        if (this.#declared !== undefined) throw this.#declared.refuse(source[base + row], from + row);
        let whole: unknown;
        if (mayLearn) {
          mayLearn = false;
          source = this.#takeOver(source, base, row, count, from);
          base = 0;
          whole = source[row];
          const widened = this.#learn(source);
          program = this.#interpreted;
          if (widened) {
            stage.begin(this.#layout, count);
            row = program.uniform(stage, source, base, 0, count);
            continue;
          }
        } else whole = this.#stoppedRecord(source[base + row]);
        stage.cells.push(whole);
        stage.tagRow(row);
        stage.stop = 0;
        row = program.uniform(stage, source, base, row + 1, count);
      }
    } catch (error) {
      if (error instanceof RecordFault) throw error;
      if (isStringTooLong(error)) return Number.POSITIVE_INFINITY; // Beyond V8's longest string: no frame holds the text.
      throw unreadable(error, from + stage.row);
    }
    this.#carry(count);
    const bytes = stage.finish(stage.cells.length === 0 ? NO_BYTES : this.#serialize(from, count));
    if (this.#coding.wantsRows) this.#coding.sample(stringsOf(this.#schema!, records, from), count);
    this.#coding.sent(count, () => countCodes(this.#coded!, this.#layout, stage, count, count));
    stage.cells = []; // What they refer to is the user's, and no longer needed.
    return bytes;
  }

  /**
   * Writes the frame measured last at byte `at` (8-aligned) of `memory`; returns its bytes. It may be written any
   * number of times, to several lanes or again after a lane was full, until the next `measure`.
   */
  write(memory: FrameMemory, at: number): number {
    const { byteLength } = this.#stage;
    if (byteLength === 0) throw new MillraceError('ERR_INTERNAL', 'write must follow a measure that succeeded');
    if (at < 0 || (at & 7) !== 0 || at + byteLength > memory.bytes.length) {
      throw new MillraceError(
        'ERR_INTERNAL',
        `A frame is written at an 8-aligned byte, inside its memory: ${byteLength} bytes at byte ${at} of ${memory.bytes.length}`,
      );
    }
    return this.#stage.copyTo(memory, at);
  }

  /**
   * Stages that take records one by one for `receivers`, `capacityRows` each, of the present schema. Undefined until
   * that has shown that it stays, and where code cannot be generated: then whole batches are measured. When
   * `schemaVersion` has moved on, take the rows out of them and measure those.
   */
  columnStages(
    receivers: number,
    capacityRows: number,
    timed: boolean,
    user: ColumnStagesUser,
  ): ColumnStages | undefined {
    const schema = this.#coded;
    if (schema === undefined || this.#carriedRecords < this.#compileAfterRecords) return undefined;
    const encoder = this;
    const policy = {
      refusal: (record: unknown, row: number) => this.#declared?.refuse(record, row),
      get mayLearn() {
        return encoder.#mayLearn;
      },
      sentFrame: (records: number, codedRows: () => readonly [number, number]) => {
        this.#nextFrame();
        this.#carry(records);
        this.#coding.sent(records, codedRows);
      },
      get wantsStrings() {
        return encoder.#coding.wantsRows;
      },
      sampleStrings: (rows: StringRows, count: number) => this.#coding.sample(rows, count),
    };
    const shape = { schema, rules: this.#rules, layout: this.#layout, capacityRows, timed };
    return new ColumnStages(shape, this.#codes, this.#matcher, this.#version, receivers, policy, user);
  }

  /**
   * Takes up what the frames so far have shown about strings: `schemaVersion` may change. Between frames; `measure` does it by itself, users of
   * `columnStages` call it.
   */
  settle(): void {
    const coded = this.#coding.takePending();
    if (coded !== undefined && this.#version < MAX_WIDENINGS) this.#use(coded);
  }

  get #mayLearn(): boolean {
    return this.#declared === undefined && this.#framesToLearn === 0 && this.#version < MAX_WIDENINGS;
  }

  #nextFrame(): void {
    if (this.#framesToLearn > 0) this.#framesToLearn--;
  }

  #carry(records: number): void {
    this.#records = Math.min(this.#records + records, 0x3fff_ffff);
    this.#carriedRecords = Math.min(this.#carriedRecords + records, 0x3fff_ffff);
  }

  /** Bags of fields as plain objects, every field read once; everything else as it is. */
  #snapshot(records: readonly unknown[], from: number, to: number, recordIndex: number): unknown[] {
    const copies: unknown[] = [];
    for (let index = from; index < to; index++) {
      const record = records[index];
      try {
        copies.push(this.#matcher.isBag(record) ? { ...record } : record);
      } catch (cause) {
        throw unreadable(cause, recordIndex + index - from);
      }
    }
    return copies;
  }

  /**
   * All records of the frame, none read twice: staged rows from the stage, the row that did not fit, and a snapshot of
   * the rest.
   */
  #takeOver(source: readonly unknown[], base: number, row: number, count: number, from: number): unknown[] {
    const staged = readStagedRows(this.#coded!, this.#layout, this.#stage, row, count);
    if (this.#stage.stop === STOPPED_AT_VALUE) {
      staged.push(this.#stoppedRecord(source[base + row]));
      row++;
    }
    return [...staged, ...this.#snapshot(source, base + row, base + count, from + row)];
  }

  /** The record at which a row encoder stopped: from the values it has read, if it has. */
  #stoppedRecord(record: unknown): unknown {
    if (this.#stage.stop !== STOPPED_AT_VALUE || this.#schema!.shape === 'value') return record;
    const copy = {};
    this.#schema!.columns.forEach(({ name }, column) => {
      const value = this.#stage.values[column];
      if (value !== ABSENT) defineField(copy, name, value);
    });
    return copy;
  }

  /** Whether the schema changed. `records` are snapshots. */
  #learn(records: readonly unknown[]): boolean {
    const bags = records.map((record) => this.#matcher.isBag(record));
    const schema = inferSchema(this.#schema, { records, bags, past: this.#records, maxColumns: this.#maxColumns });
    if (schema === this.#schema) {
      this.#framesToLearn = this.#learnPause;
      this.#learnPause = Math.min(this.#learnPause * 2, LEARN_PAUSE_MAX_FRAMES);
      return false;
    }
    if (schema.shape !== this.#schema?.shape) this.#records = 0;
    this.#learnPause = 1;
    this.#adopt(
      schema,
      schema.columns.map(() => INFERRED_RULE),
    );
    return true;
  }

  #adopt(schema: FrameSchema, rules: readonly ColumnRule[]): void {
    this.#schema = schema;
    this.#rules = rules;
    this.#layout = layoutOf(schema);
    this.#matcher = new FieldMatcher(schema.columns.map((column) => column.name));
    this.#interpretedRecords = 0;
    this.#carriedRecords = 0;
    this.#use(schema);
    this.#coding.reset(schema);
  }

  /** @param coded the present columns, with dictionaries or without */
  #use(coded: FrameSchema): void {
    this.#coded = coded;
    this.#codes = codesOf(coded);
    this.#version++;
    this.#interpreted = interpretEncoder(coded, this.#rules, this.#matcher, this.#codes);
    this.#compiled = undefined;
  }

  /** The program for `count` more of the user's own records. */
  #programFor(count: number): EncoderProgram {
    if (this.#compiled !== undefined) return this.#compiled;
    this.#interpretedRecords += count;
    if (this.#schema === undefined || this.#interpretedRecords <= this.#compileAfterRecords) {
      return this.#interpreted;
    }
    this.#compiled = compileEncoder(this.#coded!, this.#rules, this.#matcher, this.#codes);
    return this.#compiled;
  }

  #serialize(from: number, count: number): Uint8Array {
    try {
      return serializeCells(this.#stage.cells);
    } catch (cause) {
      throw (
        findUncloneableRow(this.#schema!, this.#stage, from, count) ??
        new MillraceError('ERR_INTERNAL', 'Clone cells must serialise together as they do alone', { cause })
      );
    }
  }
}

function isStringTooLong(error: unknown): boolean {
  return error instanceof RangeError && error.message === 'Invalid string length';
}
