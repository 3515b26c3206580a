// The command as users run it: the built one, in a process of its own, with real jobs on real threads.

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ReportDocument } from '../../cli/report-file.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PRINTING = 'build/test/jobs/printing.js';
const KEYED_SUM = 'build/test/jobs/keyed-sum.js';
const FAULTY = 'build/test/jobs/faulty.js';

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

let folder: string;
const children: ChildProcessWithoutNullStreams[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-command-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await rm(folder, { recursive: true });
});

function start(...args: string[]): {
  child: ChildProcessWithoutNullStreams;
  ended: Promise<Ended>;
  printed: Omit<Ended, 'code'>;
} {
  const child = spawn(process.execPath, ['dist/cli/main.js', ...args], {
    cwd: ROOT,
    env: { ...process.env, MILLRACE_DEBUG: '' },
  });
  children.push(child);
  const printed = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => (printed.stdout += chunk));
  child.stderr.on('data', (chunk) => (printed.stderr += chunk));
  const ended = new Promise<Ended>((resolve) => child.once('close', (code) => resolve({ code, ...printed })));
  return { child, ended, printed };
}

function millrace(...args: string[]): Promise<Ended> {
  return start(...args).ended;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('millrace run', () => {
  it('leaves stdout to the job, ends with the table on stderr and with 0', async () => {
    const { code, stdout, stderr } = await millrace('run', PRINTING, '--workers', '1');
    expect(code).toBe(0);
    expect(stdout.trimEnd().split('\n').sort()).toEqual(
      Array.from({ length: 1_000 }, (_, index) => `line ${index}`).sort(),
    );
    expect(stderr).toContain('printing  1 worker, ');
    expect(stderr).toMatch(/^generate\+stdout +1000 +1000 /m);
    // Piped: no colours, nothing redrawn.
    expect(stderr).not.toMatch(/\p{Cc}(?<!\n)/u);
  });

  it('writes a report with every number of the table and the percentiles of every stage', async () => {
    const path = join(folder, 'report.json');
    const { code } = await millrace(
      'run',
      KEYED_SUM,
      '-w',
      '2',
      '-p',
      'records=50000',
      '-p',
      'keys=20',
      '--quiet',
      '--report',
      path,
    );
    expect(code).toBe(0);
    const report = JSON.parse(await readFile(path, 'utf8')) as ReportDocument;
    expect(report).toMatchObject({ job: 'keyed-sum', outcome: 'finished', workers: 2, node: process.version });
    expect(report.results).toEqual({ answer: { records: 20 } });
    expect(report.stages[0]).toMatchObject({ recordsIn: 50_000, service: { count: 50_000 } });
    for (const { stage, busy, idle, backpressured, workers, age, lanes } of report.stages) {
      expect(busy + idle + backpressured, stage).toBeCloseTo(1, 6);
      expect(workers.length, stage).toBeGreaterThan(0);
      expect(age.count, stage).toBeGreaterThan(0);
      expect(age.minNs <= age.p50Ns && age.p50Ns <= age.p9999Ns && age.p9999Ns <= age.maxNs, stage).toBe(true);
      expect(lanes.count, stage).toBeGreaterThanOrEqual(0);
    }
  });

  it('prints nothing of its own when quiet', async () => {
    expect(await millrace('run', PRINTING, '--quiet', '-p', 'count=1')).toEqual({
      code: 0,
      stdout: 'line 0\n',
      stderr: '',
    });
  });

  it('ends with 1 when the job fails, says where and why without a stack, and still writes the report', async () => {
    const path = join(folder, 'report.json');
    const { code, stderr } = await millrace('run', FAULTY, '--report', path);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^millrace: .*no such field.*\(job 'faulty', stage '.+', operator '.+'.*\) \[ERR_OPERATOR\]$/m,
    );
    expect(stderr).toContain('caused by TypeError: no such field');
    expect(stderr).not.toMatch(/^\s+at /m);
    const report = JSON.parse(await readFile(path, 'utf8')) as ReportDocument;
    expect(report).toMatchObject({
      outcome: 'failed',
      error: { code: 'ERR_OPERATOR', cause: 'TypeError: no such field' },
    });
    expect(report.stages.length).toBeGreaterThan(0);
  });

  it('shows the line of the user’s code with --debug', async () => {
    const { stderr } = await millrace('run', FAULTY, '--debug');
    expect(stderr).toMatch(/^\s+at .*faulty\.js:\d+/m);
  });

  it('ends as commands do whose reader went away', async () => {
    const { child, ended, printed } = start('run', PRINTING, '-p', 'count=50000000');
    await until(() => printed.stdout.length > 0);
    child.stdout.destroy();
    const { code, stderr } = await ended;
    expect(code).toBe(141);
    expect(stderr).toContain('the reader of standard output went away');
  });
});

describe('an interrupted command', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('drains at %s: what was read comes out, and it ends with %d', async (signal, expected) => {
    const path = join(folder, 'report.json');
    const { child, ended, printed } = start('run', PRINTING, '-p', 'count=0', '-p', 'rate=2000', '--report', path);
    await until(() => printed.stdout.includes('line 500\n'));
    child.kill(signal);
    const { code, stdout, stderr } = await ended;
    expect(code).toBe(expected);
    expect(stderr).toContain('interrupted: finishing what is under way');
    const report = JSON.parse(await readFile(path, 'utf8')) as ReportDocument;
    expect(report.outcome).toBe('drained');
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(report.stages[0]!.recordsIn);
    expect(new Set(lines).size).toBe(lines.length);
    expect(stdout.endsWith('\n')).toBe(true);
  });

  it('aborts at the second Ctrl-C, even when the job never returns', async () => {
    const { child, ended, printed } = start('run', FAULTY, '-p', 'fault=loops');
    await until(() => printed.stderr.includes('workers'));
    await new Promise((resolve) => setTimeout(resolve, 500));
    child.kill('SIGINT');
    await until(() => printed.stderr.includes('interrupted'));
    child.kill('SIGINT');
    const { code, stderr } = await ended;
    expect(stderr).toContain('aborting');
    expect(code).toBe(130);
  });
});

describe('wrong usage', () => {
  it.each([
    [['run', 'no-such-job.js'], 'no such file: no-such-job.js'],
    [['run', KEYED_SUM, '--param', 'nonsense=1'], "unknown parameter 'nonsense'"],
    [['run', KEYED_SUM, '--param', 'records=many'], "parameter 'records' must be a number"],
    [['run', KEYED_SUM, '--workers', '0'], 'workers must be a whole number from 1'],
    [['run', KEYED_SUM, '--workers', '10000'], 'workers must be a whole number from 1'],
    [['run', 'package.json'], 'ERR_JOB_MODULE'],
    [['plan', KEYED_SUM, '--workers', '0'], 'workers must be a whole number from 1'],
  ])('ends with 2 and says what is wrong: %j', async (args, message) => {
    const { code, stdout, stderr } = await millrace(...args);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
    expect(stdout).toBe('');
  });

  it('is a module that exports no job', async () => {
    const module = join(folder, 'not-a-job.mjs');
    await writeFile(module, 'export default { name: "x" };');
    const { code, stderr } = await millrace('run', module);
    expect(code).toBe(2);
    expect(stderr).toContain('must export a job by default');
  });
});

describe('millrace plan', () => {
  it('prints the stages as text, as Mermaid and as JSON, and runs nothing', async () => {
    const [text, mermaid, json] = await Promise.all(
      ['text', 'mermaid', 'json'].map((format) => millrace('plan', KEYED_SUM, '--format', format, '--workers', '2')),
    );
    for (const { code, stderr } of [text!, mermaid!, json!]) expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(text!.stdout).toContain("stage 'aggregate' on 2 workers");
    expect(mermaid!.stdout).toMatch(/^(flowchart|graph) /m);
    expect(JSON.stringify(JSON.parse(json!.stdout))).toContain('aggregate');
  });
});

describe('millrace --version', () => {
  it('is that of the package', async () => {
    const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { version: string };
    expect(await millrace('--version')).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });
});
