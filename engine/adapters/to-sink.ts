import type { Writable } from 'node:stream';
import type { Sink } from '../connector/sink.ts';
import { MillraceError } from '../errors/millrace-error.ts';
import { toWritable } from './to-writable.ts';

/** What `.to()` takes beside sinks: a Node Writable, or a function that returns one. */
export type SinkLike<T> = Sink<T> | Writable | (() => Writable | Promise<Writable>);

export function toSink<T>(to: unknown): Sink<T> {
  if (typeof to === 'object' && to !== null && typeof (to as Sink<T>).open === 'function') return to as Sink<T>;
  if (typeof to === 'function' || (typeof to === 'object' && to !== null && 'write' in to))
    return toWritable(to as Writable);
  throw new MillraceError(
    'ERR_OPTION_INVALID',
    `a sink must be a connector's sink, collect(), a Writable or a function that returns one: got ${typeof to}`,
  );
}
