// The command: npm run nexmark -- --queries 0-22 --events 10M --workers 2 [--verify] ...       (command-line.ts has the options)
//
//   neither --verify nor --out   each query into a black hole, measured
//   --out                        events and answers as NDJSON files
//   --verify                     answers compared with DuckDB's
//
// Exit code 0: done, and all answers that were compared are right. 1: a query failed, or an answer is wrong. 2: the command was not understood.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readEnvironment } from '../harness/environment.ts';
import { type Request, readRequest, USAGE, UsageError } from './command-line.ts';
import type { EventOptions } from './events-source.ts';
import { measureQuery, type QueryFigures, renderBareFigures, renderFigures } from './measure.ts';
import { writeEvents } from './oracle/event-tables.ts';
import { BARE_QUERY, QUERIES, type Query } from './query-list.ts';
import { type Cluster, runQuery } from './run-query.ts';
import { type Check, renderCheck, verifyQueries } from './verify.ts';

const MATRIX = { seeds: [1, 2, 3], disorders: [1, 50], workers: [1, 2, 4, 7], laneBytes: 4096 };

function requestOrExit(): Request {
  try {
    return readRequest(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n\n${USAGE}`);
    process.exit(2);
  }
}

async function verify(request: Request, queries: readonly Query[], folder: string): Promise<Check[]> {
  const { events, rate, seed, disorder, workers, laneBytes, matrix } = request;
  const streams: EventOptions[] = matrix
    ? MATRIX.seeds.flatMap((one) => MATRIX.disorders.map((size) => ({ events, rate, seed: one, disorder: size })))
    : [{ events, rate, seed, disorder }];
  const clusters: Cluster[] = matrix
    ? MATRIX.workers.map((count) => ({ workers: count, laneBytes: MATRIX.laneBytes }))
    : [{ workers, laneBytes }];
  const checks: Check[] = [];
  await verifyQueries(queries, streams, clusters, folder, (check) => {
    checks.push(check);
    process.stdout.write(`${renderCheck(check)}\n`);
  });
  if (queries.some(({ number }) => number === 12)) {
    process.stdout.write(
      'q12 goes by the clock on the wall and has no answer to compare with: its test has a virtual one\n',
    );
  }
  const wrong = checks.filter(({ difference }) => difference !== undefined).length;
  process.stdout.write(`\n${checks.length} answers compared, ${wrong} of them wrong\n`);
  if (wrong > 0) process.exitCode = 1;
  return checks;
}

async function write(request: Request, queries: readonly Query[], folder: string): Promise<void> {
  writeEvents(join(folder, 'events'), request);
  for (const query of queries) {
    const answer = join(folder, query.name);
    rmSync(answer, { recursive: true, force: true });
    await runQuery(query, request, request, answer);
    process.stdout.write(`${query.name}  ${answer}\n`);
  }
}

async function measure(request: Request, queries: readonly Query[], folder: string): Promise<QueryFigures[]> {
  const figures: QueryFigures[] = [];
  for (const query of queries) {
    const measured = await measureQuery(query, request, request, request.rounds, join(folder, query.name));
    figures.push(measured);
    process.stderr.write(`${query.name} measured\n`);
  }
  process.stdout.write(`\n${request.bare ? figures.map(renderBareFigures).join('\n') : renderFigures(figures)}\n`);
  return figures;
}

const request = requestOrExit();
const queries = request.bare ? [BARE_QUERY] : QUERIES.filter(({ number }) => request.queries.includes(number));
const environment = readEnvironment();
const { cpu, cores, node, commit, loadBefore } = environment;
process.stdout.write(`${cpu}, ${cores} cores, Node ${node}, commit ${commit}, load ${loadBefore} before\n`);
const about = request.matrix
  ? `${request.events} events, all of the matrix`
  : `${request.events} events at ${request.rate}/s, seed ${request.seed}, disorder ${request.disorder}, ${request.workers} workers`;
const stream = request.bare ? "Hazelcast Jet's bids" : "Beam's seeding with nexmark/nexmark's channels and urls";
process.stdout.write(`Nexmark, ${stream}: ${about}\n`);
const folder = request.out ?? mkdtempSync(join(tmpdir(), 'nexmark-'));
mkdirSync(folder, { recursive: true });
try {
  const results = request.verify
    ? await verify(request, queries, folder)
    : request.out === undefined
      ? await measure(request, queries, folder)
      : await write(request, queries, folder);
  if (request.json !== undefined) {
    writeFileSync(request.json, `${JSON.stringify({ environment, request, results: results ?? [] }, undefined, 2)}\n`);
  }
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  if (request.out === undefined) rmSync(folder, { recursive: true, force: true });
}
