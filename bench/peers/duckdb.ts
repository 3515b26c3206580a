// DuckDB, a database written in C++, in this process. Main thread; its own threads do the work.

import { DuckDBInstance } from '@duckdb/node-api';

/** The rows of one query as objects. Opening the database is part of the work; it takes some milliseconds. */
export async function queryDuckdb<Row>(sql: string, threads: number): Promise<Row[]> {
  const instance = await DuckDBInstance.create(':memory:', { threads: String(threads) });
  const connection = await instance.connect();
  try {
    const reader = await connection.runAndReadAll(sql);
    return reader.getRowObjectsJS() as Row[];
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
