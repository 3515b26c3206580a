// millrace/connectors/memory: what is already there, or comes by promise, as a source.

export type { StreamSourceOptions } from '../streams/stream-options.ts';
export { fromAsyncIterable } from './from-async-iterable.ts';
export { fromIterable } from './from-iterable.ts';
export { type RecordsOf, type SourceLike, toSource } from './to-source.ts';
