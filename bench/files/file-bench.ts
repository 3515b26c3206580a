// What the benches over files have in common: their measures, and how a contestant becomes a variant. In the process of one variant.
//
// `throughput` runs from the call to the answer on the main thread, so it includes starting threads, compiling, and listing
// splits: what the user of a command waits for. The file is in the system's cache for all.

import { run } from 'millrace';
import type { Measure, Scale, Variant } from '../harness/bench.ts';
import { startSpending } from '../harness/cost.ts';
import type { ProductTotal } from './orders.ts';

export const FILE_MEASURES: readonly Measure[] = [
  { name: 'throughput', unit: 'M records/s', better: 'more' },
  { name: 'cpu', unit: 'ns a record', better: 'less' },
];

/** Records for the variants that keep up with them, for those that would take too long, and for `--quick`. */
export interface Rows {
  readonly full: number;
  readonly less: number;
  readonly quick: number;
}

export const ORDERS: Rows = { full: 8_000_000, less: 2_000_000, quick: 500_000 };

export interface FileVariant extends Variant {
  rowsAt(scale: Scale): number;
}

/** The file of so many records, and what a contestant's result comes to. */
export interface FileWork<R> {
  readonly rows: Rows;
  readonly pathOf: (rows: number) => string;
  readonly answerOf: (result: R) => unknown;
}

export interface ContestantOptions {
  /** Busy at the same time; 1 when absent. */
  readonly threads?: number;
  /** Takes `rows.less`. */
  readonly slow?: boolean;
}

export function contestant<R>(
  work: FileWork<R>,
  name: string,
  answer: (path: string) => R | Promise<R>,
  { threads = 1, slow = false }: ContestantOptions = {},
): FileVariant {
  const rowsAt = ({ quick }: Scale): number => (quick ? work.rows.quick : slow ? work.rows.less : work.rows.full);
  return {
    name,
    threads,
    rowsAt,
    run: async (scale) => {
      const rows = rowsAt(scale);
      const path = work.pathOf(rows);
      const spent = startSpending();
      const result = await answer(path);
      const { wholeMs, cpuMs } = spent();
      const values = { throughput: rows / wholeMs / 1e3, cpu: (cpuMs * 1e6) / rows };
      return { values, answer: work.answerOf(result) };
    },
  };
}

/** Every number of records that the variants of a bench take. */
export function rowsTaken(variants: readonly FileVariant[], scale: Scale): number[] {
  return [...new Set(variants.map((variant) => variant.rowsAt(scale)))];
}

export function rowsOf(variants: readonly FileVariant[], name: string, scale: Scale): number {
  return variants.find((variant) => variant.name === name)!.rowsAt(scale);
}

/** What a job collected under `name`. */
export async function collected<T>(
  module: URL,
  workers: number,
  params: Readonly<Record<string, string | boolean>>,
  name: string,
): Promise<readonly T[]> {
  const { results } = await run(module, { workers, params }).completed;
  return results[name] as readonly T[];
}

/** A job that collects `totals`: a record a product. */
export async function productTotals(
  module: URL,
  workers: number,
  params: Readonly<Record<string, string | boolean>>,
): Promise<ProductTotal[]> {
  const totals = await collected<Omit<ProductTotal, 'product'> & { key: string }>(module, workers, params, 'totals');
  return totals.map(({ key, orders, units, total }) => ({ product: key, orders, units, total }));
}
