// Column types of a CSV file, and the record type that follows from them. No code runs here but the check of the names.

import { MillraceError } from '../../engine/errors/millrace-error.ts';

interface CsvValues {
  /** As it stands, quotes undone. */
  string: string;
  /** `-1.5e3`, `NaN`, `Infinity`. */
  number: number;
  /** Digits with a sign, up to 2^53. */
  integer: number;
  /** Digits with a sign, of any length. */
  bigint: bigint;
  /** true/false, t/f, yes/no, y/n, 1/0, in any case. */
  boolean: boolean;
  /** ISO 8601, with a space for the T if so written; without an offset it is UTC. */
  date: Date;
}

/** How the fields of a column are read. With `?` an empty field is `null`; without, an empty field is malformed (but for `'string'`). */
export type CsvColumnType = keyof CsvValues | `${keyof CsvValues}?`;

/** Names of columns as in the header, with their types. */
export type CsvColumns = Readonly<Record<string, CsvColumnType>>;

type CsvValue<T extends CsvColumnType> = T extends `${infer Base extends keyof CsvValues}?`
  ? CsvValues[Base] | null
  : T extends keyof CsvValues
    ? CsvValues[T]
    : never;

/** The record that the columns make: `{ price: 'number', when: 'date?' }` is `{ price: number; when: Date | null }`. */
export type CsvRecord<C extends CsvColumns> = { -readonly [K in keyof C]: CsvValue<C[K]> };

export type CsvBaseType = keyof CsvValues;

const TYPES: readonly string[] = ['string', 'number', 'integer', 'bigint', 'boolean', 'date'] satisfies CsvBaseType[];

/** One column to read: which field it is, and how it is read. */
export interface CsvColumn {
  readonly name: string;
  readonly field: number;
  readonly type: CsvBaseType;
  readonly optional: boolean;
}

/** Every way in which `columns` is no list of column types, as sentences. */
export function columnProblems(columns: CsvColumns): string[] {
  const problems: string[] = [];
  for (const [name, type] of Object.entries(columns)) {
    if (typeof type !== 'string' || !TYPES.includes(type.replace(/\?$/, ''))) {
      problems.push(
        `a column type must be one of ${TYPES.join(', ')}, each with ? where empty is null: columns.${name}=${String(type)}`,
      );
    }
  }
  if (Object.keys(columns).length === 0) problems.push('columns must name one column or more: columns={}');
  return problems;
}

/** Which fields of a file to read, and how. Throws ERR_SOURCE when the file lacks a declared column or has a name twice. */
export function bindColumns(shown: string, fields: readonly string[], columns: CsvColumns | undefined): CsvColumn[] {
  const index = new Map<string, number>();
  for (const [field, name] of fields.entries()) {
    if (index.has(name)) {
      throw new MillraceError(
        'ERR_SOURCE',
        `Column names must differ: ${shown} has '${name}' twice. Take the first line as data and name the columns: header: ['…', …]`,
      );
    }
    index.set(name, field);
  }
  if (columns === undefined) return fields.map((name, field) => ({ name, field, type: 'string', optional: false }));
  return Object.entries(columns).map(([name, declared]) => {
    const field = index.get(name);
    if (field === undefined) {
      throw new MillraceError(
        'ERR_SOURCE',
        `A declared column must be in the file: ${shown} has no '${name}'. It has ${fields.map((known) => `'${known}'`).join(', ')}`,
      );
    }
    return { name, field, type: declared.replace(/\?$/, '') as CsvBaseType, optional: declared.endsWith('?') };
  });
}
