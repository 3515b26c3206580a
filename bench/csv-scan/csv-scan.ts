// CSV scan: is a file read faster by the ordinary flow API on two cores than by the best loop on one?
//
//   csv -> filter -> [ exchange by product ] -> count and two sums          on every worker
//
//        +- worker 0: split, split ... -> table of partials \
//        |                                                   x  -> totals -> collect()
//        +- worker 1: split, split ... -> table of partials /
//
// 1 and 2 workers: needs 2 cores. Checked: the totals of every product, against the orders that the file was made from.
// Records are combined before the exchange, as is the default, so that hardly anything crosses a lane: this is about reading.

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
import { answerOf, expectedOrders, LEAST_QUANTITY, type ProductTotal } from '../files/orders.ts';
import { makeOrders, ordersPath } from '../files/orders-files.ts';
import { ProductTotals } from '../files/product-totals.ts';
import type { Bench } from '../harness/bench.ts';
import { ORDER_COLUMNS, queryDuckdb } from '../peers/duckdb.ts';
import { scanByRxjs, scanByStreams } from '../peers/file-lines.ts';
import { scanCsvByLoop } from './csv-loop.ts';
import { scanCsvByPlainLoop } from './plain-loop.ts';

const MODULE = new URL('./csv-scan.job.js', import.meta.url);
const HEADER_START = 'id,';

const WORK: FileWork<ProductTotal[]> = {
  rows: ORDERS,
  pathOf: (rows) => ordersPath(rows, 'csv'),
  answerOf,
};

const variants: readonly FileVariant[] = [
  contestant(WORK, 'byte loop', scanCsvByLoop),
  contestant(WORK, 'plain loop', scanCsvByPlainLoop),
  contestant(WORK, 'millrace 1', (path) => productTotals(MODULE, 1, { path })),
  contestant(WORK, 'millrace 2', (path) => productTotals(MODULE, 2, { path }), { threads: 2 }),
  contestant(WORK, 'millrace 2, multiline', (path) => productTotals(MODULE, 2, { path, multiline: true }), {
    threads: 2,
  }),
  contestant(WORK, 'duckdb 1', (path) => scanByDuckdb(path, 1)),
  contestant(WORK, 'duckdb 2', (path) => scanByDuckdb(path, 2), { threads: 2 }),
  contestant(WORK, 'node streams', byStreams, { slow: true }),
  contestant(WORK, 'rxjs', byRxjs, { slow: true }),
];

export const csvScan: Bench = {
  name: 'csv-scan',
  summary: 'a CSV file -> filter -> count and sums a product, against loops, streams and DuckDB',
  measures: FILE_MEASURES,
  baseline: 'byte loop',
  variants,
  comparisons: [
    { name: 'millrace, 2 workers / byte loop', variant: 'millrace 2', over: 'byte loop', target: 1.7 },
    { name: 'millrace, 2 workers / plain loop', variant: 'millrace 2', over: 'plain loop' },
    { name: 'millrace, 2 workers / 1 worker', variant: 'millrace 2', over: 'millrace 1' },
    { name: 'millrace, 2 workers / duckdb, 2 threads', variant: 'millrace 2', over: 'duckdb 2' },
    { name: 'millrace, 2 workers / node streams', variant: 'millrace 2', over: 'node streams' },
  ],
  prepare: async (scale) => {
    for (const rows of rowsTaken(variants, scale)) await makeOrders(rows, 'csv');
  },
  expected: (name, scale) => expectedOrders(rowsOf(variants, name, scale)),
};

/** The three columns of a line; a quoted note stands behind them. */
function parse(line: string): { product: string; quantity: number; price: number } {
  const fields = line.split(',', 7);
  return { product: fields[3]!, quantity: Number(fields[5]), price: Number(fields[6]) };
}

async function byStreams(path: string): Promise<ProductTotal[]> {
  const totals = new ProductTotals();
  await scanByStreams(
    path,
    (line) => (line.startsWith(HEADER_START) ? { product: '', quantity: 0, price: 0 } : parse(line)),
    ({ product, quantity, price }) => totals.add(product, quantity, price),
  );
  return totals.totals();
}

async function byRxjs(path: string): Promise<ProductTotal[]> {
  const totals = new ProductTotals();
  await scanByRxjs(
    path,
    parse,
    // The header's quantity is not a number, and so not at least this one.
    ({ quantity }) => quantity >= LEAST_QUANTITY,
    ({ product, quantity, price }) => totals.add(product, quantity, price),
  );
  return totals.totals();
}

function scanByDuckdb(path: string, threads: number): Promise<ProductTotal[]> {
  return queryDuckdb<ProductTotal>(
    `select product, count(*)::int as orders, sum(quantity)::int as units, sum(price) as total
     from read_csv('${path}', header = true, delim = ',', quote = '"', columns = ${ORDER_COLUMNS})
     where quantity >= ${LEAST_QUANTITY} group by product`,
    threads,
  );
}
