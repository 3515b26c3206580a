// Jobs of test/jobs as they were compiled, and what comes of running them through the built package.

import { type JobReport, MillraceError, type RunOptions, run } from 'millrace';

export function jobUrl(name: string): URL {
  return new URL(`../../build/test/jobs/${name}.js`, import.meta.url);
}

export function report(name: string, options: RunOptions = {}): Promise<JobReport> {
  return run(jobUrl(name), options).completed;
}

/** The error with which a job ends; a job that completes is an error of the test. */
export async function failureOf(completed: Promise<unknown>): Promise<MillraceError> {
  let outcome: unknown;
  try {
    outcome = await completed;
  } catch (error) {
    if (error instanceof MillraceError) return error;
    throw error;
  }
  throw new Error(`the job was expected to fail, but completed: ${JSON.stringify(outcome)?.slice(0, 500)}`);
}

export function sortedNumbers(values: readonly unknown[] | undefined): number[] {
  return [...((values ?? []) as number[])].sort((a, b) => a - b);
}
