import type { Readable } from 'node:stream';
import type { Source } from '../connector/source.ts';
import { MillraceError } from '../errors/millrace-error.ts';
import { PulledReader } from './pulled-reader.ts';
import { type Made, singleSplit } from './single-split.ts';
import { checkStreamSourceOptions, type StreamSourceOptions } from './stream-options.ts';

/**
 * The chunks of a Node Readable as records: its objects in object mode, else Buffers (strings after `setEncoding`).
 *
 * One worker reads it, and only as fast as the job takes the records. Give a function: it is called once, on that worker; a stream
 * object exists on every thread that loads the job. What the stream emits as 'error', or a 'close' before its end, fails the
 * job with `ERR_SOURCE`. When the job ends before the stream, the stream is destroyed.
 *
 * @example
 * flow.from(fromReadable<Buffer>(() => createReadStream('events.bin')))
 */
export function fromReadable<T = unknown>(readable: Made<Readable>, options: StreamSourceOptions = {}): Source<T> {
  const { name, bounded } = checkStreamSourceOptions('fromReadable', options, 'readable');
  // Without a listener a stream that fails before it is opened (no such file) would end the process. The failure is kept
  // in `errored`, and reading it fails.
  if (isReadable(readable)) readable.on('error', ignore);
  return singleSplit<Readable, T>({
    name,
    bounded,
    from: readable,
    check: refuseUnlessReadable,
    isUsedUp: (made) => made.errored === null && (made.readableDidRead || made.destroyed || made.readableEnded),
    open(made, context) {
      made.on('error', ignore);
      const iterator = made[Symbol.asyncIterator]();
      return new PulledReader<T>(name, { next: () => iterator.next(), release: () => made.destroy() }, context);
    },
  });
}

/** True for Node's Readable and everything that behaves as one. */
export function isReadable(value: unknown): value is Readable {
  if (typeof value !== 'object' || value === null) return false;
  const { pipe, on, destroy } = value as Record<string, unknown>;
  return [pipe, on, destroy].every((method) => typeof method === 'function') && Symbol.asyncIterator in value;
}

function refuseUnlessReadable(value: unknown): void {
  if (isReadable(value)) return;
  throw new MillraceError(
    'ERR_OPTION_INVALID',
    `fromReadable needs a Node Readable, or a function that returns one: got ${typeof value}`,
  );
}

function ignore(): void {}
