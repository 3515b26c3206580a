import type { ErrorCode } from './error-codes.ts';

/** Where in a job an error happened. Every part that is known is filled in on the error's way up. */
export interface ErrorPlace {
  job?: string;
  stage?: string;
  operator?: string;
  /** Index of the worker thread. */
  worker?: number;
  partition?: number;
  /** Where the source had read to, in the source's own words: `flights.csv line 17, byte 1034`. */
  position?: string;
}

/** What crosses between threads instead of the error itself: structured clone drops codes and places. */
export interface ErrorRecord {
  code: ErrorCode;
  rule: string;
  place: ErrorPlace;
  stack?: string;
  cause?: unknown;
}

const PLACE_ORDER = ['job', 'stage', 'operator', 'worker', 'partition', 'position'] as const;

/**
 * The one error class of Millrace.
 *
 * The message states what happened and what to do, then where: `… (job 'flights', stage 'parse', operator 'map')`.
 *
 * @example
 * try { await handle.completed } catch (error) {
 *   if (error instanceof MillraceError && error.code === 'ERR_OPERATOR') console.error(error.place.stage, error.cause);
 * }
 */
export class MillraceError extends Error {
  override readonly name = 'MillraceError';
  readonly code: ErrorCode;
  readonly place: Readonly<ErrorPlace>;
  /** The message without the place. */
  readonly rule: string;

  constructor(code: ErrorCode, rule: string, options: { cause?: unknown; place?: ErrorPlace } = {}) {
    super(rule + describePlace(options.place ?? {}), 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.rule = rule;
    this.place = options.place ?? {};
  }

  /** The same error with more of its place known. What is already known stays: the innermost layer knows best. */
  at(place: ErrorPlace): MillraceError {
    const known = Object.fromEntries(Object.entries(this.place).filter(([, value]) => value !== undefined));
    const wider = new MillraceError(this.code, this.rule, {
      place: { ...place, ...known },
      ...('cause' in this ? { cause: this.cause } : {}),
    });
    if (this.stack !== undefined) wider.stack = this.stack.replace(this.message, wider.message);
    return wider;
  }

  toRecord(): ErrorRecord {
    const record: ErrorRecord = { code: this.code, rule: this.rule, place: { ...this.place } };
    if (this.stack !== undefined) record.stack = this.stack;
    if ('cause' in this) record.cause = cloneableCause(this.cause);
    return record;
  }

  static fromRecord(record: ErrorRecord): MillraceError {
    const error = new MillraceError(record.code, record.rule, {
      place: record.place,
      ...('cause' in record ? { cause: record.cause } : {}),
    });
    if (record.stack !== undefined) error.stack = record.stack;
    return error;
  }

  /** Any thrown value as a MillraceError: ours stays as it is, another becomes the cause of one with `code`. */
  static from(thrown: unknown, code: ErrorCode, rule?: string, place: ErrorPlace = {}): MillraceError {
    if (thrown instanceof MillraceError) return thrown.at(place);
    return new MillraceError(code, rule ?? messageOf(thrown), { cause: thrown, place });
  }
}

export function messageOf(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message;
  try {
    return String(thrown);
  } catch {
    return Object.prototype.toString.call(thrown);
  }
}

function describePlace(place: ErrorPlace): string {
  const parts = PLACE_ORDER.filter((part) => place[part] !== undefined).map((part) =>
    typeof place[part] === 'string' && part !== 'position' ? `${part} '${place[part]}'` : `${part} ${place[part]}`,
  );
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}

/** A cause that is itself ours travels as a record; one that structured clone refuses travels as its message. */
function cloneableCause(cause: unknown): unknown {
  try {
    return structuredClone(cause);
  } catch {
    return new Error(messageOf(cause));
  }
}
