// Anything that records can come from, as a Source: what `flow.from(x)` accepts. Any thread.

import type { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import type { Source } from '../connector/source.ts';
import { MillraceError } from '../errors/millrace-error.ts';
import { fromAsyncIterable, isAsyncIterable } from './from-async-iterable.ts';
import { fromIterable, isIterable } from './from-iterable.ts';
import { fromReadable, isReadable } from './from-readable.ts';
import { fromWebStream, isWebStream } from './from-web-stream.ts';
import { singleSplit } from './single-split.ts';

/** What holds records of type `T` and can be read from start to end. */
export type RecordsOf<T> = Iterable<T> | AsyncIterable<T> | ReadableStream<T> | Readable;

/** What `flow.from` accepts. A function is called on the one worker that reads. */
export type SourceLike<T> = Source<T> | RecordsOf<T> | (() => RecordsOf<T> | Promise<RecordsOf<T>>);

/**
 * A Source stays as it is; an array, iterable, async iterable, Node Readable or Web ReadableStream, or a function that returns one
 * of these or a promise of one, becomes a source of one split.
 *
 * Throws `ERR_OPTION_INVALID` for anything else. A function that returns something else fails when it is opened.
 *
 * @example
 * flow.from([1, 2, 3]);
 * flow.from(() => createReadStream('events.bin'));
 */
export function toSource<T>(from: SourceLike<T>): Source<T> {
  if (isSource(from)) return from as Source<T>;
  if (typeof from === 'function') return fromFunction(from);
  return fromRecords(from as RecordsOf<T>);
}

export function isSource(value: unknown): value is Source<unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const { splits, open } = value as Record<string, unknown>;
  return typeof splits === 'function' && typeof open === 'function';
}

function fromRecords<T>(records: RecordsOf<T>): Source<T> {
  // Streams first: they are async iterable too, but know more.
  if (isReadable(records)) return fromReadable<T>(records);
  if (isWebStream(records)) return fromWebStream<T>(records as ReadableStream<T>);
  if (isAsyncIterable(records)) return fromAsyncIterable<T>(records as AsyncIterable<T>);
  if (isIterable(records)) return fromIterable<T>(records as Iterable<T>);
  throw new MillraceError(
    'ERR_OPTION_INVALID',
    `a source must be a connector, an iterable, an async iterable, a stream or a function that returns one: got ${nameOf(records)}`,
  );
}

function fromFunction<T>(make: () => RecordsOf<T> | Promise<RecordsOf<T>>): Source<T> {
  return singleSplit<RecordsOf<T>, T>({
    name: make.name === '' ? 'function' : `${make.name}()`,
    bounded: true,
    from: make,
    check(made) {
      if (!isSource(made)) return;
      throw new MillraceError(
        'ERR_OPTION_INVALID',
        `a function given as a source must return records, not a connector: got ${made.name}; give the connector itself`,
      );
    },
    open(made, context) {
      // None of these has more than one split, nor waits to be opened.
      const source = fromRecords<T>(made);
      return source.open({ id: source.name }, context) as Exclude<ReturnType<typeof source.open>, Promise<unknown>>;
    },
  });
}

function nameOf(value: unknown): string {
  if (typeof value === 'string')
    return `the string ${JSON.stringify(value.slice(0, 60))}; for a file, use its connector`;
  return value === null ? 'null' : typeof value;
}
