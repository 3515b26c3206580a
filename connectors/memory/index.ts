// millrace/connectors/memory: what is already there, or comes by promise, as a source.

export { fromAsyncIterable } from '../../engine/adapters/from-async-iterable.ts';
export { fromIterable } from '../../engine/adapters/from-iterable.ts';
export type { StreamSourceOptions } from '../../engine/adapters/stream-options.ts';
export { type RecordsOf, type SourceLike, toSource } from '../../engine/adapters/to-source.ts';
