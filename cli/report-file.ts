// The file that --report asks for: everything a job says about its run, as JSON. Collected records are not part of it, only how many
// there were. It appears whole or not at all: written beside its place under another name, flushed, then renamed.

import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import type { JobMetrics, JobReport } from '../index.ts';
import { reportError, UsageError } from './error-report.ts';

/** A report as it is written: a JobReport with counts in place of collected records. */
export type ReportDocument = Omit<JobReport, 'results'> & { results: Record<string, { records: number }> };

/** Refuses a place that no report can be written to, before the job runs for an hour. The folder is made if it is missing. */
export async function checkReportPath(path: string): Promise<void> {
  if ((await stat(path).catch(() => undefined))?.isDirectory()) {
    throw new UsageError(`--report must name a file, and this is a folder: ${path}`);
  }
  try {
    await mkdir(dirname(resolve(path)), { recursive: true });
  } catch (error) {
    throw new UsageError(`--report must name a file that can be written: ${path}`, { cause: error });
  }
}

export async function writeReportFile(path: string, report: JobReport): Promise<void> {
  const target = resolve(path);
  const temporary = join(dirname(target), `.${basename(target)}.${process.pid}.tmp`);
  try {
    const file = await open(temporary, 'w');
    try {
      await file.writeFile(`${JSON.stringify(reportDocument(report), null, 2)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw new Error(`the report could not be written to ${path}`, { cause: error });
  }
}

export function reportDocument(report: JobReport): ReportDocument {
  const results = Object.entries(report.results).map(([name, records]) => [name, { records: records.length }] as const);
  return { ...report, results: Object.fromEntries(results) };
}

/** The report of a job that threw: its metrics up to then, and why. */
export function failedReport(metrics: JobMetrics, thrown: unknown, startedAt: Date, durationMs: number): JobReport {
  const error = reportError(thrown);
  return {
    ...metrics,
    outcome: error.code === 'ERR_ABORTED' ? 'aborted' : 'failed',
    startedAt: startedAt.toISOString(),
    durationMs,
    node: process.version,
    cores: availableParallelism(),
    error,
    results: {},
  };
}
