// What a frame holds in a lane. Any thread; the only file that knows these offsets.
//
//   ring header   type = kind << 8 | port                                          (engine/queue)
//   byte  0       intakeNs     f64   when the oldest record of the frame entered the job
//   byte  8       committedNs  f64   when the sender committed the frame
//   byte 16       count        i32   records
//   byte 20       version      i32   of the schema; announced in the same lane before its first use
//   byte 24       watermarkMs  f64   of the sender, once this frame is done     (engine/time/watermark.ts)
//   byte 32       columns            (engine/frame)
//
// A frame of the kind TIMED has the event time of each of its records, f64, between watermark and columns.
// A schema frame has at byte 0 the version, at byte 4 the length in bytes, at byte 8 the schema. A watermark frame has at byte 0 the
// watermark: it is sent where there are no records to send it with. An end frame is empty.
//
// Ports tell apart what travels over one edge: records, and partial results of an aggregate. Each port has schemas of its own.

export const DATA = 0;
export const SCHEMA = 1;
export const END = 2;
export const WATERMARK = 3;
export const TIMED = 4;

export const RECORDS_PORT = 0;
export const PARTIALS_PORT = 1;
export const PORTS = 2;

export const INTAKE_BYTE = 0;
export const COMMITTED_BYTE = 8;
export const COUNT_BYTE = 16;
export const VERSION_BYTE = 20;
export const WATERMARK_BYTE = 24;
export const COLUMNS_BYTE = 32;
export const TIME_BYTES = 8;

export const SCHEMA_VERSION_BYTE = 0;
export const SCHEMA_LENGTH_BYTE = 4;
export const SCHEMA_BYTE = 8;

export function frameType(kind: number, port: number): number {
  return (kind << 8) | port;
}
export function kindOf(type: number): number {
  return type >> 8;
}
export function portOf(type: number): number {
  return type & 0xff;
}
