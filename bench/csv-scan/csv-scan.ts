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

import { expectedOrders, LEAST_QUANTITY, type ProductTotal } from '../files/orders.ts';
import { makeOrders, ordersPath } from '../files/orders-files.ts';
import { ProductTotals } from '../files/product-totals.ts';
import { ROWS, SCAN_MEASURES, type ScanVariant, scanByJob, scanVariant } from '../files/scan-bench.ts';
import type { Bench } from '../harness/bench.ts';
import { queryDuckdb } from '../peers/duckdb.ts';
import { scanByRxjs, scanByStreams } from '../peers/file-lines.ts';
import { scanCsvByLoop } from './csv-loop.ts';
import { scanCsvByPlainLoop } from './plain-loop.ts';

const MODULE = new URL('./csv-scan.job.js', import.meta.url);
const HEADER_START = 'id,';

const pathOf = (rows: number): string => ordersPath(rows, 'csv');

const variants: readonly ScanVariant[] = [
  scanVariant('byte loop', ROWS.full, pathOf, scanCsvByLoop),
  scanVariant('plain loop', ROWS.full, pathOf, scanCsvByPlainLoop),
  scanVariant('millrace 1', ROWS.full, pathOf, (path) => scanByJob(MODULE, 1, { path })),
  scanVariant('millrace 2', ROWS.full, pathOf, (path) => scanByJob(MODULE, 2, { path }), { threads: 2 }),
  scanVariant('millrace 2, multiline', ROWS.full, pathOf, (path) => scanByJob(MODULE, 2, { path, multiline: true }), {
    threads: 2,
  }),
  scanVariant('duckdb 1', ROWS.full, pathOf, (path) => scanByDuckdb(path, 1)),
  scanVariant('duckdb 2', ROWS.full, pathOf, (path) => scanByDuckdb(path, 2), { threads: 2 }),
  scanVariant('node streams', ROWS.less, pathOf, byStreams),
  scanVariant('rxjs', ROWS.less, pathOf, byRxjs),
];

export const csvScan: Bench = {
  name: 'csv-scan',
  summary: 'a CSV file -> filter -> count and sums a product, against loops, streams and DuckDB',
  measures: SCAN_MEASURES,
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
    for (const rows of new Set(variants.map((variant) => variant.rowsAt(scale)))) await makeOrders(rows, 'csv');
  },
  expected: (name, scale) => expectedOrders(variants.find((variant) => variant.name === name)!.rowsAt(scale)),
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
     from read_csv('${path}', header = true, delim = ',', quote = '"', columns = { 'id': 'int', 'placed': 'varchar',
       'customer': 'int', 'product': 'varchar', 'country': 'varchar', 'quantity': 'int', 'price': 'double', 'note': 'varchar' })
     where quantity >= ${LEAST_QUANTITY} group by product`,
    threads,
  );
}
