// The demo as a newcomer starts it, and its whole answer against DuckDB's over the same file.

import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const PROJECT = fileURLToPath(new URL('../../', import.meta.url));
const FILE = 'node_modules/vega-datasets/data/flights-3m.parquet';

interface Airport {
  key: string;
  flights: number;
  mean: number;
  p50: number;
  p95: number;
  worst: number;
}

/** What DuckDB answers, most flights first; where two airports have as many, the order between them is not fixed. */
async function oracle(): Promise<Airport[]> {
  const connection = await (await DuckDBInstance.create()).connect();
  try {
    const reader = await connection.runAndReadAll(`
      select origin as key, count(*)::double as flights, avg(delay) as mean,
             quantile_cont(delay, 0.5)::double as p50, quantile_cont(delay, 0.95)::double as p95, max(delay)::double as worst
      from '${join(PROJECT, FILE)}' group by origin order by flights desc, key`);
    return reader.getRowObjects() as unknown as Airport[];
  } finally {
    connection.closeSync();
  }
}

const byFlights = (a: Airport, b: Airport): number => b.flights - a.flights || (a.key < b.key ? -1 : 1);

describe('the demo', () => {
  let expected: Airport[];
  let folder: string;
  beforeAll(async () => {
    expected = await oracle();
    folder = await mkdtemp(join(tmpdir(), 'millrace-demo-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('is what `npm run demo` starts', async () => {
    const { scripts } = JSON.parse(await readFile(join(PROJECT, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    expect(scripts['demo']).toMatch(/&& node dist\/cli\/main\.js run build\/examples\/demo\.js$/);
  });

  it('prints the answer on stdout, line by line as DuckDB has it, and the latency table on stderr', async () => {
    const report = join(folder, 'report.json');
    const { stdout, stderr } = await promisify(execFile)(
      process.execPath,
      ['dist/cli/main.js', 'run', 'build/examples/demo.js', '--report', report],
      { cwd: PROJECT, maxBuffer: 1 << 24 },
    );

    const [head, ...lines] = stdout.trimEnd().split('\n');
    expect(head).toBe('  origin flights    mean     p50     p95   worst');
    const printed = lines.map((line) => {
      const [key, flights, mean, p50, p95, worst, ...more] = line.trim().split(/ +/);
      expect(more).toEqual([]);
      return { key, flights: Number(flights), mean, p50, p95, worst };
    });
    const flights = printed.map((row) => row.flights);
    expect(flights).toEqual([...flights].sort((a, b) => b - a));
    expect((printed as unknown as Airport[]).sort(byFlights)).toEqual(
      [...expected].sort(byFlights).map(({ key, flights, ...delays }) => ({
        key,
        flights,
        ...Object.fromEntries(Object.entries(delays).map(([name, minutes]) => [name, minutes.toFixed(1)])),
      })),
    );

    for (const word of ['stage', 'read', 'delays', 'rank', 'print', 'wait', 'service', 'age', 'p50', 'p99', 'p99.9']) {
      expect(stderr).toContain(word);
    }
    const { outcome, stages } = JSON.parse(await readFile(report, 'utf8')) as {
      outcome: string;
      stages: { stage: string; recordsIn: number }[];
    };
    expect(outcome).toBe('finished');
    expect(stages.find(({ stage }) => stage === 'read')?.recordsIn).toBe(3_000_000);
  });

  it.each([1, 3])('collects the same answer as DuckDB to the last bit on %i workers', async (workers) => {
    // In a process of its own, because the demo prints to stdout.
    const script = `
      import { writeFileSync } from 'node:fs';
      import { run } from 'millrace';
      const { results } = await run('build/examples/demo.js', { workers: ${workers} }).completed;
      writeFileSync(process.argv[1], JSON.stringify(results.answer));`;
    const file = join(folder, `answer-${workers}.json`);
    await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script, file], { cwd: PROJECT });
    const answer = JSON.parse(await readFile(file, 'utf8')) as Airport[];
    expect(answer.sort(byFlights)).toEqual([...expected].sort(byFlights));
  });
});
