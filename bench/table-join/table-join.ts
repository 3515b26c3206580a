// Table join: what do tables cost beside two Maps?
//
//   generate -> orders    -> [ exchange by order ] -+
//                                                   +-> join -> [ exchange by city ] -> count, sum -> collect()     on every worker
//   generate -> shipments -> [ exchange by order ] -+
//
// Each row of both tables comes in three versions, so that the join tells five changes a key: totals are taken back from one city and given to
// another. 1 and 2 workers: needs 2 cores. Checked: orders and amount of each city, against the last versions alone. Threads' start is included.

import { run } from 'millrace';
import type { Bench, Sample, Scale, Variant } from '../harness/bench.ts';
import { startSpending } from '../harness/cost.ts';
import { type CityTotal, expectedTotals, sortedByCity } from './orders.ts';
import { ROWS_STEP } from './table-join.job.ts';
import { totalsByTwoMaps } from './two-maps.ts';

function rowsAt({ quick }: Scale): number {
  return ROWS_STEP * (quick ? 10 : 40);
}

function variantOf(
  name: string,
  threads: number,
  totals: (rows: number) => readonly CityTotal[] | Promise<readonly CityTotal[]>,
): Variant {
  return {
    name,
    threads,
    run: async (scale): Promise<Sample> => {
      const rows = rowsAt(scale);
      const spent = startSpending();
      const answer = await totals(rows);
      const { wholeMs, cpuMs } = spent();
      const records = rows * 2;
      return {
        values: { throughput: records / wholeMs / 1e3, cpu: (cpuMs * 1e6) / records },
        answer: sortedByCity(answer),
      };
    },
  };
}

async function totalsByTables(rows: number, workers: number): Promise<readonly CityTotal[]> {
  const module = new URL('./table-join.job.js', import.meta.url);
  const { results } = await run(module, { workers, params: { rows } }).completed;
  return results['totals'] as readonly CityTotal[];
}

export const tableJoinBench: Bench = {
  name: 'table-join',
  summary: 'two tables joined by key, and totals that follow them, against two Maps',
  measures: [
    { name: 'throughput', unit: 'M records/s', better: 'more' },
    { name: 'cpu', unit: 'ns a record', better: 'less' },
  ],
  baseline: 'two Maps',
  variants: [
    variantOf('two Maps', 1, totalsByTwoMaps),
    variantOf('millrace 1', 1, (rows) => totalsByTables(rows, 1)),
    variantOf('millrace 2', 2, (rows) => totalsByTables(rows, 2)),
  ],
  comparisons: [
    { name: 'millrace, 2 workers / two Maps', variant: 'millrace 2', over: 'two Maps' },
    { name: 'millrace, 2 workers / 1 worker', variant: 'millrace 2', over: 'millrace 1' },
  ],
  expected: (_, scale) => expectedTotals(rowsAt(scale)),
};
