// The memory that frames live in: one lane's ring, seen three ways. Any thread; the lane decides who may write where.
// The views are made once for a lane and held for its life, because making a view costs as much as encoding a record.

/**
 * Three views of the same memory. All start at the same byte 0, which is 8-aligned, and usually lie over a
 * SharedArrayBuffer.
 */
export interface FrameMemory {
  readonly int32: Int32Array;
  readonly float64: Float64Array;
  readonly bytes: Buffer;
}

/** A Buffer's methods for text at known places: faster than `write` and `toString`, and missing from Node's types. */
export interface TextBytes {
  latin1Write(text: string, at: number): number;
  ucs2Write(text: string, at: number): number;
  latin1Slice(start: number, end: number): string;
  ucs2Slice(start: number, end: number): string;
}

/** `memory.bytes` with its text methods. */
export function textOf(memory: FrameMemory): TextBytes {
  return memory.bytes as Buffer & TextBytes;
}

/**
 * The views of `buffer` that encoders and decoders need.
 *
 * @example
 * const memory = frameMemory(new SharedArrayBuffer(1 << 20));
 */
export function frameMemory(buffer: ArrayBufferLike, byteOffset = 0, byteLength?: number): FrameMemory {
  const bytes = Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
  return {
    int32: new Int32Array(buffer, byteOffset, bytes.length >> 2),
    float64: new Float64Array(buffer, byteOffset, bytes.length >> 3),
    bytes,
  };
}

const lastView: { buffer: ArrayBufferLike | undefined; view: BigInt64Array } = {
  buffer: undefined,
  view: new BigInt64Array(0),
};

/** The same memory as 64-bit integers, for int64 columns; the last one made is kept, for a stage polls few lanes. */
export function int64View(memory: FrameMemory): BigInt64Array {
  const { buffer, byteOffset, length } = memory.float64;
  if (lastView.buffer !== buffer || lastView.view.byteOffset !== byteOffset || lastView.view.length !== length) {
    lastView.buffer = buffer;
    lastView.view = new BigInt64Array(buffer, byteOffset, length);
  }
  return lastView.view;
}
