// The columns of an answer, with how each is read and compared. Main thread.

/**
 * `integer`, `text` and `double` must be equal to the last bit. A `mean` may differ by rounding: the order in which doubles are
 * added is nobody's promise.
 */
export type ColumnType = 'integer' | 'double' | 'mean' | 'text';

/** In the order of the answer. */
export type Columns = Readonly<Record<string, ColumnType>>;

const SQL_TYPES: Readonly<Record<ColumnType, string>> = {
  integer: 'BIGINT',
  double: 'DOUBLE',
  mean: 'DOUBLE',
  text: 'VARCHAR',
};

/** What json_structure() calls values that such a column may hold. A double that is whole is written as an integer. */
const JSON_TYPES: Readonly<Record<ColumnType, readonly string[]>> = {
  integer: ['UBIGINT', 'BIGINT'],
  double: ['DOUBLE', 'UBIGINT', 'BIGINT'],
  mean: ['DOUBLE', 'UBIGINT', 'BIGINT'],
  text: ['VARCHAR'],
};

/** `"price" DOUBLE, "extra" VARCHAR`, or with another separator between name and type. */
export function columnDefinitions(columns: Columns, separator = ' '): string {
  return Object.entries(columns)
    .map(([name, type]) => `${quoted(name)}${separator}${separator === ' ' ? SQL_TYPES[type] : `'${SQL_TYPES[type]}'`}`)
    .join(', ');
}

export function columnList(names: readonly string[]): string {
  return names.map(quoted).join(', ');
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** What is wrong with a record of this structure (as json_structure() gives it), or undefined. */
export function structureProblem(structure: Readonly<Record<string, unknown>>, columns: Columns): string | undefined {
  const missing = Object.keys(columns).filter((name) => !Object.hasOwn(structure, name));
  const unknown = Object.keys(structure).filter((name) => !Object.hasOwn(columns, name));
  const wrong = Object.entries(columns)
    .filter(([name, type]) => Object.hasOwn(structure, name) && !JSON_TYPES[type].includes(String(structure[name])))
    .map(([name, type]) => `${name} is ${String(structure[name])} where ${type} is expected`);
  const problems = [
    ...(missing.length > 0 ? [`without ${missing.join(', ')}`] : []),
    ...(unknown.length > 0 ? [`with ${unknown.join(', ')}, which is not asked for`] : []),
    ...wrong,
  ];
  return problems.length === 0 ? undefined : problems.join('; ');
}
