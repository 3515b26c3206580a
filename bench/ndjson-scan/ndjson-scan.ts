// NDJSON scan: is a file read faster by the ordinary flow API on two cores than by the best loop on one?
//
//   ndjson -> filter -> [ exchange by product ] -> count and two sums       on every worker
//
//        +- worker 0: split, split ... -> table of partials \
//        |                                                   x  -> totals -> collect()
//        +- worker 1: split, split ... -> table of partials /
//
// 1 and 2 workers: needs 2 cores. Checked: the totals of every product, against the orders that the file was made from.

import {
  contestant,
  FILE_MEASURES,
  type FileVariant,
  type FileWork,
  productTotals,
  rowsOf,
  rowsTaken,
} from '../files/file-bench.ts';
import { answerOf, expectedOrders, LEAST_QUANTITY, type Order, type ProductTotal } from '../files/orders.ts';
import { makeOrders, ordersPath } from '../files/orders-files.ts';
import { ProductTotals } from '../files/product-totals.ts';
import type { Bench } from '../harness/bench.ts';
import { queryDuckdb } from '../peers/duckdb.ts';
import { scanByRxjs, scanByStreams } from '../peers/file-lines.ts';
import { scanNdjsonByLoop } from './ndjson-loop.ts';

const MODULE = new URL('./ndjson-scan.job.js', import.meta.url);

const WORK: FileWork<ProductTotal[]> = {
  // Fewer than of CSV: a record takes several times as long.
  rows: { full: 4_000_000, less: 1_000_000, quick: 500_000 },
  pathOf: (rows) => ordersPath(rows, 'ndjson'),
  answerOf,
};

const variants: readonly FileVariant[] = [
  contestant(WORK, 'plain loop', scanNdjsonByLoop),
  contestant(WORK, 'millrace 1', (path) => productTotals(MODULE, 1, { path })),
  contestant(WORK, 'millrace 2', (path) => productTotals(MODULE, 2, { path }), { threads: 2 }),
  contestant(WORK, 'duckdb 1', (path) => scanByDuckdb(path, 1)),
  contestant(WORK, 'duckdb 2', (path) => scanByDuckdb(path, 2), { threads: 2 }),
  contestant(WORK, 'node streams', byStreams, { slow: true }),
  contestant(WORK, 'rxjs', byRxjs, { slow: true }),
];

export const ndjsonScan: Bench = {
  name: 'ndjson-scan',
  summary: 'an NDJSON file -> filter -> count and sums a product, against a loop, streams and DuckDB',
  measures: FILE_MEASURES,
  baseline: 'plain loop',
  variants,
  comparisons: [
    { name: 'millrace, 2 workers / plain loop', variant: 'millrace 2', over: 'plain loop', target: 1.7 },
    { name: 'millrace, 2 workers / 1 worker', variant: 'millrace 2', over: 'millrace 1' },
    { name: 'millrace, 2 workers / duckdb, 2 threads', variant: 'millrace 2', over: 'duckdb 2' },
    { name: 'millrace, 2 workers / node streams', variant: 'millrace 2', over: 'node streams' },
  ],
  prepare: async (scale) => {
    for (const rows of rowsTaken(variants, scale)) await makeOrders(rows, 'ndjson');
  },
  expected: (name, scale) => expectedOrders(rowsOf(variants, name, scale)),
};

async function byStreams(path: string): Promise<ProductTotal[]> {
  const totals = new ProductTotals();
  await scanByStreams(
    path,
    (line) => JSON.parse(line) as Order,
    ({ product, quantity, price }) => totals.add(product, quantity, price),
  );
  return totals.totals();
}

async function byRxjs(path: string): Promise<ProductTotal[]> {
  const totals = new ProductTotals();
  await scanByRxjs(
    path,
    (line) => JSON.parse(line) as Order,
    ({ quantity }) => quantity >= LEAST_QUANTITY,
    ({ product, quantity, price }) => totals.add(product, quantity, price),
  );
  return totals.totals();
}

function scanByDuckdb(path: string, threads: number): Promise<ProductTotal[]> {
  return queryDuckdb<ProductTotal>(
    `select product, count(*)::int as orders, sum(quantity)::int as units, sum(price) as total
     from read_json('${path}', format = 'newline_delimited', columns = { 'product': 'varchar', 'quantity': 'int', 'price': 'double' })
     where quantity >= ${LEAST_QUANTITY} group by product`,
    threads,
  );
}
