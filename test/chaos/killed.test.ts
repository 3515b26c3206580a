// The whole process is killed while files are being written: what lies there afterwards must not look like a result.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from 'millrace';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { failureOf, jobUrl } from '../scheduler/built-jobs.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-killed-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const RESULTS = ['rows.csv', 'rows.ndjson', 'rows.parquet', 'rows.txt.gz'];

function startWriting(): ChildProcess {
  const script = `
    import { run } from 'millrace';
    await run(${JSON.stringify(jobUrl('written').href)}, { workers: 2, params: { folder: ${JSON.stringify(folder)} } }).completed;`;
  const cwd = fileURLToPath(new URL('../..', import.meta.url));
  return spawn(process.execPath, ['--input-type=module', '--eval', script], {
    cwd,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

function files(): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** Until every writer has something on the disk. */
async function untilWritten(count: number): Promise<string[]> {
  for (;;) {
    const written = files().filter((file) => basename(file).endsWith('.tmp') && statSync(file).size > 0);
    if (written.length >= count) return written;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

it('a killed process leaves hidden temporary files at most, which no source reads', async () => {
  const child = startWriting();
  await untilWritten(4);
  child.kill('SIGKILL');
  await once(child, 'exit');
  for (const file of files()) expect(basename(file)).toMatch(/^\..*\.tmp$/);
  const read = run(jobUrl('read-lines'), { workers: 1, params: { path: join(folder, '**/*') } });
  expect((await failureOf(read.completed)).code).toBe('ERR_SOURCE');
});

it('a killed process leaves the results of the run before as they were', async () => {
  for (const name of RESULTS) writeFileSync(join(folder, name), `the old ${name}`);
  mkdirSync(join(folder, 'parts'));
  writeFileSync(join(folder, 'parts', 'part-0.ndjson'), 'the old part');
  const child = startWriting();
  await untilWritten(4);
  child.kill('SIGKILL');
  await once(child, 'exit');
  for (const name of RESULTS) expect(readFileSync(join(folder, name), 'utf8')).toBe(`the old ${name}`);
  expect(readFileSync(join(folder, 'parts', 'part-0.ndjson'), 'utf8')).toBe('the old part');
});

it('a job that is aborted takes its temporary files away; one that drains leaves whole files', async () => {
  const aborted = run(jobUrl('written'), { workers: 2, params: { folder } });
  await untilWritten(4);
  await aborted.stop({ drain: false });
  expect(files()).toEqual([]);

  const drained = run(jobUrl('written'), { workers: 2, params: { folder } });
  await untilWritten(4);
  await drained.stop({ drain: true });
  const { outcome, stages } = await drained.completed;
  expect(outcome).toBe('drained');
  expect(files().filter((file) => file.endsWith('.tmp'))).toEqual([]);
  const read = stages[0]!.recordsIn;
  const lines = (file: string): number => readFileSync(join(folder, file), 'utf8').split('\n').length - 1;
  expect(lines('rows.ndjson')).toBe(read);
  expect(lines('rows.csv')).toBe(read + 1);
  const texts = await run(jobUrl('read-lines'), { workers: 1, params: { path: join(folder, 'rows.txt.gz') } })
    .completed;
  expect(texts.results['lines']).toHaveLength(read);
  expect(readFileSync(join(folder, 'rows.parquet')).subarray(-4).toString()).toBe('PAR1');
  expect(readdirSync(join(folder, 'parts')).reduce((sum, part) => sum + lines(join('parts', part)), 0)).toBe(read);
});
