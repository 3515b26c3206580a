// Compares the answers with DuckDB's over the same events. Main thread.

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { EventOptions } from './events-source.ts';
import { writeEvents } from './oracle/event-tables.ts';
import { EXPECTED_ANSWERS } from './oracle/expected-answers.ts';
import { Oracle } from './oracle/oracle.ts';
import type { Query } from './query-list.ts';
import { type Cluster, runQuery } from './run-query.ts';

/** One answer of one query, over one stream, on so many workers. */
export interface Check {
  readonly query: number;
  readonly seed: number;
  readonly disorder: number;
  readonly workers: number;
  readonly laneBytes: number | undefined;
  /** Of the expected answer. */
  readonly rows: number;
  /** What is wrong, for people. */
  readonly difference: string | undefined;
}

/**
 * Runs each query on each cluster over each stream, and compares.
 *
 * @param folder gets `events/` and `q<number>/`, those of the last stream and cluster; what is there already is replaced
 * @param onCheck is told of each verdict as it comes
 */
export async function verifyQueries(
  queries: readonly Query[],
  streams: readonly EventOptions[],
  clusters: readonly Cluster[],
  folder: string,
  onCheck: (check: Check) => void,
): Promise<void> {
  const events = join(folder, 'events');
  for (const stream of streams) {
    writeEvents(events, stream);
    const oracle = await Oracle.open(events);
    try {
      for (const query of queries) {
        if (EXPECTED_ANSWERS[query.number] === undefined) continue;
        for (const cluster of clusters) onCheck(await checkOnce(query, stream, cluster, oracle, folder));
      }
    } finally {
      oracle.close();
    }
  }
}

async function checkOnce(
  query: Query,
  stream: EventOptions,
  cluster: Cluster,
  oracle: Oracle,
  folder: string,
): Promise<Check> {
  const { workers, laneBytes } = cluster;
  const answer = join(folder, query.name);
  rmSync(answer, { recursive: true, force: true });
  const about = { query: query.number, seed: stream.seed, disorder: stream.disorder, workers, laneBytes };
  try {
    await runQuery(query, stream, cluster, answer);
  } catch (error) {
    // The other queries are checked all the same.
    return { ...about, rows: 0, difference: `  it failed: ${error instanceof Error ? error.message : String(error)}` };
  }
  return { ...about, ...(await oracle.check(query.number, answer)) };
}

export function renderCheck({ query, seed, disorder, workers, laneBytes, rows, difference }: Check): string {
  const lanes = laneBytes === undefined ? '' : `, lanes of ${laneBytes} bytes`;
  const where = `q${query}  seed ${seed}, disorder ${disorder}, workers ${workers}${lanes}`;
  return difference === undefined ? `${where}  right, ${rows} rows` : `${where}  WRONG\n${difference}`;
}
