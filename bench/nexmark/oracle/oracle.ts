// DuckDB as the engine that says what is right. Main thread; DuckDB is loaded when it is asked for, for only --verify needs it.
//
//   events -> person.ndjson, auction.ndjson, bid.ndjson -> tables -> SQL  -> table of the expected answer  \
//   events -> Millrace -> the answer's files                              -> table of the answer          -> compare

import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { type Columns, columnDefinitions, columnList, structureProblem } from './answer-columns.ts';
import { compareRelations, renderDifference, rowsOf } from './compare.ts';
import { loadEvents } from './event-tables.ts';
import { EXPECTED_ANSWERS, type ExpectedAnswer } from './expected-answers.ts';

export interface Verdict {
  readonly rows: number;
  /** What differs, for people; undefined when nothing does. */
  readonly difference: string | undefined;
}

export class Oracle {
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;
  readonly #file: string;
  /** Queries whose expected answer is a table already. */
  readonly #computed = new Set<number>();

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection, file: string) {
    this.#instance = instance;
    this.#connection = connection;
    this.#file = file;
  }

  /** Over the events that writeEvents() wrote into `eventsFolder`. Its database is a file, so that answers need not fit memory. */
  static async open(eventsFolder: string): Promise<Oracle> {
    const { DuckDBInstance } = await import('@duckdb/node-api');
    const file = join(eventsFolder, 'oracle.duckdb');
    rmSync(file, { force: true });
    const instance = await DuckDBInstance.create(file);
    const connection = await instance.connect();
    // Rows come back in any order; they are compared as multisets.
    await connection.run('SET preserve_insertion_order = false');
    await loadEvents(connection, eventsFolder);
    return new Oracle(instance, connection, file);
  }

  /** Compares the answer that a query wrote into `folder` with the expected one. */
  async check(query: number, folder: string): Promise<Verdict> {
    const expected = EXPECTED_ANSWERS[query];
    if (expected === undefined) throw new RangeError(`query ${query} has no answer that could be compared`);
    await this.#compute(query, expected);
    const [{ rows } = { rows: 0 }] = await rowsOf(this.#connection, `SELECT count(*) AS rows FROM ${tableOf(query)}`);
    const structure = await this.#loadAnswer(folder, expected.columns);
    if (structure !== undefined) return { rows: Number(rows), difference: structure };
    const difference = await compareRelations(this.#connection, 'answer', tableOf(query), expected.columns);
    await this.#connection.run('DROP TABLE answer');
    return { rows: Number(rows), difference: difference === undefined ? undefined : renderDifference(difference) };
  }

  close(): void {
    this.#connection.closeSync();
    this.#instance.closeSync();
    rmSync(this.#file, { force: true });
  }

  async #compute(query: number, { sql, columns }: ExpectedAnswer): Promise<void> {
    if (this.#computed.has(query)) return;
    await this.#connection.run(`CREATE OR REPLACE TABLE ${tableOf(query)} (${columnDefinitions(columns)})`);
    await this.#connection.run(
      `INSERT INTO ${tableOf(query)} SELECT ${columnList(Object.keys(columns))} FROM (${sql})`,
    );
    this.#computed.add(query);
  }

  /** The answer's files as the table `answer`. Says what is wrong with their records, if they are not such as were asked for. */
  async #loadAnswer(folder: string, columns: Columns): Promise<string | undefined> {
    await this.#connection.run(`CREATE OR REPLACE TABLE answer (${columnDefinitions(columns)})`);
    // DuckDB takes a pattern without files for a mistake; here it is an answer without rows.
    if (!hasFiles(folder)) return undefined;
    const files = join(folder, '**', '*.ndjson');
    const inPath = namesInPath(folder);
    const inRecords = Object.fromEntries(Object.entries(columns).filter(([name]) => !inPath.includes(name)));
    const structures = await this.#connection.runAndReadAll(
      'SELECT DISTINCT json_structure(json)::VARCHAR AS structure FROM read_ndjson_objects(?)',
      [files],
    );
    for (const { structure } of structures.getRowObjectsJS()) {
      const problem = structureProblem(JSON.parse(String(structure)), inRecords);
      if (problem !== undefined) return `  a record ${problem}`;
    }
    const hiveTypes =
      inPath.length === 0 ? '' : `, hive_types = {${inPath.map((name) => `'${name}': VARCHAR`).join(', ')}}`;
    await this.#connection.run(
      `INSERT INTO answer SELECT ${columnList(Object.keys(columns))} FROM read_json(?, format = 'newline_delimited',
        columns = {${columnDefinitions(inRecords, ': ')}}, hive_partitioning = ${inPath.length > 0}${hiveTypes})`,
      [files],
    );
    return undefined;
  }
}

function tableOf(query: number): string {
  return `expected_${query}`;
}

function hasFiles(folder: string): boolean {
  return (
    existsSync(folder) && readdirSync(folder, { recursive: true }).some((name) => String(name).endsWith('.ndjson'))
  );
}

/** The fields that are told by folders below this one: `date=2015-07-15/minute=00:16` holds date and minute. */
function namesInPath(folder: string): string[] {
  const [first] = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ndjson'));
  return [...(first ?? '').matchAll(/([^/\\=]+)=[^/\\]*[/\\]/g)].map(([, name]) => name!);
}
