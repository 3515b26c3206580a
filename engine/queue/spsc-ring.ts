import {
  CAPACITY_BYTES_MAX,
  CAPACITY_BYTES_MIN,
  DATA_BYTE,
  FRAME_ALIGNMENT_BYTES,
  FRAME_HEADER_BYTES,
  HEAD_WORD,
  MAGIC,
  MAGIC_WORD,
  POSITION_MASK,
  TAIL_WORD,
} from './ring-layout.ts';
import { RingMemory } from './ring-memory.ts';

export interface AllocateOptions {
  /**
   * Where the two positions start, a multiple of 8 in the range of an Int32; 0 by default. For tests: positions wrap after
   * 4 GiB, and a ring that starts shortly before gets there at once.
   */
  startPosition?: number;
}

/**
 * A new, empty ring of fixed length.
 *
 * @param capacityBytes a power of two, 4 KiB to 1 GiB; the buffer is 1 KiB larger
 * @throws RangeError when the capacity or the start position breaks its rule
 * @example
 * const sab = SpscRing.allocate(1 << 20);
 * new Worker('./consumer.js', { workerData: sab });
 * const producer = new RingProducer(sab);
 */
function allocate(capacityBytes: number, options: AllocateOptions = {}): SharedArrayBuffer {
  if (!isCapacity(capacityBytes)) {
    throw new RangeError(
      `capacityBytes must be a power of two from ${CAPACITY_BYTES_MIN} to ${CAPACITY_BYTES_MAX}: capacityBytes=${capacityBytes}`,
    );
  }
  const startPosition = options.startPosition ?? 0;
  if ((startPosition & POSITION_MASK) !== startPosition) {
    throw new RangeError(
      `startPosition must be an Int32 and a multiple of ${FRAME_ALIGNMENT_BYTES}: startPosition=${startPosition}`,
    );
  }
  const sab = new SharedArrayBuffer(DATA_BYTE + capacityBytes);
  const words = new Int32Array(sab);
  // Plain: no other thread has the buffer yet, and handing it over orders what was written before.
  words[MAGIC_WORD] = MAGIC;
  words[TAIL_WORD] = startPosition;
  words[HEAD_WORD] = startPosition;
  return sab;
}

/** Bytes of the data region: what `allocate` was given. */
function capacityBytes(sab: SharedArrayBuffer): number {
  return ringCapacityBytes(sab);
}

/**
 * The largest payload that one frame may have: half of the capacity less the frame's header. More than half might never
 * fit, however empty the ring is, because a frame does not wrap around the end.
 */
function maxFrameBytes(sab: SharedArrayBuffer): number {
  return maxPayloadBytes(ringCapacityBytes(sab));
}

/**
 * Bytes published and not yet released, frame headers and padding included: 0 to the capacity. From any thread, at any
 * time. Both positions may move between the two loads, so it is a reading for a gauge, not a fact to build on.
 */
function occupancyBytes(sab: SharedArrayBuffer): number {
  const limitBytes = ringCapacityBytes(sab);
  const memory = new RingMemory(new Int32Array(sab));
  const head = memory.loadOpaque(HEAD_WORD);
  const tail = memory.loadOpaque(TAIL_WORD) & POSITION_MASK;
  return Math.min(Math.max((tail - head) | 0, 0), limitBytes);
}

/** The buffer of a ring, seen from any thread: made before either side, sized and watched without touching either. */
export const SpscRing: {
  readonly allocate: typeof allocate;
  readonly capacityBytes: typeof capacityBytes;
  readonly maxFrameBytes: typeof maxFrameBytes;
  readonly occupancyBytes: typeof occupancyBytes;
} = { allocate, capacityBytes, maxFrameBytes, occupancyBytes };

function isCapacity(bytes: number): boolean {
  return (
    Number.isInteger(bytes) && bytes >= CAPACITY_BYTES_MIN && bytes <= CAPACITY_BYTES_MAX && (bytes & (bytes - 1)) === 0
  );
}

/** @throws TypeError for a buffer that `SpscRing.allocate` did not make */
export function ringCapacityBytes(sab: SharedArrayBuffer): number {
  const capacityBytes = sab instanceof SharedArrayBuffer ? sab.byteLength - DATA_BYTE : Number.NaN;
  if (!isCapacity(capacityBytes) || new Int32Array(sab, 0, MAGIC_WORD + 1)[MAGIC_WORD] !== MAGIC) {
    throw new TypeError('A ring lives in a SharedArrayBuffer made by SpscRing.allocate: this value is not one');
  }
  return capacityBytes;
}

export function maxPayloadBytes(capacityBytes: number): number {
  return capacityBytes / 2 - FRAME_HEADER_BYTES;
}
