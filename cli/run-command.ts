// `millrace run`: starts a job, shows how it goes, ends with its table, writes the report, and says by the exit code how it went.

import type { JobHandle, JobMetrics, JobReport, RunOptions } from '../index.ts';
import type { CommandContext } from './command-context.ts';
import { describeError, EXIT_DONE, EXIT_FAILED, EXIT_PIPE, EXIT_USAGE, exitCodeOf } from './error-report.ts';
import { Interruption } from './interruption.ts';
import { jobParams, jobUrl } from './job-source.ts';
import { LiveView } from './live-view.ts';
import { LineView, type ProgressView, SilentView } from './progress-view.ts';
import { renderTable } from './render-table.ts';
import { checkReportPath, failedReport, writeReportFile } from './report-file.ts';
import { printable } from './text-table.ts';
import { collectWithoutHelpers } from './young-collector.ts';

export interface RunCommandOptions {
  readonly stateDir?: string;
  workers?: number;
  param: string[];
  report?: string;
  color: boolean;
  quiet: boolean;
  debug: boolean;
}

/** Width of the final table where stderr is no terminal: the whole of it, as logs have no edge. */
const PIPED_COLUMNS = 160;

/** Runs the job in the module at `path`. Resolves to the exit code; mistakes on the command line are thrown. */
export async function runCommand(path: string, options: RunCommandOptions, context: CommandContext): Promise<number> {
  const url = await jobUrl(path);
  const params = jobParams(options.param);
  if (options.report !== undefined) await checkReportPath(options.report);
  let view: ProgressView = new SilentView(context.stderr);
  const runOptions: RunOptions = {
    params,
    ...(options.workers === undefined ? {} : { workers: options.workers }),
    ...(options.stateDir === undefined ? {} : { stateDirectory: options.stateDir }),
    onNotice: ({ kind, message }) => {
      if (kind !== 'workers' || !options.quiet) view.say(message);
    },
  };
  collectWithoutHelpers(options.workers, context.setV8Flag);
  const started = new Date();
  const handle = context.engine.run(url, runOptions);
  view = openView(handle, options, context);
  const interruption = new Interruption(handle, context.signals, (text) => view.say(text), context.leave);
  let thrown: unknown;
  let report: JobReport;
  try {
    report = await handle.completed;
  } catch (error) {
    thrown = error;
    if (exitCodeOf(error) === EXIT_USAGE) throw error;
    report = failedReport(lastMetrics(handle, path), error, started, Date.now() - started.getTime());
  } finally {
    view.close();
    interruption.close();
  }
  return conclude(report, thrown, interruption.exitCode, options, context);
}

/** Table, report file and error message; then the exit code. */
async function conclude(
  report: JobReport,
  thrown: unknown,
  interruptedCode: number | undefined,
  options: RunCommandOptions,
  context: CommandContext,
): Promise<number> {
  const { stderr } = context;
  if (!options.quiet && report.stages.length > 0) {
    const width = stderr.isTTY ? (stderr.columns ?? PIPED_COLUMNS) : PIPED_COLUMNS;
    stderr.write(`${renderTable(report, { width, color: usesColor(options, context) })}\n`);
    for (const [name, records] of Object.entries(report.results)) {
      stderr.write(`collected ${printable(name)}: ${records.length} records\n`);
    }
  }
  let code = exitCodeFor(report, thrown, interruptedCode);
  if (code === EXIT_FAILED) stderr.write(describeError(thrown ?? new Error(`the job was ${report.outcome}`), options));
  if (code === EXIT_PIPE) stderr.write('millrace: the reader of standard output went away, so the job was ended\n');
  if (options.report !== undefined) {
    try {
      await writeReportFile(options.report, report);
    } catch (error) {
      stderr.write(describeError(error, options));
      if (code === EXIT_DONE) code = EXIT_FAILED;
    }
  }
  return code;
}

/** A job that reached its end in spite of a signal is done; one that failed while it drained has failed. */
function exitCodeFor(report: JobReport, thrown: unknown, interruptedCode: number | undefined): number {
  switch (report.outcome) {
    case 'finished':
      return EXIT_DONE;
    case 'drained':
      return interruptedCode ?? EXIT_DONE;
    case 'aborted':
      return interruptedCode ?? EXIT_FAILED;
    case 'failed':
      return thrown === undefined ? EXIT_FAILED : exitCodeOf(thrown);
  }
}

function openView(handle: JobHandle, options: RunCommandOptions, context: CommandContext): ProgressView {
  const { stderr, env } = context;
  if (options.quiet) return new SilentView(stderr);
  if (!stderr.isTTY || env['TERM'] === 'dumb') return new LineView(stderr, () => handle.metrics());
  return new LiveView(stderr, () => handle.metrics(), usesColor(options, context));
}

function usesColor(options: RunCommandOptions, context: CommandContext): boolean {
  const { stderr, env } = context;
  return options.color && stderr.isTTY === true && env['TERM'] !== 'dumb' && !env['NO_COLOR'];
}

/** A job that failed before it had stages has no metrics yet; its report says at least why. */
function lastMetrics(handle: JobHandle, path: string): JobMetrics {
  try {
    return handle.metrics();
  } catch {
    return { job: path, uptimeMs: 0, workers: 0, stages: [] };
  }
}
