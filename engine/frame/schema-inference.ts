// Learns a schema from records, and widens it when records change. Any one thread; runs on the first frame and on
// surprises only.
//
// A column's kind only ever climbs:      nothing -> int32 -> float64 -> clone
//                                        nothing -> string, boolean, date, int64, bytes -> clone
// so a schema is widened a bounded number of times, whatever the records do. What is rare is not worth a column, nor
// worth the slow kind `clone` for a column that is almost always something else: such records travel whole, as one
// clone cell each.
import type { Column, ColumnKind, FrameSchema } from './frame-schema.ts';
import { isDate, isInt32, isInt64, isPlainBytes } from './value-tests.ts';

/**
 * A field or a kind that fewer than one in 16 records have does not change the schema: a whole-record cell costs them
 * 1-2 us each.
 */
const RARE = 16;

/**
 * Records of the past that count against a surprise: else one odd record, alone in its frame, would slow a column for
 * ever.
 */
const MEMORY_RECORDS = 1008;

export interface InferenceInput {
  /** Plain objects with every field read once, or values that are no bag of fields. */
  readonly records: readonly unknown[];
  /** Whether records[i] is a bag of fields. */
  readonly bags: readonly boolean[];
  /** Records that the current schema has carried. */
  readonly past: number;
  readonly maxColumns: number;
}

/** The kind that stores `value` alone without loss. */
function kindOf(value: unknown): ColumnKind {
  switch (typeof value) {
    case 'number':
      return isInt32(value) && !Object.is(value, -0) ? 'int32' : 'float64';
    case 'string':
      return 'string';
    case 'boolean':
      return 'boolean';
    case 'bigint':
      return isInt64(value) ? 'int64' : 'clone';
    case 'undefined':
      return 'nothing';
    default:
      if (value === null) return 'nothing';
      return isDate(value) ? 'date' : isPlainBytes(value) ? 'bytes' : 'clone';
  }
}

/** The same schema object when nothing is worth changing. */
export function inferSchema(current: FrameSchema | undefined, input: InferenceInput): FrameSchema {
  const { records, bags } = input;
  const bagCount = bags.reduce((sum, isBag) => sum + (isBag ? 1 : 0), 0);
  const weight = records.length + Math.min(input.past, MEMORY_RECORDS);
  const odd = current?.shape === 'value' ? bagCount : records.length - bagCount;
  // Another shape takes over when most of a frame has it, a frame of a few records excepted. The encoder counts how
  // often that happens.
  const changesShape = current !== undefined && odd * 2 > records.length + Math.min(input.past, RARE);
  const known = changesShape ? undefined : current;
  const shape = known?.shape ?? (bagCount * 2 >= records.length ? 'fields' : 'value');
  if (shape === 'value') {
    const column = new ColumnStatistics('', known?.columns[0]);
    for (const record of records) column.see(record);
    const widened = column.widened(weight, records.length, 0);
    return widened === known?.columns[0] ? known! : { shape, columns: [widened] };
  }

  const statistics = new Map<string, ColumnStatistics>();
  for (const column of known?.columns ?? []) statistics.set(column.name, new ColumnStatistics(column.name, column));
  // Bounded: hostile records could bring a new name each. Names first seen behind the bound cannot be frequent in this
  // frame.
  const namesMax = input.maxColumns * RARE * 2;
  for (let index = 0; index < records.length; index++) {
    if (!bags[index]) continue;
    const record = records[index] as Record<string, unknown>;
    for (const name of Object.keys(record)) {
      let column = statistics.get(name);
      if (column === undefined) {
        if (statistics.size >= namesMax) continue;
        column = new ColumnStatistics(name, undefined);
        statistics.set(name, column);
      }
      column.see(record[name]);
    }
  }
  const frequent = [...statistics.values()].filter(
    (column) => column.before !== undefined || column.seen * RARE >= weight,
  );
  // Too many fields to make columns of: those of before stay, and records that have others travel whole.
  const kept =
    frequent.length <= input.maxColumns ? frequent : frequent.filter((column) => column.before !== undefined);
  const columns = kept.map((column) => column.widened(weight, bagCount, known === undefined ? 0 : input.past));
  const isSame =
    known !== undefined &&
    columns.length === known.columns.length &&
    columns.every((column, index) => column === known.columns[index]);
  return isSame ? known : { shape, columns };
}

class ColumnStatistics {
  readonly name: string;
  readonly before: Column | undefined;
  seen = 0;
  readonly #kinds = new Map<ColumnKind, number>();

  constructor(name: string, before: Column | undefined) {
    this.name = name;
    this.before = before;
  }

  see(value: unknown): void {
    this.seen++;
    const kind = kindOf(value);
    this.#kinds.set(kind, (this.#kinds.get(kind) ?? 0) + 1);
  }

  /**
   * The column for what was seen: the very object of before when that will do. `of` records could have had the field;
   * `past` did not.
   */
  widened(weight: number, of: number, past: number): Column {
    const { before } = this;
    const optional = before?.optional === true || this.seen < of || (before === undefined && past > 0);
    const kind = this.#widenedKind(weight);
    if (before !== undefined && before.kind === kind && before.optional === optional) return before;
    return { name: this.name, kind, optional };
  }

  #widenedKind(weight: number): ColumnKind {
    let kind = this.before?.kind ?? 'nothing';
    if (kind === 'clone') return kind;
    const seen = [...this.#kinds].filter(([candidate]) => candidate !== 'nothing').sort(([, a], [, b]) => b - a);
    if (seen.length === 0) return kind;
    if (kind === 'nothing') kind = seen[0]![0];
    if (kind === 'int32' && this.#kinds.has('float64')) kind = 'float64';
    const misfits = seen.reduce((sum, [candidate, records]) => sum + (fits(candidate, kind) ? 0 : records), 0);
    return misfits * RARE >= weight && misfits > 0 ? 'clone' : kind;
  }
}

function fits(candidate: ColumnKind, kind: ColumnKind): boolean {
  return candidate === kind || (candidate === 'int32' && kind === 'float64') || kind === 'clone';
}
