// Parquet scan: the same orders and question as csv-scan, from a file that has columns already.
//
//   parquet -> filter -> [ exchange by product ] -> count and two sums      on every worker
//
//        +- worker 0: row group, row group ... -> table of partials \
//        |                                                           x  -> totals -> collect()
//        +- worker 1: row group, row group ... -> table of partials /
//
// 1 and 2 workers: needs 2 cores. Checked: the totals of every product, against the orders that the file was made from. DuckDB writes
// the file: row groups of 122 880 orders, Snappy, dictionaries where they pay.

import {
  contestant,
  FILE_MEASURES,
  type FileVariant,
  type FileWork,
  ORDERS,
  productTotals,
  rowsOf,
  rowsTaken,
} from '../files/file-bench.ts';
import { makeInput } from '../files/generated-file.ts';
import { answerOf, expectedOrders, LEAST_QUANTITY, type ProductTotal } from '../files/orders.ts';
import { makeOrders, ordersPath } from '../files/orders-files.ts';
import type { Bench } from '../harness/bench.ts';
import { ORDER_COLUMNS, queryDuckdb } from '../peers/duckdb.ts';
import { scanParquetByLoop } from './hyparquet-loop.ts';

const MODULE = new URL('./parquet-scan.job.js', import.meta.url);

const WORK: FileWork<ProductTotal[]> = {
  rows: ORDERS,
  pathOf: (rows) => parquetOf(ordersPath(rows, 'csv')),
  answerOf,
};

const variants: readonly FileVariant[] = [
  contestant(WORK, 'hyparquet loop', scanParquetByLoop),
  contestant(WORK, 'millrace 1', (path) => productTotals(MODULE, 1, { path })),
  contestant(WORK, 'millrace 2', (path) => productTotals(MODULE, 2, { path }), { threads: 2 }),
  contestant(WORK, 'duckdb 1', (path) => scanByDuckdb(path, 1)),
  contestant(WORK, 'duckdb 2', (path) => scanByDuckdb(path, 2), { threads: 2 }),
];

export const parquetScan: Bench = {
  name: 'parquet-scan',
  summary: 'a Parquet file -> filter -> count and sums a product, against hyparquet by itself and DuckDB',
  measures: FILE_MEASURES,
  baseline: 'hyparquet loop',
  variants,
  comparisons: [
    { name: 'millrace, 2 workers / hyparquet loop', variant: 'millrace 2', over: 'hyparquet loop' },
    { name: 'millrace, 2 workers / 1 worker', variant: 'millrace 2', over: 'millrace 1' },
    { name: 'millrace, 2 workers / duckdb, 2 threads', variant: 'millrace 2', over: 'duckdb 2' },
  ],
  prepare: async (scale) => {
    for (const rows of rowsTaken(variants, scale)) await makeParquet(rows);
  },
  expected: (name, scale) => expectedOrders(rowsOf(variants, name, scale)),
};

function parquetOf(csvPath: string): string {
  return csvPath.replace(/csv$/, 'parquet');
}

async function makeParquet(rows: number): Promise<void> {
  const csvPath = await makeOrders(rows, 'csv');
  await makeInput(parquetOf(csvPath.split('/').at(-1)!), async (path) => {
    const table = `read_csv('${csvPath}', header = true, columns = ${ORDER_COLUMNS})`;
    await queryDuckdb(`copy (select * from ${table}) to '${path}' (format parquet, compression snappy)`, 2);
  });
}

function scanByDuckdb(path: string, threads: number): Promise<ProductTotal[]> {
  return queryDuckdb<ProductTotal>(
    `select product, count(*)::int as orders, sum(quantity)::int as units, sum(price) as total
     from read_parquet('${path}') where quantity >= ${LEAST_QUANTITY} group by product`,
    threads,
  );
}
