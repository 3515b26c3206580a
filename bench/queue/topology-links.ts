// The two ends of an arrow over shared memory: blocks of values go in whole, and come out in order. See topologies.ts.

import { RingConsumer, RingProducer, SpscRing } from 'millrace/queue';
import { RingBuffer } from 'ringbuf.js';

export type LinkKind =
  | 'millrace, frames of 512'
  | 'millrace, one by one'
  | 'ringbuf.js, blocks of 512'
  | 'ringbuf.js, one by one'
  | 'postMessage, arrays of 512'
  | 'postMessage, one by one';

const DATA_BYTES = 262_144;

export interface LinkOutput {
  /** All of them or, when there is no room, none. */
  send(values: Float64Array): boolean;
}

export interface LinkInput {
  /** Some into `values`, which has room for a block; how many. */
  receive(values: Float64Array): number;
}

export function blockOf(kind: LinkKind): number {
  return kind.endsWith('one by one') ? 1 : 512;
}

export function allocateLink(kind: LinkKind): SharedArrayBuffer {
  if (kind.startsWith('millrace')) return SpscRing.allocate(DATA_BYTES);
  if (kind.startsWith('ringbuf.js')) return RingBuffer.getStorageForCapacity(DATA_BYTES / 8, Float64Array);
  return new SharedArrayBuffer(8); // Messages have no memory of ours.
}

export function outputOver(kind: LinkKind, memory: SharedArrayBuffer): LinkOutput {
  if (kind.startsWith('millrace')) return new FrameOutput(memory);
  const ring = new RingBuffer(memory, Float64Array);
  return {
    send: (values) => {
      if (ring.availableWrite() < values.length) return false;
      ring.push(values);
      return true;
    },
  };
}

export function inputOver(kind: LinkKind, memory: SharedArrayBuffer): LinkInput {
  if (kind.startsWith('millrace')) return new FrameInput(memory);
  const ring = new RingBuffer(memory, Float64Array);
  return { receive: (values) => ring.pop(values) };
}

class FrameOutput implements LinkOutput {
  readonly #ring: RingProducer;

  constructor(memory: SharedArrayBuffer) {
    this.#ring = new RingProducer(memory);
  }

  send(values: Float64Array): boolean {
    const ring = this.#ring;
    const at = ring.claim(values.length * 8) >> 3;
    if (at < 0) return false;
    const { float64 } = ring;
    for (let k = 0; k < values.length; k++) float64[at + k] = values[k]!;
    ring.commit(0);
    ring.publish();
    return true;
  }
}

class FrameInput implements LinkInput {
  readonly #ring: RingConsumer;
  #unreleased = 0;

  constructor(memory: SharedArrayBuffer) {
    this.#ring = new RingConsumer(memory);
  }

  receive(values: Float64Array): number {
    const ring = this.#ring;
    const at = ring.poll() >> 3;
    if (at < 0) {
      // Room is given back once for all that was there.
      if (this.#unreleased > 0) ring.release();
      this.#unreleased = 0;
      return 0;
    }
    const count = ring.frameBytes >> 3;
    const { float64 } = ring;
    for (let k = 0; k < count; k++) values[k] = float64[at + k]!;
    this.#unreleased += count;
    if (this.#unreleased >= RELEASE_RECORDS) {
      ring.release();
      this.#unreleased = 0;
    }
    return count;
  }
}

/** An eighth of a ring: a sender that found it full goes on while the rest is read. */
const RELEASE_RECORDS = DATA_BYTES / 8 / 8;
