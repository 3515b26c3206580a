import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UsageError } from '../../cli/error-report.ts';
import { checkReportPath, failedReport, writeReportFile } from '../../cli/report-file.ts';
import { MillraceError } from '../../engine/errors/millrace-error.ts';
import type { JobReport } from '../../index.ts';
import { metrics } from './sample-metrics.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-report-'));
});
afterEach(() => rm(folder, { recursive: true }));

function report(changes: Partial<JobReport> = {}): JobReport {
  return {
    ...metrics(),
    outcome: 'finished',
    startedAt: '2026-01-02T03:04:05.678Z',
    durationMs: 2_000,
    node: 'v20.19.0',
    cores: 2,
    results: { answer: [{ a: 1n }, { a: 2n }, { a: 3n }] },
    ...changes,
  };
}

describe('the report file', () => {
  it('holds everything of the report, and of collected records how many there were', async () => {
    const path = join(folder, 'report.json');
    await writeReportFile(path, report());
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({ ...report(), results: { answer: { records: 3 } } });
  });

  it('replaces an older one whole and leaves nothing else behind', async () => {
    const path = join(folder, 'report.json');
    await writeFile(path, 'old '.repeat(100_000));
    await writeReportFile(path, report());
    expect(JSON.parse(await readFile(path, 'utf8')).job).toBe('flights');
    expect(await readdir(folder)).toEqual(['report.json']);
  });

  it('leaves an older one as it was when it cannot be written, and says so', async () => {
    const path = join(folder, 'report.json');
    await writeFile(path, 'old');
    const unwritable = report({ startedAt: 1n as unknown as string });
    await expect(writeReportFile(path, unwritable)).rejects.toThrow(path);
    expect(await readFile(path, 'utf8')).toBe('old');
    expect(await readdir(folder)).toEqual(['report.json']);
  });

  it('may lie in a folder that does not exist yet', async () => {
    const path = join(folder, 'a', 'b', 'report.json');
    await checkReportPath(path);
    await writeReportFile(path, report());
    expect(await readdir(join(folder, 'a', 'b'))).toEqual(['report.json']);
  });

  it('is refused beforehand where it cannot be', async () => {
    await writeFile(join(folder, 'file'), '');
    await expect(checkReportPath(folder)).rejects.toThrow(UsageError);
    await expect(checkReportPath(join(folder, 'file', 'report.json'))).rejects.toThrow(UsageError);
  });
});

describe('the report of a failed job', () => {
  it('holds its metrics up to then and why it failed', () => {
    const error = new MillraceError('ERR_SINK', 'disk full', { place: { stage: 'write' } });
    expect(failedReport(metrics(), error, new Date(0), 5)).toMatchObject({
      ...metrics(),
      outcome: 'failed',
      startedAt: '1970-01-01T00:00:00.000Z',
      durationMs: 5,
      node: process.version,
      error: { code: 'ERR_SINK', place: { stage: 'write' } },
    });
  });

  it('calls an aborted job aborted', () => {
    expect(failedReport(metrics(), new MillraceError('ERR_ABORTED', 'x'), new Date(0), 5).outcome).toBe('aborted');
  });
});
