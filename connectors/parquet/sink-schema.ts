// Column types of a Parquet file to be written, and how values become them. Any thread.
// The rule is that a value either goes in as it is or is refused: hyparquet-writer would wrap, round or mangle some on its own.

import type { SchemaElement } from 'hyparquet';
import { MillraceError } from '../../engine/errors/millrace-error.ts';
import { encodeJson } from '../files/json-text.ts';

const TYPES = ['double', 'float', 'int32', 'int64', 'string', 'boolean', 'timestamp', 'date', 'bytes', 'json'] as const;

type BaseType = (typeof TYPES)[number];

/** How a field is stored. With `?` it may be null or missing. `int64` takes bigints and whole numbers, `date` a Date at midnight UTC. */
export type ToParquetType = BaseType | `${BaseType}?`;

/** One field of the file to be written. */
export class SinkColumn {
  readonly name: string;
  readonly type: BaseType;
  readonly optional: boolean;
  readonly element: SchemaElement;
  /** Values of the row group that is being collected. */
  values: unknown[] = [];
  /** -0 is among them: the dictionary of the writer takes it for 0, so that this row group has to do without. */
  hasNegativeZero = false;

  constructor(name: string, type: ToParquetType) {
    this.name = name;
    this.type = type.replace(/\?$/, '') as BaseType;
    this.optional = type.endsWith('?');
    this.element = { name, repetition_type: this.optional ? 'OPTIONAL' : 'REQUIRED', ...ELEMENTS[this.type] };
  }

  /** Appends a value; about how many bytes it takes. Throws ERR_SINK for a value that is none of the type. */
  add(value: unknown, file: string): number {
    if (value === null || value === undefined) {
      if (!this.optional) throw this.#misfit(value, file);
      this.values.push(null);
      return 1;
    }
    const stored = this.#store(value, file);
    if (stored === 0 && Object.is(stored, -0)) this.hasNegativeZero = true;
    this.values.push(stored);
    return typeof stored === 'string' || stored instanceof Uint8Array ? stored.length + 4 : 8;
  }

  /** Says in the footer what the column is, once its values are written. */
  label(): void {
    if (this.type === 'json') Object.assign(this.element, { converted_type: 'JSON', logical_type: { type: 'JSON' } });
  }

  #store(value: unknown, file: string): unknown {
    switch (this.type) {
      case 'double':
        if (typeof value === 'number') return value;
        break;
      case 'float':
        if (typeof value === 'number' && (Object.is(Math.fround(value), value) || Number.isNaN(value))) return value;
        break;
      case 'int32':
        if (typeof value === 'number' && (value | 0) === value && !Object.is(value, -0)) return value;
        break;
      case 'int64':
        if (typeof value === 'bigint' && BigInt.asIntN(64, value) === value) return value;
        if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
        break;
      case 'string':
        if (typeof value === 'string' && (value as string & { isWellFormed(): boolean }).isWellFormed()) return value;
        break;
      case 'boolean':
        if (typeof value === 'boolean') return value;
        break;
      case 'timestamp':
        if (value instanceof Date && !Number.isNaN(value.getTime())) return value;
        break;
      case 'date':
        if (value instanceof Date && value.getTime() % 86_400_000 === 0) return value;
        break;
      case 'bytes':
        // A copy: the record may be changed before the row group is full.
        if (value instanceof Uint8Array) return value.slice();
        break;
      case 'json':
        return encodeJson(value, 'fail', file);
    }
    throw this.#misfit(value, file);
  }

  #misfit(value: unknown, file: string): MillraceError {
    const shown =
      typeof value === 'object' && value !== null
        ? (value.constructor?.name ?? 'an object')
        : `${typeof value} ${String(value).slice(0, 80)}`;
    return new MillraceError(
      'ERR_SINK',
      `Column '${this.name}' is '${this.type}${this.optional ? '?' : ''}' and cannot hold ${shown} (for ${file}). ` +
        'Convert it with map, or name the types of all columns with schema',
    );
  }
}

const ELEMENTS: Readonly<Record<BaseType, Omit<SchemaElement, 'name'>>> = {
  double: { type: 'DOUBLE' },
  float: { type: 'FLOAT' },
  int32: { type: 'INT32' },
  int64: { type: 'INT64' },
  string: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  boolean: { type: 'BOOLEAN' },
  timestamp: { type: 'INT64', converted_type: 'TIMESTAMP_MILLIS' },
  date: { type: 'INT32', converted_type: 'DATE' },
  bytes: { type: 'BYTE_ARRAY' },
  // Labelled as JSON by `label`: under that label the writer would take the text for a value and encode it once more.
  json: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
};

/** Every way in which `schema` is none, as sentences. */
export function schemaProblems(schema: Readonly<Record<string, ToParquetType>>): string[] {
  const problems = Object.entries(schema).flatMap(([name, type]) =>
    typeof type === 'string' && (TYPES as readonly string[]).includes(type.replace(/\?$/, ''))
      ? []
      : [
          `a column type must be one of ${TYPES.join(', ')}, each with ? where null may occur: schema.${name}=${String(type)}`,
        ],
  );
  return Object.keys(schema).length === 0 ? ['schema must name one column or more: schema={}'] : problems;
}

/** The narrowest type that loses nothing of any of the values: a number stays a double. */
export function inferType(values: readonly unknown[]): ToParquetType {
  let found: BaseType | undefined;
  for (const value of values) {
    if (value === null || value === undefined) continue;
    const type: BaseType =
      typeof value === 'number'
        ? 'double'
        : typeof value === 'bigint'
          ? 'int64'
          : typeof value === 'boolean'
            ? 'boolean'
            : typeof value === 'string'
              ? 'string'
              : value instanceof Date
                ? 'timestamp'
                : value instanceof Uint8Array
                  ? 'bytes'
                  : 'json';
    // Of several kinds only JSON takes all; that some of them cannot be JSON either is an error when they are added.
    found = found === undefined || found === type ? type : 'json';
  }
  return `${found ?? 'string'}?`;
}
