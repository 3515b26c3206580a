// The One Billion Row Challenge, at 10 million rows and, as a bench of its own, at 100 million.
//
//   csv -> [ exchange by station ] -> min, mean, max, count                 on every worker
//
//        +- worker 0: split, split ... -> table of partials \
//        |                                                   x  -> stations -> collect()
//        +- worker 1: split, split ... -> table of partials /
//
// 1 and 2 workers: needs 2 cores. Checked: min, mean and max of every station, against the rows that the file was made from. The file of
// the large one has 1.6 GB; it stays in the system's folder for temporary files.

import {
  collected,
  contestant,
  FILE_MEASURES,
  type FileVariant,
  type FileWork,
  type Rows,
  rowsOf,
  rowsTaken,
} from '../files/file-bench.ts';
import type { Bench } from '../harness/bench.ts';
import { queryDuckdb } from '../peers/duckdb.ts';
import { totalsByHand } from './hand-written.ts';
import { makeMeasurements, measurementsPath } from './make-measurements.ts';
import { answerOf, expectedBrc, type StationTotal } from './measurements.ts';

const MODULE = new URL('./one-brc.job.js', import.meta.url);

const TEN_MILLION: Rows = { full: 10_000_000, less: 10_000_000, quick: 1_000_000 };
const HUNDRED_MILLION: Rows = { full: 100_000_000, less: 100_000_000, quick: 10_000_000 };

function oneBrcOf(name: string, rows: Rows, size: string): Bench {
  const work: FileWork<StationTotal[]> = { rows, pathOf: measurementsPath, answerOf };
  const variants: readonly FileVariant[] = [
    contestant(work, 'hand-written 1', (path) => totalsByHand(path, 1)),
    contestant(work, 'hand-written 2', (path) => totalsByHand(path, 2), { threads: 2 }),
    contestant(work, 'millrace 1', (path) => totalsByJob(path, 1)),
    contestant(work, 'millrace 2', (path) => totalsByJob(path, 2), { threads: 2 }),
    contestant(work, 'duckdb 2', (path) => totalsByDuckdb(path, 2), { threads: 2 }),
  ];
  return {
    name,
    summary: `the One Billion Row Challenge at ${size} rows, against threads written by hand and DuckDB`,
    measures: FILE_MEASURES,
    baseline: 'hand-written 2',
    variants,
    comparisons: [
      { name: 'millrace / hand-written, 2 workers', variant: 'millrace 2', over: 'hand-written 2' },
      { name: 'millrace, 2 workers / hand-written, 1 thread', variant: 'millrace 2', over: 'hand-written 1' },
      { name: 'millrace, 2 workers / 1 worker', variant: 'millrace 2', over: 'millrace 1' },
      { name: 'millrace, 2 workers / duckdb, 2 threads', variant: 'millrace 2', over: 'duckdb 2' },
    ],
    prepare: async (scale) => {
      for (const count of rowsTaken(variants, scale)) await makeMeasurements(count);
    },
    expected: (variant, scale) => expectedBrc(rowsOf(variants, variant, scale)),
  };
}

export const oneBrc: Bench = oneBrcOf('one-brc', TEN_MILLION, '10 million');
export const oneBrc100m: Bench = {
  ...oneBrcOf('one-brc-100m', HUNDRED_MILLION, '100 million'),
  onlyWhenNamed: true,
};

async function totalsByJob(path: string, workers: number): Promise<StationTotal[]> {
  const stations = await collected<{ key: string; min: number; mean: number; max: number; count: number }>(
    MODULE,
    workers,
    { path },
    'stations',
  );
  return stations.map(({ key, min, mean, max, count }) => ({
    station: key,
    min: Math.round(min * 10),
    max: Math.round(max * 10),
    // All rows are whole tenths, so is their sum: rounding to it takes the error of the doubles back.
    sum: Math.round(mean * count * 10),
    count,
  }));
}

function totalsByDuckdb(path: string, threads: number): Promise<StationTotal[]> {
  return queryDuckdb<StationTotal>(
    `select station, round(min(t) * 10)::int as min, round(max(t) * 10)::int as max, round(sum(t) * 10)::double as sum, count(*)::int as count
     from read_csv('${path}', header = false, delim = ';', quote = '', columns = { 'station': 'varchar', 't': 'double' })
     group by station`,
    threads,
  );
}
