// What encoder and decoder of a lane agree on: the columns of a frame, in order. Any thread. It travels through the
// lane as text, before the first frame that needs it. Names are data from outside: whoever generates code from a schema
// quotes them.
import { MillraceError } from '../errors/millrace-error.ts';

/**
 * How the values of a column are stored.
 *
 *   nothing   no value yet: every row is null, undefined or absent     bytes    ends + the frame's byte area
 *   int32     4 bytes                                                  string   ends + the frame's text blob
 *   float64   8 bytes                                                  date     8 bytes, milliseconds, NaN when invalid
 *   int64     8 bytes, a bigint                                        boolean  1 byte
 *   clone     no fixed part: the value is one of the frame's structured-clone cells
 */
export type ColumnKind = (typeof COLUMN_KINDS)[number];

const COLUMN_KINDS = ['nothing', 'int32', 'float64', 'int64', 'boolean', 'date', 'string', 'bytes', 'clone'] as const;

export interface Column {
  readonly name: string;
  readonly kind: ColumnKind;
  /** True when a record may lack the field altogether (which is not the same as holding `undefined`). */
  readonly optional: boolean;
  /** Of a string column: values that travel as codes, below 0 where the end of a text would be; ~code is the index. Others are text. */
  readonly values?: readonly string[];
}

/**
 * `fields`: a record is an object with one column a field. `value`: the record itself is the value of the one column.
 */
export interface FrameSchema {
  readonly shape: 'fields' | 'value';
  readonly columns: readonly Column[];
}

/** JSON, because `JSON.stringify` keeps every name, lone surrogates included, in plain ASCII-safe escapes. */
export function schemaToBytes(schema: FrameSchema): Uint8Array {
  const columns = schema.columns.map(({ name, kind, optional, values }) =>
    values === undefined ? [name, kind, optional ? 1 : 0] : [name, kind, optional ? 1 : 0, values],
  );
  return Buffer.from(JSON.stringify([schema.shape, columns]), 'utf8');
}

/** @throws MillraceError ERR_CORRUPT_FRAME when the bytes are not what {@link schemaToBytes} writes. */
export function schemaFromBytes(bytes: Uint8Array): FrameSchema {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (cause) {
    throw new MillraceError('ERR_CORRUPT_FRAME', 'A schema frame must hold a schema: it is not even JSON', { cause });
  }
  if (!Array.isArray(parsed) || (parsed[0] !== 'fields' && parsed[0] !== 'value') || !Array.isArray(parsed[1])) {
    throw new MillraceError('ERR_CORRUPT_FRAME', 'A schema frame must hold a shape and columns');
  }
  const columns = parsed[1].map((entry: unknown): Column => {
    if (!Array.isArray(entry)) throw badColumn(entry);
    const [name, kind, optional, values] = entry as unknown[];
    const known = COLUMN_KINDS.find((candidate) => candidate === kind);
    if (typeof name !== 'string' || known === undefined) throw badColumn(entry);
    if (values === undefined) return { name, kind: known, optional: optional === 1 };
    if (known !== 'string' || !isTexts(values)) throw badColumn([name, kind]);
    return { name, kind: known, optional: optional === 1, values };
  });
  if (parsed[0] === 'value' && columns.length !== 1) {
    throw new MillraceError('ERR_CORRUPT_FRAME', `A schema of bare values has one column: it has ${columns.length}`);
  }
  return { shape: parsed[0], columns };
}

function isTexts(values: unknown): values is readonly string[] {
  return Array.isArray(values) && values.every((value) => typeof value === 'string');
}

function badColumn(entry: unknown): MillraceError {
  return new MillraceError('ERR_CORRUPT_FRAME', `A schema column is a name and a kind: ${JSON.stringify(entry)}`);
}
