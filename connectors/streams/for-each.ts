import type { Sink, SinkWriter } from '../../engine/connector/sink.ts';
import { MillraceError, messageOf } from '../../engine/errors/millrace-error.ts';

export interface ForEachOptions {
  /** `1` when all records must be seen on one thread. Absent: the function runs on every worker. */
  writers?: 1;
  name?: string;
}

/**
 * Calls a function with every record, on the workers: what it changes is seen on its own thread only.
 *
 * A promise it returns is awaited before the next record of that worker. What it throws fails the job with `ERR_OPERATOR`.
 * To get records back on the main thread, use `collect`.
 *
 * @example
 * flow.from(orders).to(forEach(async (order) => { await api.send(order) }))
 */
export function forEach<T>(fn: (record: T) => unknown, options: ForEachOptions = {}): Sink<T> {
  if (typeof fn !== 'function') {
    throw new MillraceError('ERR_OPTION_INVALID', `forEach needs a function: got ${fn === null ? 'null' : typeof fn}`);
  }
  const { writers, name = fn.name === '' ? 'forEach' : `forEach(${fn.name})` } = options;
  if (writers !== undefined && writers !== 1) {
    throw new MillraceError('ERR_OPTION_INVALID', `forEach's writers must be 1 or absent: writers=${String(writers)}`);
  }
  const sink: Sink<T> = { name, open: () => new ForEachWriter(name, fn) };
  return writers === undefined ? sink : { ...sink, writers };
}

class ForEachWriter<T> implements SinkWriter<T> {
  readonly #name: string;
  readonly #fn: (record: T) => unknown;
  #seenCount = 0;

  constructor(name: string, fn: (record: T) => unknown) {
    this.#name = name;
    this.#fn = fn;
  }

  write(batch: readonly T[]): void | Promise<void> {
    const fn = this.#fn;
    try {
      for (let index = 0; index < batch.length; index++) {
        this.#seenCount++;
        const answer = fn(batch[index] as T);
        if (isThenable(answer)) return this.#writeRest(batch, index + 1, answer);
      }
    } catch (error) {
      throw this.#failed(error);
    }
  }

  async #writeRest(batch: readonly T[], index: number, answer: PromiseLike<unknown>): Promise<void> {
    try {
      await answer;
      for (; index < batch.length; index++) {
        this.#seenCount++;
        await this.#fn(batch[index] as T);
      }
    } catch (error) {
      throw this.#failed(error);
    }
  }

  #failed(error: unknown): MillraceError {
    const rule = `${this.#name} failed on record ${this.#seenCount} of its writer: ${messageOf(error)}`;
    return MillraceError.from(error, 'ERR_OPERATOR', rule);
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
