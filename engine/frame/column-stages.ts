// Where records wait for their frame: as rows of columns in private memory, a set for each receiver of an exchange. On
// the thread of the sender, for as long as the schema stays.
//
//   append(receiver, record) -> rows -- limit reached, or nothing more to read --> measure -> write into the lane
//                                    -- a record or a lane they do not suit    --> take: records again
//
// A record that is stored as columns at once dies young. Kept as an object until its frame is full it costs 17 ns more:
// V8 notes each young object that an old array refers to, and its fields have left the first cache when they are read.
// Guarantees: every record given to `append` becomes a row, or is handed to the user of the stages; never both.
import {
  type AppendNames,
  type AppendShape,
  appendFunctionSource,
  appendInlineSource,
  canInline,
} from './append-source.ts';
import { serializeCells } from './clone-cells.ts';
import { ENCODER_TOOLS } from './encoder-source.ts';
import type { FieldMatcher } from './field-matcher.ts';
import { fixedBytes } from './frame-layout.ts';
import type { FrameMemory } from './frame-memory.ts';
import { ABSENT, copyWords, FrameStage } from './frame-stage.ts';
import { defineField } from './generated-code.ts';
import { unreadable } from './record-fault.ts';
import { readStagedRows } from './staged-rows.ts';
import { countCodes, type StringCodes, type StringRows } from './string-coding.ts';

/** Who sends the frames, and takes the records that become no rows. */
export interface ColumnStagesUser {
  /** Takes a record that a loop with the text of `fragment` leaves to a call: at least the last one of each frame. */
  pushTo(receiver: number, record: unknown, timeMs: number): void;
  /** There is no room now, or none has been allowed: the record comes behind the rows. */
  beyond(receiver: number, record: unknown, timeMs: number): void;
  /** The record comes behind the rows and may change the schema: it is to be looked at together with them. */
  surprised(receiver: number, record: unknown, timeMs: number): void;
  /** The record cannot be sent. */
  refused(receiver: number, error: unknown, record: unknown, timeMs: number): void;
}

/** What the encoder of the edge says to a record that fits no columns. */
export interface SurprisePolicy {
  /** The error when the schema is declared. */
  refusal(record: unknown, row: number): unknown;
  readonly mayLearn: boolean;
  /** @param codedRows of the frame, and of how many */
  sentFrame(records: number, codedRows: () => readonly [codes: number, of: number]): void;
  readonly wantsStrings: boolean;
  sampleStrings(rows: StringRows, count: number): void;
}

/** Text for a loop of another compiler, and what it refers to: each name is to be a `const` of the function with the loop. */
export interface AppendFragment {
  readonly text: string;
  readonly constants: Readonly<Record<string, unknown>>;
}

const NO_BYTES = new Uint8Array(0);

export class ColumnStages {
  /** As the encoder's when they were made: the frames are of this schema. */
  readonly version: number;
  /** Stores a record for a receiver, or hands it to the user. */
  readonly append: Append;
  readonly #shape: AppendShape;
  readonly #policy: SurprisePolicy;
  readonly #user: ColumnStagesUser;
  readonly #stages: readonly FrameStage[];
  readonly #counts: Int32Array;
  readonly #limits: Int32Array;
  /** Rows that a loop stores by itself: one less, so that somebody looks at a full frame. */
  readonly #inlineLimits: Int32Array;
  /** The strings of each receiver, row by row; and the sum of their lengths. */
  readonly #texts: readonly string[][];
  readonly #ends: Int32Array;
  readonly #stringColumns: number;
  /** Event times, row by row; empty where records have none. */
  readonly #times: Float64Array;
  readonly #constants: Readonly<Record<string, unknown>>;
  /** By receiver: counts the codes among its rows. */
  readonly #codedRows: readonly (() => readonly [codes: number, of: number])[];

  constructor(
    shape: Omit<AppendShape, 'strideBytes'>,
    codes: StringCodes,
    matcher: FieldMatcher,
    version: number,
    receivers: number,
    policy: SurprisePolicy,
    user: ColumnStagesUser,
  ) {
    const { schema, rules, layout, capacityRows, timed } = shape;
    const strideBytes = fixedBytes(layout, capacityRows);
    // One memory for all receivers: where it lies is a constant of the generated code, a store needs one bounds check.
    const memory = new ArrayBuffer(strideBytes * receivers);
    this.version = version;
    this.#shape = { ...shape, strideBytes };
    this.#policy = policy;
    this.#user = user;
    this.#stringColumns = schema.columns.filter((column) => column.kind === 'string').length;
    this.#stages = Array.from({ length: receivers }, (_, receiver) => {
      const stage = new FrameStage();
      stage.useMemory(memory, receiver * strideBytes, strideBytes);
      stage.begin(layout, capacityRows);
      return stage;
    });
    this.#counts = new Int32Array(receivers);
    this.#limits = new Int32Array(receivers).fill(capacityRows);
    this.#inlineLimits = this.#limits.map((rows) => rows - 1);
    this.#codedRows = this.#stages.map(
      (stage, receiver) => () => countCodes(schema, layout, stage, this.#counts[receiver]!, capacityRows),
    );
    this.#ends = new Int32Array(receivers);
    this.#texts = this.#stages.map(() => new Array<string>(capacityRows * this.#stringColumns).fill(''));
    this.#times = new Float64Array(timed ? receivers * capacityRows : 0);
    const constants = {
      ...ENCODER_TOOLS,
      counts: this.#counts,
      limits: this.#limits,
      stages: this.#stages,
      texts: this.#texts,
      ends: this.#ends,
      int32: new Int32Array(memory),
      float64: new Float64Array(memory),
      int64: new BigInt64Array(memory),
      bytes: new Uint8Array(memory),
      // Two entries more than columns: reading behind the end would deoptimise, and a field may be called ''.
      names: [...matcher.names, '', ''],
      construct: matcher.construct,
      accepts: rules.map((rule) => rule.accepts),
      times: this.#times,
      odd: this.#odd.bind(this),
      ...Object.fromEntries(codes.map((map, column) => [`codes${column}`, map])),
    };
    const own = { ...constants, beyond: user.beyond.bind(user), failed: this.#failed.bind(this) };
    const present = new Uint8Array(schema.columns.length);
    const general = compile(appendFunctionSource(this.#shape, true), { ...own, matcher, present });
    this.append = compile(appendFunctionSource(this.#shape, false), { ...own, general });
    this.#constants = { ...constants, limits: this.#inlineLimits, other: user.pushTo.bind(user) };
  }

  /**
   * `append` as text. Errors pass through it: what it throws between the statements `reading` and `own` comes from a
   * getter of the record. Undefined when only a call will do.
   */
  fragment(names: AppendNames, reading: string, own: string): AppendFragment | undefined {
    if (!canInline(this.#shape)) return undefined;
    const text = appendInlineSource(this.#shape, names, reading, own);
    const constants = Object.entries(this.#constants)
      .map(([name, value]) => [names.prefix + name, value] as const)
      .filter(([name]) => text.includes(name));
    return { text, constants: Object.fromEntries(constants) };
  }

  /** Rows staged for a receiver. */
  rows(receiver: number): number {
    return this.#counts[receiver]!;
  }

  /** Rows that `append` takes for a receiver until they are sent: up to the capacity, 0 for none. */
  limit(receiver: number, rows: number): void {
    this.#limits[receiver] = rows;
    this.#inlineLimits[receiver] = rows - 1;
  }

  /**
   * Bytes of the receiver's rows as one frame; Infinity when no frame can be that large. Rows may still be added, then
   * measure again.
   * @throws when a clone cell cannot be cloned
   */
  measure(receiver: number): number {
    const stage = this.#stages[receiver]!;
    const rows = this.#counts[receiver]!;
    const strings = rows * this.#stringColumns;
    if (this.#ends[receiver] === 0) stage.blob = '';
    else {
      const text = this.#texts[receiver]!;
      try {
        // Flat at once, where `+=` builds a tree that is flattened later: 25 ns a string of 15 characters instead of 40.
        stage.blob = (strings === text.length ? text : text.slice(0, strings)).join('');
      } catch (error) {
        if (error instanceof RangeError) return Number.POSITIVE_INFINITY; // Beyond V8's longest string.
        throw error;
      }
    }
    return stage.finish(stage.cells.length === 0 ? NO_BYTES : serializeCells(stage.cells), rows);
  }

  /** Writes the frame measured last at byte `at` of `memory`, and begins the next one. Returns its bytes. */
  write(receiver: number, memory: FrameMemory, at: number): number {
    const stage = this.#stages[receiver]!;
    const rows = this.#counts[receiver]!;
    const bytes = stage.copyTo(memory, at);
    if (this.#policy.wantsStrings) this.#policy.sampleStrings(this.#stringRows(receiver), rows);
    this.#policy.sentFrame(rows, this.#codedRows[receiver]!);
    this.#clear(receiver);
    return bytes;
  }

  /** Whether rows have event times. */
  get timed(): boolean {
    return this.#shape.timed;
  }

  /** Writes the event times of a receiver's rows to `into`, from index `at`. */
  writeTimes(receiver: number, into: Float64Array, at: number): void {
    copyWords(this.#times, receiver * this.#shape.capacityRows, into, at, this.#counts[receiver]!);
  }

  /** The rows of a receiver as records again; it has none then. */
  take(receiver: number): { readonly records: unknown[]; readonly times: readonly number[] } {
    const { schema, layout, capacityRows, timed } = this.#shape;
    const stage = this.#stages[receiver]!;
    const strings = this.#texts[receiver]!;
    const records = readStagedRows(schema, layout, stage, this.#counts[receiver]!, capacityRows, strings);
    const start = receiver * capacityRows;
    const times = timed ? [...this.#times.subarray(start, start + this.#counts[receiver]!)] : [];
    this.#clear(receiver);
    return { records, times };
  }

  #stringRows(receiver: number): StringRows {
    const stage = this.#stages[receiver]!;
    const texts = this.#texts[receiver]!;
    let slots = 0;
    const slotOf = this.#shape.schema.columns.map(({ kind }) => (kind === 'string' ? slots++ : -1));
    return {
      stringAt: (row, column) =>
        stage.tagAt(column, row) !== 0 || stage.isRowTagged(row) ? undefined : texts[row * slots + slotOf[column]!],
    };
  }

  #clear(receiver: number): void {
    this.#counts[receiver] = 0;
    this.#ends[receiver] = 0;
    this.#stages[receiver]!.begin(this.#shape.layout, this.#shape.capacityRows);
  }

  /** `read`: the values of its fields, when they have been read. */
  #odd(receiver: number, record: unknown, timeMs: number, read?: readonly unknown[]): void {
    const stage = this.#stages[receiver]!;
    const row = this.#counts[receiver]!;
    stage.untagRow(row);
    const error = this.#policy.refusal(record, row);
    if (error !== undefined) {
      this.#user.refused(receiver, error, record, timeMs);
      return;
    }
    const whole = read === undefined || this.#shape.schema.shape === 'value' ? record : this.#record(read);
    if (this.#policy.mayLearn) {
      this.#user.surprised(receiver, whole, timeMs);
      return;
    }
    stage.cells.push(whole);
    stage.tagRow(row);
    this.#texts[receiver]!.fill('', row * this.#stringColumns, (row + 1) * this.#stringColumns);
    if (this.#shape.timed) this.#times[receiver * this.#shape.capacityRows + row] = timeMs;
    this.#counts[receiver] = row + 1;
  }

  #failed(receiver: number, record: unknown, timeMs: number, error: unknown): void {
    const row = this.#counts[receiver]!;
    this.#stages[receiver]!.untagRow(row);
    this.#user.refused(receiver, unreadable(error, row), record, timeMs);
  }

  /** Getters run once. */
  #record(values: readonly unknown[]): object {
    const record = {};
    this.#shape.schema.columns.forEach(({ name }, column) => {
      if (values[column] !== ABSENT) defineField(record, name, values[column]);
    });
    return record;
  }
}

type Append = (receiver: number, record: unknown, timeMs: number) => void;

let functions = 0;

function compile(body: string, constants: Readonly<Record<string, unknown>>): Append {
  // A name of its own: V8 keeps one set of type feedback for all functions made from equal text.
  const text = `'use strict';\nreturn function append${functions++}(t, record, time) {${body}\n};`;
  const build = new Function(...Object.keys(constants), text) as (...values: unknown[]) => Append;
  return build(...Object.values(constants));
}
