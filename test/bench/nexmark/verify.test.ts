// Every query against DuckDB, over a small stream: a part of what `npm run nexmark -- --verify --matrix` does. The jobs are those of the build.

import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from 'millrace';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const BUILT = fileURLToPath(new URL('../../../build/bench/nexmark/', import.meta.url));

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'nexmark-test-'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function nexmark(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [join(BUILT, 'main.js'), ...args], (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

describe.runIf(existsSync(BUILT))('the Nexmark command', () => {
  it('finds all answers right: shuffled events, more workers than cores, smallest lanes', async () => {
    const { code, stdout, stderr } = await nexmark(
      ...['--verify', '--events', '5K', '--rate', '150', '--seed', '2', '--disorder', '50'],
      ...['--workers', '3', '--lane-bytes', '4096'],
    );
    expect(stdout + stderr).toMatch(/, 0 of them wrong/);
    expect(stdout).not.toMatch(/right, 0 rows/);
    expect(code).toBe(0);
    // Some twenty jobs, one after the other.
  }, 240_000);

  it('finds an answer wrong that is, and says in which rows', async () => {
    const { Oracle } = await import(join(BUILT, 'oracle/oracle.js'));
    const out = join(folder, 'written');
    expect((await nexmark('--out', out, '--queries', '2,10', '--events', '20K', '--workers', '2')).code).toBe(0);
    const oracle = await Oracle.open(join(out, 'events'));
    try {
      expect(await oracle.check(2, join(out, 'q2'))).toEqual({ rows: expect.any(Number), difference: undefined });
      expect(await oracle.check(10, join(out, 'q10'))).toEqual({ rows: 18_400, difference: undefined });
      const part = join(out, 'q2', readdirSync(join(out, 'q2')).find((name) => name.endsWith('.ndjson'))!);
      const lines = readFileSync(part, 'utf8').split('\n');
      writeFileSync(part, lines.slice(1).join('\n'));
      expect((await oracle.check(2, join(out, 'q2'))).difference).toBe(`  missing: 1 row\n    ${lines[0]}`);
      writeFileSync(part, [lines[0], ...lines].join('\n'));
      expect((await oracle.check(2, join(out, 'q2'))).difference).toBe(`  not expected: 1 row\n    ${lines[0]}`);
      writeFileSync(part, lines.join('\n').replace('"price":', '"price":"7","was":'));
      expect((await oracle.check(2, join(out, 'q2'))).difference).toMatch(/price is VARCHAR where integer is expected/);
      rmSync(join(out, 'q2'), { recursive: true });
      expect((await oracle.check(2, join(out, 'q2'))).difference).toMatch(/missing: \d+ rows, among them/);
    } finally {
      oracle.close();
    }
  });

  it('measures, beside the published figures, and writes what it measured', async () => {
    const json = join(folder, 'figures.json');
    const { code, stdout } = await nexmark('--queries', '0,10', '--events', '20K', '--workers', '1', '--json', json);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^q0 +[\d.]+ +[\d.]+ +[\d.]+ +[\d.]+ +155 +379 +[\d.]+$/m);
    expect(stdout).toMatch(/^q10 +[\d.]+ +[\d.]+ +[\d.]+ +[\d.]+$/m);
    const { request, results } = JSON.parse(readFileSync(json, 'utf8'));
    expect(request).toMatchObject({ events: 20_000, workers: 1 });
    expect(results).toHaveLength(2);
    expect(results[0]).toMatchObject({ query: 'q0', flinkPerCore: [155_000, 379_000] });
    expect(results[0].eventsPerSecond.median).toBeGreaterThan(0);
  });

  it('measures query 5 on bare bids beside the figure of Jet', async () => {
    const { code, stdout } = await nexmark('--bare', '--events', '100K', '--rate', '10K', '--workers', '2');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^millrace +[\d.]+ +[\d.]+ +[\d.]+ +[\d.]+ +1\.56 +[\d.]+$/m);
  });

  it('answers query 5 on bare bids right', async () => {
    const out = join(folder, 'bare');
    const params = { events: 60_000, rate: 5_000, keys: 100, out };
    await run(new URL(`file://${BUILT}queries/q05-bare.job.js`), { workers: 2, params }).completed;
    const rows = readdirSync(out)
      .flatMap((name) => readFileSync(join(out, name), 'utf8').split('\n'))
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { windowStart: number; auction: number; bids: number });
    // Twelve seconds of bids are in ten windows, the first of which begins eight seconds before them.
    expect(rows).toHaveLength(10 * 10);
    expect(new Set(rows.map(({ windowStart, auction }) => `${windowStart} ${auction}`)).size).toBe(100);
    for (const { windowStart, bids } of rows) {
      const fromMs = Math.max(windowStart - 1436918400000, 0);
      const toMs = Math.min(windowStart - 1436918400000 + 10_000, 12_000);
      // Five bids a millisecond, of which every hundredth is for one auction.
      expect(bids).toBe(((toMs - fromMs) * 5) / 100);
    }
  });

  it('refuses what it does not understand with code 2, and options of the stream with code 1', async () => {
    const misunderstood = await nexmark('--events', 'many');
    expect(misunderstood.code).toBe(2);
    expect(misunderstood.stderr).toMatch(/--events must be[\s\S]*usage: npm run nexmark/);
    const refused = await nexmark('--queries', '0', '--events', '1K', '--disorder', '953');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/disorder must be .* no multiple of 953/);
  });
});
