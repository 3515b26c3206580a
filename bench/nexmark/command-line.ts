// The arguments of the command, read and checked: all problems together. Main thread.

import { parseArgs } from 'node:util';
import { DEFAULT_RATE } from './events-source.ts';
import { QUERY_NUMBERS } from './query-list.ts';

export interface Request {
  readonly queries: readonly number[];
  readonly events: number;
  readonly workers: number;
  readonly rate: number;
  readonly seed: number;
  readonly disorder: number;
  readonly laneBytes: number | undefined;
  readonly rounds: number;
  /** Query 5 on Jet's bids instead of --queries. */
  readonly bare: boolean;
  readonly verify: boolean;
  /** All seeds, disorders, numbers of workers and the smallest lanes, in place of what the options say. */
  readonly matrix: boolean;
  readonly out: string | undefined;
  readonly json: string | undefined;
}

export const USAGE = `usage: npm run nexmark -- [options]
  --queries 0-22      which queries: numbers and ranges, such as 0-3,5,11 (default all)
  --events 10M        events of all three kinds; K, M and G stand for thousands, millions and milliards (default 10M)
  --workers 2         threads (default 2)
  --seed 1            of the stream; 0 and 1 are Apache Beam's own (default 1)
  --disorder 50       size of the groups within which events are out of order (default 1: in order)
  --rate ${DEFAULT_RATE}        events per second of event time
  --rounds 3          measure so many times, show the median (default 1)
  --bare              query 5 on the bare bids of Hazelcast Jet's benchmark, in place of all others (default 1M events/s)
  --verify            compare each answer with DuckDB's over the same events, in place of measuring
  --matrix            with --verify: seeds 1 to 3, disorder 1 and 50, 1, 2, 4 and 7 workers, smallest lanes (default 20K events at 500/s)
  --out dir           write events and answers as NDJSON into this folder, in place of measuring
  --lane-bytes n      bytes of the ring between two actors
  --json file         write the figures, or the verdicts, as JSON
exit code 0: done, all answers right; 1: a query failed or an answer is wrong; 2: the command was not understood
`;

export class UsageError extends Error {}

const UNITS: Readonly<Record<string, number>> = { '': 1, K: 1e3, M: 1e6, G: 1e9 };
const EVENTS = 10_000_000;
/** Forty seconds of event time, so that there are windows and sessions to tell apart. */
const MATRIX_EVENTS = 20_000;
const MATRIX_RATE = 500;
/** At 10 000 events a second, one result would come of every second event: that measures results. */
const BARE_RATE = 1_000_000;
const WORKERS = 2;

/** @throws UsageError naming every problem */
export function readRequest(args: readonly string[]): Request {
  const values = parse(args);
  const problems: string[] = [];
  const quantity = (name: string, text: string | undefined, fallback: number, least: number): number => {
    const value = text === undefined ? fallback : quantityOf(text);
    if (Number.isSafeInteger(value) && value >= least) return value;
    problems.push(`--${name} must be a whole number of at least ${least}, such as 2500, 100K or 10M: ${text}`);
    return fallback;
  };
  const matrix = values.matrix === true;
  const verify = values.verify === true;
  if (matrix && !verify) problems.push('--matrix goes with --verify');
  for (const name of ['workers', 'seed', 'disorder', 'lane-bytes'] as const) {
    if (matrix && values[name] !== undefined) problems.push(`--matrix sets --${name} itself`);
  }
  const bare = values.bare === true;
  for (const name of ['queries', 'verify', 'out', 'seed', 'disorder'] as const) {
    if (bare && values[name] !== undefined) problems.push(`--bare does not go with --${name}`);
  }
  if (values.out === '') problems.push('--out must name a folder');
  if (values.rounds !== undefined && (verify || values.out !== undefined)) {
    problems.push('--rounds is for measuring, which --verify and --out do not');
  }
  const queries = queriesOf(values.queries ?? '0-22', problems);
  const request: Request = {
    queries,
    events: quantity('events', values.events, matrix ? MATRIX_EVENTS : EVENTS, 1),
    workers: quantity('workers', values.workers, WORKERS, 1),
    rate: quantity('rate', values.rate, matrix ? MATRIX_RATE : bare ? BARE_RATE : DEFAULT_RATE, 1),
    seed: quantity('seed', values.seed, 1, 0),
    disorder: quantity('disorder', values.disorder, 1, 1),
    laneBytes: values['lane-bytes'] === undefined ? undefined : quantity('lane-bytes', values['lane-bytes'], 0, 1),
    rounds: quantity('rounds', values.rounds, 1, 1),
    bare,
    verify,
    matrix,
    out: values.out,
    json: values.json,
  };
  if (problems.length > 0) throw new UsageError(problems.join('\n'));
  return request;
}

function parse(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        queries: { type: 'string' },
        events: { type: 'string' },
        workers: { type: 'string' },
        rate: { type: 'string' },
        seed: { type: 'string' },
        disorder: { type: 'string' },
        'lane-bytes': { type: 'string' },
        rounds: { type: 'string' },
        bare: { type: 'boolean' },
        verify: { type: 'boolean' },
        matrix: { type: 'boolean' },
        out: { type: 'string' },
        json: { type: 'string' },
      },
    });
    return values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** `2500`, `100K`, `1.5M`. NaN for what is no quantity. */
export function quantityOf(text: string): number {
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?)([KMG]?)$/i.exec(text) ?? [];
  return digits === undefined ? Number.NaN : Number((Number(digits) * UNITS[unit.toUpperCase()]!).toFixed(6));
}

function queriesOf(text: string, problems: string[]): number[] {
  const numbers = new Set<number>();
  for (const piece of text.split(',')) {
    const [, first, last = first] = /^\s*(\d+)(?:-(\d+))?\s*$/.exec(piece) ?? [];
    const from = Number(first);
    const to = Number(last);
    if (first === undefined || to < from || !QUERY_NUMBERS.includes(from) || !QUERY_NUMBERS.includes(to)) {
      problems.push(`--queries must be numbers from 0 to 22 and ranges of them, such as 0-3,5,11: ${text}`);
      return [];
    }
    for (let number = from; number <= to; number++) numbers.add(number);
  }
  return [...numbers].sort((a, b) => a - b);
}
