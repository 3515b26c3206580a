// Top-N: the three dearest orders of each product.
//
//   csv -> [ exchange by product ] -> topN(3)                               on every worker
//
//        +- worker 0: split, split ... -> three a product \
//        |                                                 x  -> three a product -> collect()
//        +- worker 1: split, split ... -> three a product /
//
// 1 and 2 workers: needs 2 cores. Checked: the three prices of every product, against all prices sorted. The file is that of csv-scan.

import {
  collected,
  contestant,
  FILE_MEASURES,
  type FileVariant,
  type FileWork,
  rowsOf,
  rowsTaken,
} from '../files/file-bench.ts';
import { makeOrders, ordersPath } from '../files/orders-files.ts';
import type { Bench } from '../harness/bench.ts';
import { ORDER_COLUMNS, queryDuckdb } from '../peers/duckdb.ts';
import { scanByRxjs, scanByStreams } from '../peers/file-lines.ts';
import { answerOf, BestOrders, type BestPrices, expectedBest, KEPT, type PricedOrder } from './best-prices.ts';
import { bestByLoop } from './top-n-loop.ts';

const MODULE = new URL('./top-n.job.js', import.meta.url);

const WORK: FileWork<readonly BestPrices[]> = {
  rows: { full: 4_000_000, less: 2_000_000, quick: 500_000 },
  pathOf: (rows) => ordersPath(rows, 'csv'),
  answerOf,
};

const variants: readonly FileVariant[] = [
  contestant(WORK, 'plain loop', bestByLoop),
  contestant(WORK, 'millrace 1', (path) => collected<BestPrices>(MODULE, 1, { path }, 'best')),
  contestant(WORK, 'millrace 2', (path) => collected<BestPrices>(MODULE, 2, { path }, 'best'), { threads: 2 }),
  contestant(WORK, 'duckdb 1', (path) => bestByDuckdb(path, 1)),
  contestant(WORK, 'duckdb 2', (path) => bestByDuckdb(path, 2), { threads: 2 }),
  contestant(WORK, 'node streams', bestByStreams, { slow: true }),
  contestant(WORK, 'rxjs', bestByRxjs, { slow: true }),
];

export const topNBench: Bench = {
  name: 'top-n',
  summary: 'a CSV file -> the three dearest orders a product, against a loop, streams and DuckDB',
  measures: FILE_MEASURES,
  baseline: 'plain loop',
  variants,
  comparisons: [
    { name: 'millrace, 2 workers / plain loop', variant: 'millrace 2', over: 'plain loop' },
    { name: 'millrace, 2 workers / 1 worker', variant: 'millrace 2', over: 'millrace 1' },
    { name: 'millrace, 2 workers / duckdb, 2 threads', variant: 'millrace 2', over: 'duckdb 2' },
    { name: 'millrace, 2 workers / node streams', variant: 'millrace 2', over: 'node streams' },
  ],
  prepare: async (scale) => {
    for (const rows of rowsTaken(variants, scale)) await makeOrders(rows, 'csv');
  },
  expected: (name, scale) => expectedBest(rowsOf(variants, name, scale)),
};

function parse(line: string): PricedOrder {
  const fields = line.split(',', 7);
  return { id: Number(fields[0]), product: fields[3]!, price: Number(fields[6]) };
}

/** Of the header neither is a number. */
function isOrder({ id }: PricedOrder): boolean {
  return id >= 0;
}

async function bestByStreams(path: string): Promise<BestPrices[]> {
  const best = new BestOrders();
  await scanByStreams(path, parse, (order) => {
    if (isOrder(order)) best.add(order);
  });
  return best.toArray();
}

async function bestByRxjs(path: string): Promise<BestPrices[]> {
  const best = new BestOrders();
  await scanByRxjs(path, parse, isOrder, (order) => best.add(order));
  return best.toArray();
}

async function bestByDuckdb(path: string, threads: number): Promise<BestPrices[]> {
  const rows = await queryDuckdb<{ product: string; prices: { items: readonly number[] } | readonly number[] }>(
    `select product, max(price, ${KEPT}) as prices
     from read_csv('${path}', header = true, delim = ',', quote = '"', columns = ${ORDER_COLUMNS}) group by product`,
    threads,
  );
  return rows.map(({ product, prices }) => ({ product, prices: 'items' in prices ? prices.items : prices }));
}
