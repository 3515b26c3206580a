// Reads the records that are plain, one after the other, in one loop compiled for the columns. Workers.
//
// Plain is what nearly all records of nearly all files are: whole in the window, of the right number of fields, quoted fields
// without a doubled quote or a newline, numbers of digits and a point. At the first record that is anything else, malformed ones among
// them, the loop stops in front of it, and CsvReader takes that one. So what a record means is decided in one place; this is a
// short cut to the same result, and a test holds the two to each other.
//
// One pass a record: fields that nobody asked for are only passed, numbers are added up digit by digit as they are passed, and
// strings hashed (field-strings.ts). Loops need no look at `limit`: behind it stands a newline.
//
// Where code generation from strings is switched off there is no such loop, and CsvReader takes all records.

import { CompiledReaders } from '../files/compiled-readers.ts';
import type { FieldStrings } from '../files/field-strings.ts';
import type { Cells } from './cells.ts';
import { NON_ASCII_FIELD, POWERS_OF_TEN } from './cells.ts';
import type { CsvColumn } from './columns.ts';
import { CARRIAGE_RETURN, type Dialect, NEWLINE } from './dialect.ts';
import { memberName } from './row-builder.ts';

/**
 * Appends records from byte `at` on until `records` holds `room` of them, notes where each starts, and returns where it stopped: in
 * front of a record that is not plain, or behind the last it took. `text` is the window as Latin-1, where `needsText`.
 */
export type PlainRows = (
  bytes: Buffer,
  text: string,
  cells: Cells,
  strings: readonly (FieldStrings | undefined)[],
  at: number,
  limit: number,
  records: unknown[],
  starts: Int32Array,
  room: number,
  maxRecordBytes: number,
) => number;

export interface PlainShape {
  readonly dialect: Dialect;
  readonly fieldCount: number;
  readonly columns: readonly CsvColumn[];
  /** By column: where its strings are looked up; undefined where they are cut from the window. */
  readonly strings: readonly (FieldStrings | undefined)[];
}

const compiled = new CompiledReaders<PlainRows>();

/** True when a string column is cut from the window's text. */
export function needsText({ columns, strings }: PlainShape): boolean {
  return columns.some(({ type }, column) => type === 'string' && strings[column] === undefined);
}

/** Undefined where code generation from strings is switched off. */
export function plainRows(shape: PlainShape): PlainRows | undefined {
  return compiled.get(sourceOf(shape), (source) => {
    const make = new Function('POWERS_OF_TEN', source) as (powers: Float64Array) => PlainRows;
    return make(POWERS_OF_TEN);
  });
}

/** Names reach the source only through JSON.stringify; all else in it is numbers. */
function sourceOf(shape: PlainShape): string {
  const { dialect, fieldCount, columns } = shape;
  const byField = new Map(columns.map((column, index) => [column.field, index]));
  const fields: string[] = [];
  for (let field = 0; field < fieldCount; field++) {
    const index = byField.get(field);
    const last = field === fieldCount - 1;
    fields.push(index === undefined ? passField(dialect, last) : readField(shape, index, last));
  }
  const members = columns.map(({ name }, index) => `${memberName(name)}: v${index}`);
  return `return function plainRows(bytes, text, cells, strings, at, limit, records, starts, room, maxRecordBytes) {
let count = records.length, b = 0;
while (count < room && at < limit) {
const record = at;
${fields.join('\n')}
if (at >= limit || at - record > maxRecordBytes${fieldCount === 1 ? ' || at === record' : ''}) return record;
starts[count++] = record;
records.push({ ${members.join(', ')} });
at++;
}
return at;
};`;
}

/** Behind a field stands the delimiter, or in the last one the newline; anything else makes the record not plain. */
function fieldEnd({ delimiter }: Dialect, last: boolean): string {
  if (!last) return `if (b !== ${delimiter}) return record;\nat++;`;
  return `if (b !== ${NEWLINE}) return record;`;
}

/** The carriage return of a line end is no part of the field before it. */
function passReturn(last: boolean): string {
  return last ? `if (b === ${CARRIAGE_RETURN} && bytes[at + 1] === ${NEWLINE}) b = bytes[++at];` : '';
}

function passField(dialect: Dialect, last: boolean): string {
  const { delimiter, quote } = dialect;
  const unquoted = `while (b !== ${delimiter} && b !== ${NEWLINE}) b = bytes[++at];`;
  if (quote === -1) return `b = bytes[at];\n${unquoted}\n${fieldEnd(dialect, last)}`;
  return `b = bytes[at];
if (b === ${quote}) {
do b = bytes[++at]; while (b !== ${quote} && b !== ${NEWLINE});
if (b !== ${quote}) return record;
b = bytes[++at];
${passReturn(last)}
} else ${unquoted}
${fieldEnd(dialect, last)}`;
}

function readField(shape: PlainShape, index: number, last: boolean): string {
  const { dialect, columns } = shape;
  const { type, optional } = columns[index]!;
  if (type === 'integer' || type === 'number') return readNumber(dialect, index, type, optional, last);
  const read = type === 'string' ? readString(shape, index, last) : readOther(shape, index, last);
  return `let v${index};\n{\n${read}\n}`;
}

/** At most 15 digits fit a double exactly; a longer number is not plain. */
function readNumber(dialect: Dialect, index: number, type: string, optional: boolean, last: boolean): string {
  const value = `v${index}`;
  const digits = `const first = at;
let point = -1, d = b - 48;
for (;;) {
if (d >= 0 && d <= 9) ${value} = ${value} * 10 + d;
else if (${type === 'number' ? 'b === 46 && point === -1' : 'false'}) point = at;
else break;
b = bytes[++at];
d = b - 48;
}
const digits = at - first - (point === -1 ? 0 : 1);
if (digits === 0 || digits > 15) return record;
${type === 'number' ? `if (point !== -1) ${value} /= POWERS_OF_TEN[at - point - 1];` : ''}
if (negative) ${value} = -${value};`;
  const signed = `const negative = b === 45;\nif (negative) b = bytes[++at];\n${digits}`;
  const end = last ? NEWLINE : dialect.delimiter;
  return `let ${value} = 0;
{
b = bytes[at];
${passReturn(last)}
${optional ? `if (b === ${end}) ${value} = null; else {\n${signed}\n}` : signed}
${passReturn(last)}
${fieldEnd(dialect, last)}
}`;
}

/** Leaves `from`, `to`, `hash`, `high` and `quoted` behind. */
function scanText(dialect: Dialect, hashed: boolean, last: boolean): string {
  const { delimiter, quote } = dialect;
  const take = `${hashed ? 'hash = (Math.imul(hash, 31) + b) | 0; ' : ''}high |= b; b = bytes[++at];`;
  const unquoted = `while (b !== ${delimiter} && b !== ${NEWLINE}) { ${take} }
to = at;
${last ? `if (to > from && bytes[to - 1] === ${CARRIAGE_RETURN}) to--;` : ''}`;
  const head = 'let from = at, to = 0, hash = 0, high = 0, quoted = 0;\nb = bytes[at];';
  if (quote === -1) return `${head}\n${unquoted}\n${fieldEnd(dialect, last)}`;
  return `${head}
if (b === ${quote}) {
quoted = 1;
from = ++at;
b = bytes[at];
while (b !== ${quote} && b !== ${NEWLINE}) { ${take} }
if (b !== ${quote}) return record;
to = at;
b = bytes[++at];
${passReturn(last)}
} else {
${unquoted}
}
${fieldEnd(dialect, last)}`;
}

function readString({ dialect, columns, strings }: PlainShape, index: number, last: boolean): string {
  const { field, optional } = columns[index]!;
  const kept = strings[index] !== undefined;
  const found = kept
    ? `v${index} = strings[${index}].find(bytes, from, to, hash);
if (v${index} === undefined) return record;`
    : `if (high < 128) v${index} = text.substring(from, to);
else {
cells.starts[${field}] = from; cells.ends[${field}] = to; cells.flags[${field}] = ${NON_ASCII_FIELD};
v${index} = cells.string(${field});
${refuseFailed}
}`;
  const read = optional ? `if (from === to && quoted === 0) v${index} = null; else {\n${found}\n}` : found;
  return `${scanText(dialect, kept, last)}\n${read}`;
}

/** CsvReader finds the same fault again, and says what it is. */
const refuseFailed = 'if (cells.failed !== -1) { cells.failed = -1; return record; }';

function readOther({ dialect, columns }: PlainShape, index: number, last: boolean): string {
  const { field, type, optional } = columns[index]!;
  const read = `cells.starts[${field}] = from; cells.ends[${field}] = to; cells.flags[${field}] = high > 127 ? ${NON_ASCII_FIELD} : 0;
v${index} = cells.${type}(${field});
${refuseFailed}`;
  return `${scanText(dialect, false, last)}\n${optional ? `if (from === to) v${index} = null; else {\n${read}\n}` : read}`;
}
