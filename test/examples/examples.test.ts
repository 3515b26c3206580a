// Every example is run as its first lines say, and its output is checked.

import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const PROJECT = fileURLToPath(new URL('../../', import.meta.url));
const run = promisify(execFile);
const tested = new Set<string>();

/** Runs an example's job by the built command; its output in lines, what it said on stderr, and its report. */
async function example(name: string, ...args: string[]) {
  tested.add(name);
  const report = join(folder, `${name}.json`);
  const command = ['dist/cli/main.js', 'run', `build/examples/${name}.js`, '--report', report, ...args];
  const { stdout, stderr } = await run(process.execPath, command, { cwd: PROJECT });
  const lines = stdout.trimEnd().split('\n');
  return { lines, stderr, report: JSON.parse(await readFile(report, 'utf8')) as Report };
}

interface Report {
  outcome: string;
  stages: { operators: string[]; recordsIn: number; recordsDeadLettered: number; age: Record<string, number> }[];
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-examples-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the examples', () => {
  it('01 greets', async () => {
    const { lines } = await example('01-hello', '--param', 'greeting=Good morning');
    expect(lines).toEqual(['Good morning, Grace!', 'Good morning, Edsger!', 'Good morning, Barbara!']);
  });

  it('01 runs as TypeScript, without a build', async () => {
    const { stdout } = await run(process.execPath, ['dist/cli/main.js', 'run', 'examples/01-hello.ts'], {
      cwd: PROJECT,
    });
    expect(stdout).toBe('Hello, Grace!\nHello, Edsger!\nHello, Barbara!\n');
  });

  it('02 counts words as a plain loop does', async () => {
    const counts = new Map<string, number>();
    for (const file of await readdir(join(PROJECT, 'examples'))) {
      if (!file.endsWith('.ts')) continue;
      const text = await readFile(join(PROJECT, 'examples', file), 'utf8');
      for (const word of text.toLowerCase().match(/\p{L}+/gu) ?? []) counts.set(word, (counts.get(word) ?? 0) + 1);
    }
    const { lines } = await example('02-word-count', '--param', 'top=15');
    const printed = lines.map((line) => line.trim().split(/ +/) as [string, string]);
    expect(printed.map(([n]) => Number(n))).toEqual([...counts.values()].sort((a, b) => b - a).slice(0, 15));
    for (const [n, word] of printed) expect([word, counts.get(word)]).toEqual([word, Number(n)]);
    expect(new Set(printed.map(([, word]) => word)).size).toBe(15);
  });

  it('03 writes what fits its types to Parquet, and the rest with reason and place to dead letters', async () => {
    const { report } = await example('03-csv-to-parquet', '--param', `out=${folder}/orders`);
    expect(report.stages[0]?.recordsDeadLettered).toBe(3);
    const connection = await (await DuckDBInstance.create()).connect();
    const orders = await connection.runAndReadAll(
      `select "order", customer, placed::varchar as placed, cents from '${folder}/orders/orders.parquet' order by 1`,
    );
    connection.closeSync();
    expect(orders.getRows()).toEqual([
      [1, 'Ada', '2026-01-05 00:00:00', 1990],
      [2, 'Grace, Inc.', '2026-01-05 00:00:00', 24000],
      [4, 'Ada', '2026-01-07 00:00:00', 1250],
      [6, 'Grace, Inc.', '2026-01-09 00:00:00', 6025],
      [8, 'Barbara', '2026-01-10 00:00:00', 3300],
    ]);
    const rejected = (await readFile(join(folder, 'orders/rejected.ndjson'), 'utf8')).trimEnd().split('\n');
    expect(rejected.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { record: '3,Edsger,2026-01-06,not a number', position: 'examples/data/orders.csv line 4, byte 83' },
      { record: '5,Barbara,2026-02-30,99', code: 'ERR_MALFORMED_INPUT' },
      { record: '7,Edsger,2026-01-09', message: expect.stringContaining('must have 4 fields') as string },
    ]);
  });

  it('04 gives for each city and year what DuckDB gives', async () => {
    const { lines } = await example('04-keyed-aggregates');
    const printed = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    const connection = await (await DuckDBInstance.create()).connect();
    const file = `'${PROJECT}/node_modules/vega-datasets/data/weather.csv'`;
    const cities = await connection.runAndReadAll(`
      select location as key, count(*)::double as days, quantile_cont(temp_max, 0.9) as p90, avg(temp_max) as mean,
             round(100 * count(*) filter (precipitation > 0) / count(*)) as wet, max(temp_max) as hottest
      from ${file} group by 1 order by 1`);
    const days = await connection.runAndReadAll(
      `select location, date::varchar as date, precipitation as mm, temp_max from ${file}`,
    );
    const years = await connection.runAndReadAll(
      `select location, year(date)::varchar as year, max(precipitation) as mm from ${file} group by all order by all`,
    );
    connection.closeSync();
    const dayRows = days.getRowObjects();

    const printedCities = printed
      .filter((row) => 'key' in row)
      .sort((a, b) => (String(a['key']) < String(b['key']) ? -1 : 1));
    expect(printedCities).toHaveLength(2);
    for (const [index, city] of cities.getRowObjects().entries()) {
      const row = printedCities[index]!;
      expect([row['key'], row['days'], row['p90'], row['wetShare']]).toEqual([
        city['key'],
        city['days'],
        city['p90'],
        city['wet'],
      ]);
      expect(row['meanMax']).toBeCloseTo(city['mean'] as number, 9);
      const hottest = dayRows.find((day) => day['location'] === row['key'] && day['date'] === row['hottest']);
      expect(hottest?.['temp_max']).toBe(city['hottest']);
    }

    const printedYears = printed.filter((row) => 'year' in row);
    for (const year of printedYears) {
      const day = dayRows.find((one) => one['location'] === year['location'] && one['date'] === year['wettest']);
      expect([String(day?.['date']).slice(0, 4), day?.['mm']]).toEqual([year['year'], year['mm']]);
    }
    const keyed = printedYears.map(({ location, year, mm }) => ({ location, year, mm }));
    expect(keyed.sort((a, b) => (`${a.location}${a.year}` < `${b.location}${b.year}` ? -1 : 1))).toEqual(
      years.getRowObjects(),
    );
  });

  it('05 draws from a generator to its end', async () => {
    const upTo = 300_000;
    const rows = new Map<number, { numbers: number; longest: number }>();
    for (let number = 1; number <= upTo; number++) {
      let steps = 0;
      for (let n = number; n !== 1; steps++) n = n % 2 === 0 ? n / 2 : 3 * n + 1;
      const row = rows.get(Math.floor(steps / 100)) ?? { numbers: 0, longest: 0 };
      rows.set(Math.floor(steps / 100), { numbers: row.numbers + 1, longest: Math.max(row.longest, steps) });
    }
    const { lines } = await example('05-lazy-flat-map', '--param', `upTo=${upTo}`);
    const expected = [...rows].map(
      ([key, { numbers, longest }]) =>
        `${key * 100} to ${key * 100 + 99} steps: ${numbers} numbers, longest ${longest}`,
    );
    expect(lines.sort()).toEqual(expected.sort());
  });

  it('06 tries again, keeps the order, and gives up on what never succeeds', async () => {
    const { lines, stderr, report } = await example('06-async-with-retries');
    const customers = Array.from({ length: 20 }, (_, index) => index + 1).filter((id) => id !== 13);
    expect(lines).toEqual(customers.map((id) => `${id} customer ${id} (try ${id % 3 === 0 ? 2 : 1})`));
    expect(stderr).toContain('given up: 13: failed 3 times, the last time with: no such customer');
    expect(report.stages.map((stage) => stage.recordsDeadLettered)).toEqual([1, 0]);
  });

  it('07 parts and joins without losing a parcel', async () => {
    const { lines } = await example('07-split-and-merge');
    expect(lines.sort()).toEqual([
      '{"key":"post","parcels":1000,"cheapest":95,"dearest":95}',
      '{"key":"truck","parcels":6000,"cheapest":500,"dearest":800}',
      '{"key":"van","parcels":3000,"cheapest":450,"dearest":450}',
    ]);
  });

  it('08 handles every request that was due, and measures its age from then', async () => {
    const { lines, report } = await example('08-load-at-a-rate', '--param', 'rate=1000', '--param', 'seconds=1');
    const [arrivals, handle] = report.stages;
    expect(JSON.parse(lines[0]!)).toEqual({ key: 'all', requests: arrivals?.recordsIn });
    // Poisson arrivals of mean 1000: further off than six standard deviations is a fault.
    expect(Math.abs(arrivals!.recordsIn - 1000)).toBeLessThan(200);
    expect(handle?.operators).toContain('handle');
    expect(handle?.age['count']).toBe(arrivals?.recordsIn);
    expect(handle?.age['p50Ns']).toBeGreaterThan(0);
  });

  it('09 reads metrics of the job that it started, and stops it', async () => {
    tested.add('09-in-a-service');
    const { stdout } = await run(process.execPath, ['build/examples/09-in-a-service.js'], { cwd: PROJECT });
    const readings = [...stdout.matchAll(/^(\d+) requests, p99 age [\d.]+ ms, busy \d+ %$/gm)].map(([, n]) =>
      Number(n),
    );
    expect(readings.length).toBeGreaterThan(0);
    expect(readings).toEqual([...readings].sort((a, b) => a - b));
    const [, counted] = /^\{"key":"all","requests":(\d+)\}$/m.exec(stdout) ?? [];
    const [, ended] = /^drained after \d+ ms and (\d+) requests$/m.exec(stdout) ?? [];
    expect(ended).toBeDefined();
    // What had been read when the job was told to stop was also counted by its aggregate.
    expect(counted).toBe(ended);
  });

  it('10 passes under the runner of Node', async () => {
    tested.add('10-testing-a-job');
    const command = ['--test', '--test-reporter=tap', 'build/examples/10-testing-a-job.js'];
    const { stdout } = await run(process.execPath, command, { cwd: PROJECT });
    expect(stdout).toMatch(/^# pass 1$/m);
    expect(stdout).toMatch(/^# fail 0$/m);
  });

  it('11 counts visits by when they happened, in windows and sessions', async () => {
    const MINUTE = 60_000;
    const views = new Map<string, { visits: number; users: Set<number> }>();
    for (let index = 0; index < 36_000; index++) {
      const at = index * 100 - ((index * 7_919) % 8_000);
      const page = ['home', 'search', 'cart'][index % 3]!;
      for (let until = Math.floor(at / (10 * MINUTE)) * 10 + 10; until * MINUTE <= at + 20 * MINUTE; until += 10) {
        const name = `${new Date(Date.UTC(2026, 0, 5, 9) + until * MINUTE).toISOString().slice(11, 16)} ${page}`;
        const view = views.get(name) ?? { visits: 0, users: new Set() };
        view.visits++;
        view.users.add(Math.floor(index / 50) % 40);
        views.set(name, view);
      }
    }
    const { lines } = await example('11-windows');
    const told = lines.map((line) => JSON.parse(line) as Record<string, string | number>);
    const windows = told.filter((line) => 'until' in line);
    expect(new Map(windows.map(({ until, page, visits, users }) => [`${until} ${page}`, [visits, users]]))).toEqual(
      new Map([...views].map(([name, { visits, users }]) => [name, [visits, users.size]])),
    );
    expect(windows).toHaveLength(views.size);
    // Each of the 40 users comes for five seconds every 200: 18 times within the hour.
    const sessions = told.filter((line) => 'hour' in line);
    expect(sessions.reduce((sum, line) => sum + Number(line['sessions']), 0)).toBe(40 * 18);
  });

  it('are all run here, and none is longer than 60 lines', async () => {
    const files = (await readdir(join(PROJECT, 'examples'))).filter((file) => /^\d\d-.*\.ts$/.test(file));
    expect(files.map((file) => file.replace(/\.ts$/, '')).sort()).toEqual([...tested].sort());
    for (const file of files) {
      const lines = (await readFile(join(PROJECT, 'examples', file), 'utf8')).split('\n').length;
      expect({ file, short: lines < 60 }).toEqual({ file, short: true });
    }
  });
});
