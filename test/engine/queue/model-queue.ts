import { RING_DRAINED, RING_EMPTY } from '../../../engine/queue/ring-consumer.ts';
import { RING_CLOSED, RING_FULL } from '../../../engine/queue/ring-producer.ts';
import type { ConsumerSide, ProducerSide } from './queue-contract.ts';

const HEADER_BYTES = 8;
const NO_CLAIM = -1;

interface ModelFrame {
  type: number;
  payload: Buffer;
  /** Position behind the frame. */
  end: number;
}

/**
 * What the ring should do, said in the simplest way: an array of copied frames, positions that never wrap because they are
 * doubles, no shared memory, one thread. It predicts every return value of the ring except where payloads lie.
 */
export class ModelQueue {
  readonly producer: ModelProducer;
  readonly consumer: ModelConsumer;
  readonly capacityBytes: number;
  frames: ModelFrame[] = [];
  published = 0;
  head = 0;
  /** Where in the region position 0 lies. */
  readonly startOffset: number;
  producerClosed = false;
  consumerClosed = false;

  constructor(capacityBytes: number, startPosition = 0) {
    this.capacityBytes = capacityBytes;
    this.startOffset = ((startPosition % capacityBytes) + capacityBytes) % capacityBytes;
    this.producer = new ModelProducer(this);
    this.consumer = new ModelConsumer(this);
  }

  get occupancyBytes(): number {
    return this.published - this.head;
  }
}

class ModelProducer implements ProducerSide {
  readonly bytes: Buffer;
  readonly maxFrameBytes: number;
  readonly #queue: ModelQueue;
  #pending: ModelFrame[] = [];
  #tail = 0;
  #claimed = NO_CLAIM;
  #padding = 0;
  #knowsConsumerClosed = false;

  constructor(queue: ModelQueue) {
    this.#queue = queue;
    this.maxFrameBytes = queue.capacityBytes / 2 - HEADER_BYTES;
    this.bytes = Buffer.alloc(queue.capacityBytes);
  }

  claim(payloadBytes: number): number {
    if (!Number.isInteger(payloadBytes) || payloadBytes < 0 || payloadBytes > this.maxFrameBytes) {
      throw new RangeError(`at most ${this.maxFrameBytes}`);
    }
    if (this.#claimed !== NO_CLAIM) throw new TypeError('claim is open');
    if (this.#queue.producerClosed || this.#knowsConsumerClosed) return RING_CLOSED;
    const { capacityBytes, startOffset, head } = this.#queue;
    const frameBytes = HEADER_BYTES + Math.ceil(payloadBytes / 8) * 8;
    const toEnd = capacityBytes - ((startOffset + this.#tail) % capacityBytes);
    const padding = toEnd < frameBytes ? toEnd : 0;
    if (this.#tail + padding + frameBytes - head > capacityBytes) {
      this.#knowsConsumerClosed = this.#queue.consumerClosed;
      return this.#knowsConsumerClosed ? RING_CLOSED : RING_FULL;
    }
    this.#claimed = payloadBytes;
    this.#padding = padding;
    return HEADER_BYTES;
  }

  /** A queue may learn earlier than by its next publish that nobody reads; the model never does unless told. */
  noticeConsumerClosed(): void {
    this.#knowsConsumerClosed = this.#queue.consumerClosed;
  }

  commit(type: number, payloadBytes: number = this.#claimed): void {
    if (this.#claimed === NO_CLAIM) throw new TypeError('nothing claimed');
    if (!Number.isInteger(type) || type < 0 || type > 2 ** 31 - 1) throw new RangeError('type');
    if (!Number.isInteger(payloadBytes) || payloadBytes < 0 || payloadBytes > this.#claimed)
      throw new RangeError('payload');
    this.#tail += this.#padding + HEADER_BYTES + Math.ceil(payloadBytes / 8) * 8;
    const payload = Buffer.from(this.bytes.subarray(HEADER_BYTES, HEADER_BYTES + payloadBytes));
    this.#pending.push({ type, payload, end: this.#tail });
    this.#claimed = NO_CLAIM;
  }

  abort(): void {
    if (this.#claimed === NO_CLAIM) throw new TypeError('nothing claimed');
    this.#claimed = NO_CLAIM;
  }

  publish(): void {
    if (this.#pending.length === 0) return;
    this.#queue.frames.push(...this.#pending);
    this.#queue.published = this.#tail;
    this.#pending = [];
    this.#knowsConsumerClosed = this.#queue.consumerClosed;
  }

  close(): void {
    this.#claimed = NO_CLAIM;
    this.publish();
    this.#queue.producerClosed = true;
  }
}

class ModelConsumer implements ConsumerSide {
  bytes: Buffer = Buffer.alloc(0);
  frameType = 0;
  frameBytes = 0;
  readonly #queue: ModelQueue;
  #position = 0;
  /** Polled frames keep their place in one growing buffer, as the contract lets them be read until released. */
  #arena: Buffer[] = [];
  #arenaBytes = 0;

  constructor(queue: ModelQueue) {
    this.#queue = queue;
  }

  poll(): number {
    const frame = this.#queue.consumerClosed ? undefined : this.#queue.frames.shift();
    if (frame === undefined) {
      return this.#queue.consumerClosed || this.#queue.producerClosed ? RING_DRAINED : RING_EMPTY;
    }
    this.#position = frame.end;
    this.frameType = frame.type;
    this.frameBytes = frame.payload.length;
    const at = this.#arenaBytes;
    this.#arena.push(frame.payload, Buffer.alloc(-frame.payload.length & 7));
    this.#arenaBytes = at + Math.ceil(frame.payload.length / 8) * 8;
    this.bytes = Buffer.concat(this.#arena);
    return at;
  }

  release(): void {
    this.#queue.head = this.#position;
    this.#arena = [];
    this.#arenaBytes = 0;
  }

  close(): void {
    this.#queue.consumerClosed = true;
  }
}
