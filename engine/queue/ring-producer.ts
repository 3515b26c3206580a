import { Doorbell } from './doorbell.ts';
import { RingCorruptError, RingUsageError } from './ring-errors.ts';
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
import { maxPayloadBytes, ringCapacityBytes } from './spsc-ring.ts';

/** The frame does not fit now. Try again after the consumer released; sleep on the doorbell meanwhile. */
export const RING_FULL = -1;
/** Nobody reads any more, or this producer has closed. */
export const RING_CLOSED = -2;

const NO_CLAIM = -1;

/**
 * The writing side of a ring. One thread, one instance at a time.
 *
 *     claim -> write in place -> commit (or abort)   ... once a frame, local to this thread but for a look at HEAD when full
 *     publish                                        ... once a batch: one store, one ring if the consumer sleeps
 *
 * What can change meanwhile and what cannot: a full ring may cease to be full at any time; a ring that has room keeps it, for
 * only this thread fills it. So HEAD is read again only when the copy of it says "full".
 *
 * @example
 * const at = producer.claim(16);
 * if (at >= 0) {
 *   producer.float64[at >> 3] = price;
 *   producer.float64[(at >> 3) + 1] = quantity;
 *   producer.commit(0);
 * }
 * producer.publish();
 */
export class RingProducer {
  /** The data region, from its byte 0, for as long as this producer lives. Write only inside what `claim` gave. */
  readonly int32: Int32Array;
  readonly float64: Float64Array;
  readonly bytes: Buffer;
  /** The doorbell on which this side sleeps while the ring is full. */
  readonly doorbell: Doorbell;
  /** The largest payload that `claim` takes. */
  readonly maxFrameBytes: number;

  readonly #memory: RingMemory;
  readonly #consumerDoorbell: Doorbell;
  readonly #capacityBytes: number;
  /** Where the next frame goes; ahead of #published by the frames committed since. */
  #tail: number;
  #published: number;
  /** The last HEAD seen. The true one is never behind it. */
  #head: number;
  #claimedBytes: number = NO_CLAIM;
  #claimPaddingBytes = 0;
  #consumerClosed: boolean;
  #closed: boolean;

  /** @throws TypeError when `sab` was not made by `SpscRing.allocate` */
  constructor(sab: SharedArrayBuffer, options: RingOptions = {}) {
    const capacityBytes = ringCapacityBytes(sab);
    const words = new Int32Array(sab);
    const memory = options.memory ?? new RingMemory(words);
    this.int32 = new Int32Array(sab, DATA_BYTE, capacityBytes / Int32Array.BYTES_PER_ELEMENT);
    this.float64 = new Float64Array(sab, DATA_BYTE, capacityBytes / Float64Array.BYTES_PER_ELEMENT);
    this.bytes = Buffer.from(sab, DATA_BYTE, capacityBytes);
    this.doorbell = options.doorbells?.self ?? new Doorbell(words, PRODUCER_DOORBELL_WORD, memory);
    this.maxFrameBytes = maxPayloadBytes(capacityBytes);
    this.#consumerDoorbell = options.doorbells?.peer ?? new Doorbell(words, CONSUMER_DOORBELL_WORD, memory);
    this.#memory = memory;
    this.#capacityBytes = capacityBytes;
    // Our own word. A producer may take over from another that published all it committed; what hands the ring over orders it.
    const tail = memory.loadOpaque(TAIL_WORD);
    this.#tail = tail & POSITION_MASK;
    this.#published = this.#tail;
    this.#closed = (tail & TAIL_CLOSED_BIT) !== 0;
    this.#head = this.#tail;
    this.#consumerClosed = false;
    this.#refreshHead();
  }

  /**
   * Room for one frame, to be written in place.
   *
   * @param payloadBytes 0 to `maxFrameBytes`
   * @returns the payload's byte offset in the data region, a multiple of 8; or RING_FULL; or RING_CLOSED (a consumer's close
   *   is noticed at the latest by the first claim after the next publish)
   * @throws RangeError when the payload is larger than any frame may be
   */
  claim(payloadBytes: number): number {
    if (payloadBytes >>> 0 !== payloadBytes || payloadBytes > this.maxFrameBytes)
      throw this.#invalidClaim(payloadBytes);
    if (this.#claimedBytes !== NO_CLAIM)
      throw new RingUsageError('A claim is open: commit or abort it before the next');
    if (this.#consumerClosed || this.#closed) return RING_CLOSED;
    const frameBytes = alignedFrameBytes(payloadBytes);
    const offset = this.#tail & (this.#capacityBytes - 1);
    const bytesToEnd = this.#capacityBytes - offset;
    const paddingBytes = frameBytes > bytesToEnd ? bytesToEnd : 0;
    if (!this.#hasRoom(paddingBytes + frameBytes)) {
      this.#refreshHead();
      if (this.#consumerClosed) return RING_CLOSED;
      if (!this.#hasRoom(paddingBytes + frameBytes)) return RING_FULL;
    }
    this.#claimedBytes = payloadBytes;
    this.#claimPaddingBytes = paddingBytes;
    return (paddingBytes === 0 ? offset : 0) + FRAME_HEADER_BYTES;
  }

  /**
   * As `claim`, but sleeps up to `timeoutMs` on the doorbell when the ring is full. Publishes first: a consumer that could
   * make room must see what is there. May return RING_FULL before the time is up. Blocks the event loop of the thread.
   */
  claimBlocking(payloadBytes: number, timeoutMs: number): number {
    const at = this.claim(payloadBytes);
    if (at !== RING_FULL) return at;
    this.publish();
    this.doorbell.prepareToPark();
    const secondLook = this.claim(payloadBytes);
    if (secondLook !== RING_FULL) {
      this.doorbell.cancelPark();
      return secondLook;
    }
    this.doorbell.park(timeoutMs);
    return this.claim(payloadBytes);
  }

  /**
   * Ends the claim and keeps the frame. It becomes visible with the next `publish`.
   *
   * @param type what the frame is, for the user to choose: 0 to 2^31 - 1
   * @param payloadBytes what was really written, when less than claimed
   */
  commit(type: number, payloadBytes: number = this.#claimedBytes): void {
    if (this.#claimedBytes === NO_CLAIM) throw new RingUsageError('There is nothing to commit: claim first');
    if ((type | 0) !== type || type < 0) {
      throw new RangeError(`type must be an integer from 0 to 2147483647 (below 0 is padding): type=${type}`);
    }
    if (payloadBytes >>> 0 !== payloadBytes || payloadBytes > this.#claimedBytes) {
      throw new RangeError(
        `payloadBytes must be an integer from 0 to what was claimed (${this.#claimedBytes}): payloadBytes=${payloadBytes}`,
      );
    }
    let position = this.#tail;
    if (this.#claimPaddingBytes !== 0) {
      this.#writeHeader(position, this.#claimPaddingBytes, PADDING_TYPE);
      position = (position + this.#claimPaddingBytes) | 0;
    }
    this.#writeHeader(position, FRAME_HEADER_BYTES + payloadBytes, type);
    this.#tail = (position + alignedFrameBytes(payloadBytes)) | 0;
    this.#claimedBytes = NO_CLAIM;
  }

  /** Ends the claim and forgets the frame: nothing was written that anyone will read. */
  abort(): void {
    if (this.#claimedBytes === NO_CLAIM) throw new RingUsageError('There is nothing to abort: claim first');
    this.#claimedBytes = NO_CLAIM;
  }

  /** Makes all committed frames visible at once, in order, and wakes the consumer if it sleeps. Nothing committed: does nothing. */
  publish(): void {
    if (this.#tail === this.#published) return;
    // The frames before their tail. Pairs with the acquire in RingConsumer.poll and the acquire in RingConsumer.isEmpty.
    // Sequentially consistent, not a release alone: ring() looks at the doorbell next, and must not look earlier.
    this.#memory.storeSeqCst(TAIL_WORD, this.#tail);
    this.#published = this.#tail;
    this.#consumerDoorbell.ring();
    // Pairs with the release in RingConsumer.close.
    this.#consumerClosed = this.#memory.loadAcquire(CONSUMER_CLOSED_WORD) !== 0;
  }

  /** True when the consumer has released everything that was published: it stays so until the next publish. */
  isEmpty(): boolean {
    if (this.#head !== this.#published) this.#refreshHead();
    return this.#head === this.#published;
  }

  /** Publishes, and says that nothing follows. An open claim is aborted. The consumer reads what is there, then is drained. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#claimedBytes = NO_CLAIM;
    // The last frames and the end in one store: no consumer sees the end without them. Sequentially consistent as in publish.
    // Pairs with the acquire in RingConsumer.poll and the acquire in RingConsumer.isEmpty.
    this.#memory.storeSeqCst(TAIL_WORD, this.#tail | TAIL_CLOSED_BIT);
    this.#published = this.#tail;
    this.#consumerDoorbell.ring();
  }

  #hasRoom(bytes: number): boolean {
    return ((this.#tail - this.#head) | 0) + bytes <= this.#capacityBytes;
  }

  #refreshHead(): void {
    // The consumer is done with what lies before HEAD. Pairs with the release in RingConsumer.release.
    // Sequentially consistent: it is also the second look before a park.
    const head = this.#memory.loadSeqCst(HEAD_WORD);
    // Pairs with the release in RingConsumer.close.
    this.#consumerClosed = this.#memory.loadSeqCst(CONSUMER_CLOSED_WORD) !== 0;
    const usedBytes = (this.#tail - head) | 0;
    if (usedBytes < 0 || usedBytes > this.#capacityBytes || (head & POSITION_MASK) !== head) {
      throw new RingCorruptError(
        `HEAD must lie within the capacity (${this.#capacityBytes}) behind the tail ${this.#tail}: head=${head}. ` +
          'Something else wrote into the buffer, or two consumers share one ring',
      );
    }
    this.#head = head;
  }

  /** Plain stores: the consumer does not look at these bytes before a publish moves TAIL over them. */
  #writeHeader(position: number, lengthBytes: number, type: number): void {
    const word = DATA_WORD + ((position & (this.#capacityBytes - 1)) >> 2);
    this.#memory.storePlain(word, lengthBytes);
    this.#memory.storePlain(word + FRAME_TYPE_WORD, type);
  }

  #invalidClaim(payloadBytes: number): RangeError {
    return new RangeError(
      `payloadBytes must be an integer from 0 to ${this.maxFrameBytes}, half of the ring's ${this.#capacityBytes} bytes ` +
        `less the header: payloadBytes=${payloadBytes}. Write smaller frames or allocate a larger ring`,
    );
  }
}

function alignedFrameBytes(payloadBytes: number): number {
  return (FRAME_HEADER_BYTES + payloadBytes + (FRAME_ALIGNMENT_BYTES - 1)) & -FRAME_ALIGNMENT_BYTES;
}
