// Compares two relations as multisets of rows: sets in which each row counts. Main thread, in DuckDB.
//
// Where a column is a mean, rows are paired first: among rows that are equal in all other columns, in the order of their means.

import type { DuckDBConnection } from '@duckdb/node-api';
import { type Columns, columnList, quoted } from './answer-columns.ts';

/** How far two means may be apart, relative to the larger. */
const TOLERANCE = 1e-9;
/** Rows shown of each kind. */
const SHOWN = 5;

export type Row = Readonly<Record<string, unknown>>;

export interface Difference {
  /** Rows that were expected and did not come, each as often as it is missing. */
  readonly missingCount: number;
  /** Rows that came and were not expected, or more often than expected. */
  readonly surplusCount: number;
  readonly missing: readonly Row[];
  readonly surplus: readonly Row[];
}

/** @returns undefined when they are equal. Both relations must have all the columns. */
export async function compareRelations(
  connection: DuckDBConnection,
  answer: string,
  expected: string,
  columns: Columns,
): Promise<Difference | undefined> {
  const names = Object.keys(columns);
  const means = names.filter((name) => columns[name] === 'mean');
  const table = 'difference';
  const query =
    means.length === 0 ? exactDifference(answer, expected, names) : pairedDifference(answer, expected, names, means);
  await connection.run(`CREATE OR REPLACE TEMP TABLE ${table} AS ${query}`);
  const totals = await rowsOf(
    connection,
    `SELECT coalesce(sum(surplus) FILTER (surplus > 0), 0)::DOUBLE AS surplus,
            coalesce(-sum(surplus) FILTER (surplus < 0), 0)::DOUBLE AS missing FROM ${table}`,
  );
  const surplusCount = Number(totals[0]!['surplus']);
  const missingCount = Number(totals[0]!['missing']);
  if (surplusCount === 0 && missingCount === 0) return undefined;
  const list = columnList(names);
  const some = (test: string): Promise<Row[]> =>
    rowsOf(connection, `SELECT ${list} FROM ${table} WHERE ${test} ORDER BY ${list} LIMIT ${SHOWN}`);
  return { missingCount, surplusCount, missing: await some('surplus < 0'), surplus: await some('surplus > 0') };
}

/** Rows that are not as many on both sides, with how many more the answer has; negative when it has fewer. */
function exactDifference(answer: string, expected: string, names: readonly string[]): string {
  const list = columnList(names);
  return `SELECT ${list}, sum(side) AS surplus FROM (
    SELECT ${list}, 1 AS side FROM ${answer} UNION ALL SELECT ${list}, -1 AS side FROM ${expected}
  ) GROUP BY ${list} HAVING sum(side) <> 0`;
}

/** The same where means may differ a little: rows without a partner, and pairs whose means are too far apart. */
function pairedDifference(
  answer: string,
  expected: string,
  names: readonly string[],
  means: readonly string[],
): string {
  const list = columnList(names);
  const exact = names.filter((name) => !means.includes(name));
  const partition = exact.length === 0 ? '' : `PARTITION BY ${columnList(exact)}`;
  const numbered = (relation: string): string =>
    `SELECT ${list}, row_number() OVER (${partition} ORDER BY ${columnList(means)}) AS place FROM ${relation}`;
  const partner = exact.map((name) => ` AND a.${quoted(name)} IS NOT DISTINCT FROM e.${quoted(name)}`).join('');
  const near = means
    .map((name) => {
      const [a, e] = [`a.${quoted(name)}`, `e.${quoted(name)}`];
      return `coalesce(abs(${a} - ${e}) <= ${TOLERANCE} * greatest(abs(${a}), abs(${e})), ${a} IS NOT DISTINCT FROM ${e})`;
    })
    .join(' AND ');
  const side = (which: string): string => names.map((name) => `${which}.${quoted(name)} AS ${quoted(name)}`).join(', ');
  const joined = (kind: string): string =>
    `FROM a ${kind} JOIN e ON a.place = e.place${partner} WHERE a.place IS NULL OR e.place IS NULL OR NOT (${near})`;
  return `WITH a AS (${numbered(answer)}), e AS (${numbered(expected)})
    SELECT ${side('a')}, 1 AS surplus ${joined('LEFT')}
    UNION ALL SELECT ${side('e')}, -1 AS surplus ${joined('RIGHT')}`;
}

/** For people. */
export function renderDifference(difference: Difference): string {
  const { missingCount, surplusCount, missing, surplus } = difference;
  const lines = [...part('missing', missingCount, missing), ...part('not expected', surplusCount, surplus)];
  return lines.join('\n');
}

function part(what: string, count: number, rows: readonly Row[]): string[] {
  if (count === 0) return [];
  const shown = rows.map((row) => `    ${JSON.stringify(row)}`);
  return [`  ${what}: ${count} ${count === 1 ? 'row' : 'rows'}${count > rows.length ? ', among them' : ''}`, ...shown];
}

/** With integers as numbers: those here are below 2^53. */
export async function rowsOf(connection: DuckDBConnection, sql: string): Promise<Row[]> {
  const reader = await connection.runAndReadAll(sql);
  return reader
    .getRowObjectsJS()
    .map((row) =>
      Object.fromEntries(
        Object.entries(row).map(([name, value]) => [name, typeof value === 'bigint' ? Number(value) : value]),
      ),
    );
}
