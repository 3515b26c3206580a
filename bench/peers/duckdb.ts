// DuckDB, a database written in C++, in this process. Main thread; its own threads do the work.

import { DuckDBInstance } from '@duckdb/node-api';

/** The columns of the orders (files/orders.ts), as DuckDB wants them named: what it guessed would cost it a look at the file. */
export const ORDER_COLUMNS = `{ 'id': 'int', 'placed': 'varchar', 'customer': 'int', 'product': 'varchar',
  'country': 'varchar', 'quantity': 'int', 'price': 'double', 'note': 'varchar' }`;

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
