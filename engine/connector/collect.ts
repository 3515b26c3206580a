import { MillraceError } from '../errors/millrace-error.ts';
import { LIMITS } from '../limits.ts';

/** A sink that gathers records on the thread that runs the job: `report.results[name]`. Made by collect(). */
export interface CollectSink<T> {
  readonly kind: 'collect';
  readonly result: string;
  readonly limit: number;
  /** Phantom: carries the record type. Never set. */
  readonly _record?: T;
}

/**
 * Gathers all records in memory; they are `report.results[name]` when the job completes.
 *
 * @param options.limit records after which the job fails rather than fill the heap; default 10 million
 * @example
 * stream.to(collect('answer'));
 * const { results } = await run(new URL('./job.js', import.meta.url)).completed;
 * console.table(results['answer']);
 */
export function collect<T = unknown>(name = 'collected', options: { readonly limit?: number } = {}): CollectSink<T> {
  const limit = options.limit ?? LIMITS.defaultCollectLimit;
  if (!Number.isInteger(limit) || limit < 1) {
    throw new MillraceError('ERR_OPTION_INVALID', `collect's limit must be a whole number above 0: limit=${limit}`);
  }
  return { kind: 'collect', result: name, limit };
}

export function isCollectSink(value: unknown): value is CollectSink<never> {
  return typeof value === 'object' && value !== null && (value as { kind?: unknown }).kind === 'collect';
}
