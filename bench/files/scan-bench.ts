// What the scans of files have in common: their measures, and how each kind of contestant becomes a variant. In the process of one variant.
//
// `throughput` runs from the call to the answer on the main thread, so it includes starting threads, compiling, and listing
// splits: what the user of a command waits for. The file is in the system's cache for all.

import { run } from 'millrace';
import type { Measure, Sample, Scale, Variant } from '../harness/bench.ts';
import { type Cost, startSpending } from '../harness/cost.ts';
import { answerOf, type ProductTotal } from './orders.ts';

export const SCAN_MEASURES: readonly Measure[] = [
  { name: 'throughput', unit: 'M records/s', better: 'more' },
  { name: 'cpu', unit: 'ns a record', better: 'less' },
];

/** Records for the variants that keep up with them, and for those that would take too long. */
export const ROWS = { full: 8_000_000, less: 2_000_000, quick: 500_000 };

export interface ScanVariant extends Variant {
  rowsAt(scale: Scale): number;
}

/** A contestant that answers by itself: a loop, streams, a database. */
export function scanVariant(
  name: string,
  rows: number,
  pathOf: (rows: number) => string,
  scan: (path: string) => ProductTotal[] | Promise<ProductTotal[]>,
  options: { readonly threads?: number; readonly baseline?: string } = {},
): ScanVariant {
  const rowsAt = ({ quick }: Scale): number => (quick ? ROWS.quick : rows);
  return {
    name,
    threads: options.threads ?? 1,
    ...(options.baseline === undefined ? {} : { baseline: options.baseline }),
    rowsAt,
    run: async (scale) => {
      const path = pathOf(rowsAt(scale));
      const spent = startSpending();
      const totals = await scan(path);
      return sampleOf(rowsAt(scale), spent(), totals);
    },
  };
}

/** A job that collects `totals`: a record a product. */
export async function scanByJob(
  module: URL,
  workers: number,
  params: Record<string, string | boolean>,
): Promise<ProductTotal[]> {
  const { results } = await run(module, { workers, params }).completed;
  const totals = results['totals'] as readonly (Omit<ProductTotal, 'product'> & { readonly key: string })[];
  return totals.map(({ key, orders, units, total }) => ({ product: key, orders, units, total }));
}

function sampleOf(rows: number, { wholeMs, cpuMs }: Cost, totals: readonly ProductTotal[]): Sample {
  return { values: { throughput: rows / wholeMs / 1e3, cpu: (cpuMs * 1e6) / rows }, answer: answerOf(totals) };
}
