// millrace/connectors/streams: Node and Web streams, standard output, and functions at the end of a flow.

export { fromReadable } from '../../engine/adapters/from-readable.ts';
export { fromWebStream } from '../../engine/adapters/from-web-stream.ts';
export type { Made } from '../../engine/adapters/single-split.ts';
export type { StreamSourceOptions } from '../../engine/adapters/stream-options.ts';
export { toWritable } from '../../engine/adapters/to-writable.ts';
export { type BlackHole, type BlackHoleWriter, blackHole } from './black-hole.ts';
export { type ForEachOptions, forEach } from './for-each.ts';
export { type ToStdoutOptions, toStdout } from './to-stdout.ts';
