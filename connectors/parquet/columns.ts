// Column types of a Parquet file, the record type that follows from them, and what each physical column becomes. Any thread.
// The rule is that no value changes silently. Integers are numbers as long as they are below 2^53 and malformed above, unless the
// column is declared 'bigint'; a moment finer than a millisecond is malformed, for a Date cannot hold it, unless declared 'bigint'.

import type { FileMetaData, SchemaElement, SchemaTree } from 'hyparquet';
import { MillraceError } from '../../engine/errors/millrace-error.ts';

interface ParquetValues {
  /** Integers up to 2^53, floats, decimals of up to 15 digits, times of day in the unit of the file. */
  number: number;
  /** Integers of any size; timestamps as the file counts them, in milli-, micro- or nanoseconds since 1970. */
  bigint: bigint;
  /** Text, UUIDs; decimals with all their digits. */
  string: string;
  boolean: boolean;
  /** Timestamps and dates. */
  date: Date;
  /** Bytes without a meaning known to Parquet. */
  bytes: Uint8Array;
  /** Lists, maps, structs, JSON. */
  json: unknown;
}

/** How a column is read. With `?` it may hold nulls; without, a null is malformed. */
export type ParquetColumnType = keyof ParquetValues | `${keyof ParquetValues}?`;

/** Names of columns as in the file, with their types. */
export type ParquetColumns = Readonly<Record<string, ParquetColumnType>>;

type ParquetValue<T extends ParquetColumnType> = T extends `${infer Base extends keyof ParquetValues}?`
  ? ParquetValues[Base] | null
  : T extends keyof ParquetValues
    ? ParquetValues[T]
    : never;

/** The record that the columns make: `{ delay: 'number', date: 'date?' }` is `{ delay: number; date: Date | null }`. */
export type ParquetRecord<C extends ParquetColumns> = { -readonly [K in keyof C]: ParquetValue<C[K]> };

export type ParquetBaseType = keyof ParquetValues;

/** What the file holds in a column, in the terms that decide how it is read. */
export type Stored =
  | 'boolean'
  | 'int32'
  | 'int64'
  | 'uint64'
  | 'float'
  | 'date'
  | 'timestamp'
  | 'int96'
  | 'decimal'
  | 'text'
  | 'uuid'
  | 'jsonText'
  | 'bytes'
  | 'nested';

/** One column to read. */
export interface ParquetColumn {
  readonly name: string;
  readonly stored: Stored;
  readonly type: ParquetBaseType;
  /** Nulls are let through. */
  readonly optional: boolean;
  /** The file says that there may be nulls. */
  readonly nullable: boolean;
  readonly element: SchemaElement;
}

/** The types that a stored column can be read as; the first is the one taken when none is declared. */
const READABLE: Readonly<Record<Stored, readonly ParquetBaseType[]>> = {
  boolean: ['boolean'],
  int32: ['number', 'bigint'],
  int64: ['number', 'bigint'],
  uint64: ['number', 'bigint'],
  float: ['number'],
  date: ['date'],
  timestamp: ['date', 'bigint'],
  int96: ['date', 'bigint'],
  decimal: ['number', 'string'],
  text: ['string'],
  uuid: ['string'],
  jsonText: ['json', 'string'],
  bytes: ['bytes', 'string'],
  nested: ['json'],
};

const TYPES: readonly string[] = [
  'number',
  'bigint',
  'string',
  'boolean',
  'date',
  'bytes',
  'json',
] satisfies ParquetBaseType[];

/** Decimals of more digits than this are not all doubles: they are read as text. */
const MAX_DOUBLE_DIGITS = 15;

/** Every way in which `columns` is neither a list of names nor a list of column types, as sentences. */
export function columnProblems(columns: ParquetColumns | readonly string[]): string[] {
  const problems: string[] = [];
  if (Array.isArray(columns)) {
    if (columns.length === 0) problems.push('columns must name one column or more: columns=[]');
    if (new Set(columns).size !== columns.length)
      problems.push(`columns must name each column once: columns=${JSON.stringify(columns)}`);
    return problems;
  }
  for (const [name, type] of Object.entries(columns)) {
    if (typeof type !== 'string' || !TYPES.includes(type.replace(/\?$/, ''))) {
      problems.push(
        `a column type must be one of ${TYPES.join(', ')}, each with ? where null may occur: columns.${name}=${String(type)}`,
      );
    }
  }
  if (Object.keys(columns).length === 0) problems.push('columns must name one column or more: columns={}');
  return problems;
}

/** Which columns of a file to read, and as what. Throws ERR_SOURCE when the file lacks one or holds something else in it. */
export function bindColumns(
  shown: string,
  tree: SchemaTree,
  wanted: ParquetColumns | readonly string[] | undefined,
): ParquetColumn[] {
  const children = new Map(tree.children.map((child) => [child.element.name, child]));
  const names =
    wanted === undefined
      ? [...children.keys()]
      : Array.isArray(wanted)
        ? (wanted as readonly string[])
        : Object.keys(wanted);
  return names.map((name) => {
    const child = children.get(name);
    if (child === undefined) {
      const known = [...children.keys()].map((key) => `'${key}'`).join(', ');
      throw new MillraceError(
        'ERR_SOURCE',
        `A declared column must be in the file: ${shown} has no '${name}'. It has ${known}`,
      );
    }
    const { element } = child;
    const stored = storedAs(child);
    const declared = wanted === undefined || Array.isArray(wanted) ? undefined : (wanted as ParquetColumns)[name];
    const type = (declared?.replace(/\?$/, '') as ParquetBaseType | undefined) ?? naturalType(stored, element);
    if (!READABLE[stored].includes(type)) {
      throw new MillraceError(
        'ERR_SOURCE',
        `Column '${name}' of ${shown} holds ${stored} and cannot be read as '${type}': declare it ${READABLE[stored].map((can) => `'${can}'`).join(' or ')}`,
      );
    }
    const nullable = element.repetition_type !== 'REQUIRED';
    return { name, stored, type, optional: declared === undefined || declared.endsWith('?'), nullable, element };
  });
}

function naturalType(stored: Stored, element: SchemaElement): ParquetBaseType {
  return stored === 'decimal' && decimalOf(element).precision > MAX_DOUBLE_DIGITS ? 'string' : READABLE[stored][0]!;
}

/** Digits in all, and digits behind the point. */
export function decimalOf({ logical_type: logical, precision, scale }: SchemaElement): {
  precision: number;
  scale: number;
} {
  return logical?.type === 'DECIMAL'
    ? { precision: logical.precision, scale: logical.scale }
    : { precision: precision ?? Number.POSITIVE_INFINITY, scale: scale ?? 0 };
}

function storedAs({ element, children }: SchemaTree): Stored {
  const { type, converted_type: converted, logical_type: logical } = element;
  if (children.length > 0 || element.repetition_type === 'REPEATED') return 'nested';
  if (logical?.type === 'GEOMETRY' || logical?.type === 'GEOGRAPHY') return 'nested';
  if (converted === 'DECIMAL' || logical?.type === 'DECIMAL') return 'decimal';
  switch (type) {
    case 'BOOLEAN':
      return 'boolean';
    case 'INT32':
      return converted === 'DATE' || logical?.type === 'DATE' ? 'date' : 'int32';
    case 'INT64':
      if (logical?.type === 'TIMESTAMP' || converted === 'TIMESTAMP_MILLIS' || converted === 'TIMESTAMP_MICROS')
        return 'timestamp';
      return converted === 'UINT_64' || (logical?.type === 'INTEGER' && !logical.isSigned) ? 'uint64' : 'int64';
    case 'INT96':
      return 'int96';
    case 'FLOAT':
    case 'DOUBLE':
      return 'float';
    case 'BYTE_ARRAY':
      if (converted === 'JSON' || logical?.type === 'JSON') return 'jsonText';
      if (converted === 'UTF8' || converted === 'ENUM' || logical?.type === 'STRING' || logical?.type === 'ENUM')
        return 'text';
      return 'bytes';
    default:
      if (logical?.type === 'UUID') return 'uuid';
      return logical?.type === 'FLOAT16' ? 'float' : 'bytes';
  }
}

/**
 * The metadata with other labels on the columns: the labels choose which of hyparquet's hooks gets the raw values, and those of
 * decode-column.ts convert them without loss. Decimals and binary text would otherwise be rounded and mangled on the way.
 */
export function relabelled(metadata: FileMetaData, columns: readonly ParquetColumn[]): FileMetaData {
  const labels = new Map(columns.map((column) => [column.element, labelOf(column)]));
  return { ...metadata, schema: metadata.schema.map((element) => labels.get(element) ?? element) };
}

function labelOf({ stored, type, element }: ParquetColumn): SchemaElement {
  if (stored === 'nested' || stored === 'boolean' || stored === 'float' || stored === 'int32') return element;
  const { converted_type, logical_type, scale, precision, ...bare } = element;
  if (element.type === 'INT64') {
    // Uint64 read as bigint keeps its label: the library turns the sign bit into a digit.
    if (type === 'bigint') return stored === 'uint64' ? element : bare;
    return { ...bare, logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' } };
  }
  if (stored === 'text' || stored === 'jsonText' || type === 'string' || stored === 'decimal') {
    return element.type === 'INT32' ? bare : { ...bare, logical_type: { type: 'UUID' } };
  }
  return bare;
}
