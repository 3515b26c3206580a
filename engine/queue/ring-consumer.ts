import { Doorbell } from './doorbell.ts';
import { RingCorruptError } from './ring-errors.ts';
import {
  CONSUMER_CLOSED_WORD,
  CONSUMER_DOORBELL_WORD,
  DATA_BYTE,
  DATA_WORD,
  FRAME_ALIGNMENT_BYTES,
  FRAME_HEADER_BYTES,
  FRAME_TYPE_WORD,
  HEAD_WORD,
  PADDING_TYPE,
  POSITION_MASK,
  PRODUCER_DOORBELL_WORD,
  TAIL_CLOSED_BIT,
  TAIL_WORD,
} from './ring-layout.ts';
import { RingMemory } from './ring-memory.ts';
import type { RingOptions } from './ring-options.ts';
import { ringCapacityBytes } from './spsc-ring.ts';

/** Nothing to read now. */
export const RING_EMPTY = -1;
/** Nothing to read ever again: the producer closed and all its frames were polled, or this consumer has closed. */
export const RING_DRAINED = -2;

/**
 * The reading side of a ring. One thread, one instance at a time.
 *
 *     poll -> read in place, until RING_EMPTY or enough   ... local to this thread but for a look at TAIL when all is read
 *     release                                             ... once a batch: one store, one ring if the producer sleeps
 *
 * What can change meanwhile and what cannot: an empty ring may cease to be empty at any time; a frame that is there stays,
 * bytes and all, until this thread releases it. So TAIL is read again only when the copy of it says "empty".
 *
 * @example
 * for (let at = consumer.poll(); at >= 0; at = consumer.poll()) {
 *   sum += consumer.float64[at >> 3];
 * }
 * consumer.release();
 */
export class RingConsumer {
  /** The data region, from its byte 0, for as long as this consumer lives. Read only polled frames that are not yet released. */
  readonly int32: Int32Array;
  readonly float64: Float64Array;
  readonly bytes: Buffer;
  /** The doorbell on which this side sleeps while the ring is empty. */
  readonly doorbell: Doorbell;

  readonly #memory: RingMemory;
  readonly #producerDoorbell: Doorbell;
  readonly #capacityBytes: number;
  /** Where the next frame begins; ahead of #released by the frames polled since. */
  #position: number;
  #released: number;
  /** The last TAIL seen. The true one is never behind it. */
  #tail: number;
  #producerClosed = false;
  #closed: boolean;
  #frameType = 0;
  #frameBytes = 0;

  /** @throws TypeError when `sab` was not made by `SpscRing.allocate` */
  constructor(sab: SharedArrayBuffer, options: RingOptions = {}) {
    const capacityBytes = ringCapacityBytes(sab);
    const words = new Int32Array(sab);
    const memory = options.memory ?? new RingMemory(words);
    this.int32 = new Int32Array(sab, DATA_BYTE, capacityBytes / Int32Array.BYTES_PER_ELEMENT);
    this.float64 = new Float64Array(sab, DATA_BYTE, capacityBytes / Float64Array.BYTES_PER_ELEMENT);
    this.bytes = Buffer.from(sab, DATA_BYTE, capacityBytes);
    this.doorbell = options.doorbells?.self ?? new Doorbell(words, CONSUMER_DOORBELL_WORD, memory);
    this.#producerDoorbell = options.doorbells?.peer ?? new Doorbell(words, PRODUCER_DOORBELL_WORD, memory);
    this.#memory = memory;
    this.#capacityBytes = capacityBytes;
    // Our own words. A consumer may take over from another, and starts with what that one did not release.
    this.#position = memory.loadOpaque(HEAD_WORD);
    this.#released = this.#position;
    this.#tail = this.#position;
    this.#closed = memory.loadOpaque(CONSUMER_CLOSED_WORD) !== 0;
  }

  /** The type of the frame polled last, as it was committed. */
  get frameType(): number {
    return this.#frameType;
  }

  /** Payload bytes of the frame polled last, as committed. */
  get frameBytes(): number {
    return this.#frameBytes;
  }

  /** Share of the ring that is published and not yet released, 0 to 1, as of the last look at TAIL: a gauge that costs no shared access. */
  get occupancy(): number {
    return ((this.#tail - this.#released) | 0) / this.#capacityBytes;
  }

  /** True when all that is published has been polled: there may be more at any time. */
  isEmpty(): boolean {
    if (this.#position === this.#tail && !this.#closed && !this.#producerClosed) {
      // As in poll. Pairs with the release in RingProducer.publish and the release in RingProducer.close.
      this.#acceptTail(this.#memory.loadSeqCst(TAIL_WORD));
    }
    return this.#position === this.#tail;
  }

  /**
   * The next frame, in the order of commits.
   *
   * @returns the payload's byte offset in the data region, a multiple of 8; or RING_EMPTY; or RING_DRAINED
   * @throws RingCorruptError when what lies there is no frame
   */
  poll(): number {
    let position = this.#position;
    if (position === this.#tail) {
      if (this.#closed || this.#producerClosed) return RING_DRAINED;
      // The frames are there when their tail is. Pairs with the release in RingProducer.publish and the release in RingProducer.close.
      // Sequentially consistent: it is also the second look before a park.
      this.#acceptTail(this.#memory.loadSeqCst(TAIL_WORD));
      if (position === this.#tail) return this.#producerClosed ? RING_DRAINED : RING_EMPTY;
    }
    let offset = position & (this.#capacityBytes - 1);
    let lengthBytes = this.#memory.loadPlain(DATA_WORD + (offset >> 2));
    let type = this.#memory.loadPlain(DATA_WORD + (offset >> 2) + FRAME_TYPE_WORD);
    if (type === PADDING_TYPE) {
      // Padding reaches to the end, and is committed together with the frame after it.
      if (lengthBytes !== this.#capacityBytes - offset) throw this.#corruptFrame(position, lengthBytes, type);
      position = (position + lengthBytes) | 0;
      offset = 0;
      lengthBytes = this.#memory.loadPlain(DATA_WORD);
      type = this.#memory.loadPlain(DATA_WORD + FRAME_TYPE_WORD);
    }
    const availableBytes = (this.#tail - position) | 0;
    if (
      lengthBytes < FRAME_HEADER_BYTES ||
      lengthBytes > availableBytes ||
      lengthBytes > this.#capacityBytes - offset ||
      type < 0
    ) {
      throw this.#corruptFrame(position, lengthBytes, type);
    }
    this.#position = (position + ((lengthBytes + (FRAME_ALIGNMENT_BYTES - 1)) & -FRAME_ALIGNMENT_BYTES)) | 0;
    this.#frameType = type;
    this.#frameBytes = lengthBytes - FRAME_HEADER_BYTES;
    return offset + FRAME_HEADER_BYTES;
  }

  /**
   * As `poll`, but sleeps up to `timeoutMs` on the doorbell when the ring is empty. **Releases first**: a producer that waits
   * for room could never fill the ring for us otherwise. May return RING_EMPTY before the time is up. Blocks the event loop.
   */
  pollBlocking(timeoutMs: number): number {
    const at = this.poll();
    if (at !== RING_EMPTY) return at;
    this.release();
    this.doorbell.prepareToPark();
    const secondLook = this.poll();
    if (secondLook !== RING_EMPTY) {
      this.doorbell.cancelPark();
      return secondLook;
    }
    this.doorbell.park(timeoutMs);
    return this.poll();
  }

  /** Gives back all frames polled so far, the last one included, and wakes the producer if it sleeps. Nothing polled: does nothing. */
  release(): void {
    if (this.#position === this.#released) return;
    // Our reads before the room. Pairs with the acquire in RingProducer.#refreshHead.
    // Sequentially consistent, not a release alone: ring() looks at the doorbell next, and must not look earlier.
    this.#memory.storeSeqCst(HEAD_WORD, this.#position);
    this.#released = this.#position;
    this.#producerDoorbell.ring();
  }

  /** Tells the producer that nobody reads any more. What was polled may be read on; what was not is lost. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#tail = this.#position;
    // Pairs with the acquire in RingProducer.#refreshHead and the acquire in RingProducer.publish.
    this.#memory.storeSeqCst(CONSUMER_CLOSED_WORD, 1);
    this.#producerDoorbell.ring();
  }

  #acceptTail(word: number): void {
    const tail = word & POSITION_MASK;
    const usedBytes = (tail - this.#released) | 0;
    const aheadBytes = (tail - this.#position) | 0;
    if (aheadBytes < 0 || usedBytes > this.#capacityBytes || (tail | (word & TAIL_CLOSED_BIT)) !== word) {
      throw new RingCorruptError(
        `TAIL must lie within the capacity (${this.#capacityBytes}) ahead of position ${this.#position}: tail=${word}. ` +
          'Something else wrote into the buffer, or two producers share one ring',
      );
    }
    this.#tail = tail;
    this.#producerClosed = word !== tail;
  }

  #corruptFrame(position: number, lengthBytes: number, type: number): RingCorruptError {
    return new RingCorruptError(
      `A frame must have a type of 0 or more and a length from ${FRAME_HEADER_BYTES} to what was published: ` +
        `length=${lengthBytes}, type=${type} at position ${position} (tail ${this.#tail}, capacity ${this.#capacityBytes}). ` +
        'Something else wrote into the buffer',
    );
  }
}
