import type { ReadableStream } from 'node:stream/web';
import type { Source } from '../connector/source.ts';
import { MillraceError } from '../errors/millrace-error.ts';
import { PulledReader } from './pulled-reader.ts';
import { type Made, singleSplit } from './single-split.ts';
import { checkStreamSourceOptions, type StreamSourceOptions } from './stream-options.ts';

/**
 * The chunks of a Web ReadableStream as records.
 *
 * One worker reads it, and only as fast as the job takes the records. Give a function: it is called once, on that worker; a stream
 * object exists on every thread that loads the job. A stream that errors fails the job with `ERR_SOURCE`. When the job ends
 * before the stream, the stream is cancelled. A stream that somebody else has locked is refused.
 *
 * @example
 * flow.from(fromWebStream(async () => (await fetch(url)).body.pipeThrough(new TextDecoderStream())))
 */
export function fromWebStream<T>(stream: Made<ReadableStream<T>>, options: StreamSourceOptions = {}): Source<T> {
  const { name, bounded } = checkStreamSourceOptions('fromWebStream', options, 'web stream');
  return singleSplit<ReadableStream<T>, T>({
    name,
    bounded,
    from: stream,
    check: refuseUnlessWebStream,
    open(made, context) {
      if (made.locked) {
        throw new MillraceError(
          'ERR_SOURCE',
          `${name} is locked: another reader has it; give a stream that nobody reads`,
        );
      }
      const reader = made.getReader();
      const next = reader.read.bind(reader) as () => Promise<IteratorResult<T, undefined>>;
      return new PulledReader<T>(name, { next, release: () => reader.cancel() }, context);
    },
  });
}

export function isWebStream(value: unknown): value is ReadableStream<unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const { getReader, cancel } = value as Record<string, unknown>;
  return typeof getReader === 'function' && typeof cancel === 'function';
}

function refuseUnlessWebStream(value: unknown): void {
  if (isWebStream(value)) return;
  throw new MillraceError(
    'ERR_OPTION_INVALID',
    `fromWebStream needs a ReadableStream, or a function that returns one: got ${typeof value}`,
  );
}
