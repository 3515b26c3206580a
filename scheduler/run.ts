import { isMainThread } from 'node:worker_threads';
import type { JobHandle } from './job-handle.ts';
import { JobRun } from './job-run.ts';
import type { RunOptions } from './run-options.ts';

// Whoever imports this on the main thread will start threads: what that takes, 20 ms, is loaded while the program goes on. Not in workers,
// where jobs import it too. A failure shows again, and is told, when a job is run.
if (isMainThread) import('./worker-threads.ts').catch(() => {});

/**
 * Starts the job that a module exports by default, and returns at once.
 *
 * @param module URL (or path) of the module; it is imported on this thread and on every worker
 * @throws MillraceError ERR_OPTION_INVALID, ERR_OPTION_UNKNOWN at once; everything later rejects `completed`
 * @example
 * const handle = run(new URL('./delays.job.js', import.meta.url), { params: { file: 'flights.csv' } });
 * const { results } = await handle.completed;
 */
export function run(module: URL | string, options: RunOptions = {}): JobHandle {
  return new JobRun(module, options);
}
