// Word count: the first program of every dataflow engine. A record is a line of about ten words.
//
//   textLines -> flatMap(words) -> [ exchange by word ] -> count            on every worker
//
//        +- worker 0: split, split ... -> table of partials \
//        |                                                   x  -> counts -> collect()
//        +- worker 1: split, split ... -> table of partials /
//
// 1 and 2 workers: needs 2 cores. Checked: the count of every word, against the ranks that the text was made from.

import {
  collected,
  contestant,
  FILE_MEASURES,
  type FileVariant,
  type FileWork,
  rowsOf,
  rowsTaken,
} from '../files/file-bench.ts';
import type { Bench } from '../harness/bench.ts';
import { queryDuckdb } from '../peers/duckdb.ts';
import { answerOf, expectedWords, makeText, textPath, type WordCount } from './text.ts';
import { countByLoop, countByRxjs, countByStreams } from './word-loops.ts';

const MODULE = new URL('./word-count.job.js', import.meta.url);

const WORK: FileWork<WordCount[]> = {
  rows: { full: 1_500_000, less: 500_000, quick: 100_000 },
  pathOf: textPath,
  answerOf,
};

const variants: readonly FileVariant[] = [
  contestant(WORK, 'plain loop', countByLoop),
  contestant(WORK, 'millrace 1', (path) => countByJob(path, 1)),
  contestant(WORK, 'millrace 2', (path) => countByJob(path, 2), { threads: 2 }),
  contestant(WORK, 'duckdb 1', (path) => countByDuckdb(path, 1)),
  contestant(WORK, 'duckdb 2', (path) => countByDuckdb(path, 2), { threads: 2 }),
  contestant(WORK, 'node streams', countByStreams, { slow: true }),
  contestant(WORK, 'rxjs', countByRxjs, { slow: true }),
];

export const wordCount: Bench = {
  name: 'word-count',
  summary: 'lines of text -> words -> count a word, against a loop, streams and DuckDB',
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
    for (const lines of rowsTaken(variants, scale)) await makeText(lines);
  },
  expected: (name, scale) => expectedWords(rowsOf(variants, name, scale)),
};

async function countByJob(path: string, workers: number): Promise<WordCount[]> {
  const counts = await collected<{ key: string; count: number }>(MODULE, workers, { path }, 'counts');
  return counts.map(({ key, count }) => ({ word: key, count }));
}

function countByDuckdb(path: string, threads: number): Promise<WordCount[]> {
  // No byte 1 is in the text, so each line is one column.
  const lines = `read_csv('${path}', header = false, delim = '\\x01', quote = '', escape = '', columns = { 'line': 'varchar' })`;
  return queryDuckdb<WordCount>(
    `select word, count(*)::int as count from (select unnest(string_split(line, ' ')) as word from ${lines}) group by word`,
    threads,
  );
}
