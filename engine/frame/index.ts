// Columnar frames: how batches of records cross lanes. Any thread.
export { type AppendFragment, ColumnStages, type ColumnStagesUser } from './column-stages.ts';
export {
  any,
  boolean,
  bytes,
  type ColumnType,
  date,
  type FieldProblem,
  float64,
  int32,
  int64,
  list,
  nullable,
  type OptionalColumnType,
  optional,
  string,
  structured,
} from './column-types.ts';
export { type DecoderFragments, decoderFragments } from './decoder-source.ts';
export { FrameDecoder, type FrameDecoderOptions } from './frame-decoder.ts';
export { FrameEncoder, type FrameEncoderOptions } from './frame-encoder.ts';
export { type FrameMemory, frameMemory } from './frame-memory.ts';
export { type Column, type ColumnKind, type FrameSchema, schemaFromBytes } from './frame-schema.ts';
export { type FieldPath, RecordFault, unreadable } from './record-fault.ts';
export { type Infer, type RecordFields, type RecordOf, RecordSchema, record } from './record-schema.ts';
