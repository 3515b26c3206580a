// millrace/connectors/memory: what is already there, or comes by promise, as a source.

export type { StreamSourceOptions } from '../../engine/adapters/stream-options.ts';
export { fromAsyncIterable } from '../../engine/adapters/from-async-iterable.ts';
export { fromIterable } from '../../engine/adapters/from-iterable.ts';
export { type RecordsOf, type SourceLike, toSource } from '../../engine/adapters/to-source.ts';
