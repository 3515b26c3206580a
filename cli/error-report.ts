// Errors as the user of the command sees them: what happened and where, then what caused it; stacks only when asked for.
// Errors are told by their name and code, not by their class: a job may come with a copy of the package of its own.

import type { MillraceError, ReportedError } from '../index.ts';

/** Exit codes of the command. */
export const EXIT_DONE = 0;
export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;
/** 128 + SIGPIPE, as of any command whose reader went away: `millrace run job.ts | head`. */
export const EXIT_PIPE = 141;

/** Codes that say: the command line is wrong, not the job's run. */
const USAGE_CODES: readonly string[] = [
  'ERR_OPTION_INVALID',
  'ERR_OPTION_UNKNOWN',
  'ERR_PARAM_INVALID',
  'ERR_JOB_MODULE',
];

/** Causes beyond this depth are left out. Error chains are short, and one that refers to itself has no end. */
const MAX_CAUSES = 8;

/** A mistake on the command line that the command itself found. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export function isMillraceError(thrown: unknown): thrown is MillraceError {
  return (
    thrown instanceof Error &&
    thrown.name === 'MillraceError' &&
    typeof (thrown as { code?: unknown }).code === 'string'
  );
}

/** The exit code that a thrown value stands for. */
export function exitCodeOf(thrown: unknown): number {
  if (thrown instanceof UsageError) return EXIT_USAGE;
  if (isClosedStdout(thrown)) return EXIT_PIPE;
  return isMillraceError(thrown) && USAGE_CODES.includes(thrown.code) ? EXIT_USAGE : EXIT_FAILED;
}

/** Whether a job ended because nobody reads its standard output any more. Errors lose their codes between threads, not their words. */
function isClosedStdout(thrown: unknown): boolean {
  return (
    isMillraceError(thrown) &&
    thrown.code === 'ERR_SINK' &&
    /^stdout\b/.test(thrown.place.operator ?? '') &&
    thrown.cause instanceof Error &&
    /\bEPIPE\b/.test(thrown.cause.message)
  );
}

/** The thrown value as lines of text, with a line break at the end. */
export function describeError(thrown: unknown, options: { debug: boolean }): string {
  const lines = [`millrace: ${headline(thrown)}`];
  if (options.debug) lines.push(...stackLines(thrown));
  for (const cause of causesOf(thrown)) {
    lines.push(`  caused by ${nameOf(cause)}${messageOf(cause)}`);
    if (options.debug) lines.push(...stackLines(cause));
  }
  if (!options.debug && lines.length > 1) lines.push('  (--debug shows where in the code)');
  return `${lines.join('\n')}\n`;
}

/** The thrown value as it stands in a report. */
export function reportError(thrown: unknown): ReportedError {
  const cause = causesOf(thrown)[0];
  return {
    code: isMillraceError(thrown) ? thrown.code : 'ERR_INTERNAL',
    message: messageOf(thrown),
    place: isMillraceError(thrown) ? { ...thrown.place } : {},
    ...(cause === undefined ? {} : { cause: nameOf(cause) + messageOf(cause) }),
  };
}

function headline(thrown: unknown): string {
  if (isMillraceError(thrown)) return `${thrown.message} [${thrown.code}]`;
  if (thrown instanceof UsageError) return thrown.message;
  return nameOf(thrown) + messageOf(thrown);
}

function causesOf(thrown: unknown): unknown[] {
  const causes: unknown[] = [];
  let current = thrown;
  while (causes.length < MAX_CAUSES && current instanceof Error && current.cause !== undefined) {
    current = current.cause;
    if (causes.includes(current) || current === thrown) break;
    causes.push(current);
  }
  return causes;
}

function nameOf(thrown: unknown): string {
  return thrown instanceof Error ? `${thrown.name}: ` : '';
}

function messageOf(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message;
  try {
    return String(thrown);
  } catch {
    return Object.prototype.toString.call(thrown);
  }
}

function stackLines(thrown: unknown): string[] {
  if (!(thrown instanceof Error) || thrown.stack === undefined) return [];
  return thrown.stack.split('\n').filter((line) => /^\s+at /.test(line));
}
