import type { Source } from '../connector/source.ts';
import { MillraceError } from '../errors/millrace-error.ts';
import { PulledReader } from './pulled-reader.ts';
import { type Made, singleSplit } from './single-split.ts';
import { checkStreamSourceOptions, type StreamSourceOptions } from './stream-options.ts';

/**
 * The values of an async iterable as records, as they arrive.
 *
 * One worker reads it, asking for the next value ahead of the job's need up to a bound. An async generator can be read once: give the
 * generator function itself where a job may run again. What it throws fails the job with `ERR_SOURCE`, after all values that came
 * before; when the job ends first, the iterator's `return()` is called.
 *
 * @example
 * flow.from(fromAsyncIterable(async function* () { for (;;) yield await queue.take() }, { bounded: false }))
 */
export function fromAsyncIterable<T>(iterable: Made<AsyncIterable<T>>, options: StreamSourceOptions = {}): Source<T> {
  const { name, bounded } = checkStreamSourceOptions('fromAsyncIterable', options, 'async iterable');
  let isDrawn = false;
  return singleSplit<AsyncIterable<T>, T>({
    name,
    bounded,
    from: iterable,
    check: refuseUnlessAsyncIterable,
    isUsedUp: (made) => isDrawn && typeof iterable !== 'function' && made[Symbol.asyncIterator]() === (made as unknown),
    open(made, context) {
      isDrawn = true;
      const iterator = made[Symbol.asyncIterator]();
      return new PulledReader<T>(name, { next: () => iterator.next(), release: () => iterator.return?.() }, context);
    },
  });
}

export function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && typeof Reflect.get(value, Symbol.asyncIterator) === 'function';
}

function refuseUnlessAsyncIterable(value: unknown): void {
  if (isAsyncIterable(value)) return;
  throw new MillraceError(
    'ERR_OPTION_INVALID',
    `fromAsyncIterable needs an async iterable, or a function that returns one: got ${value === null ? 'null' : typeof value}`,
  );
}
