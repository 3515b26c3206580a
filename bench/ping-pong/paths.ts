// One way from thread to thread, for a number at a time. Each side has a thread of its own; a path has one sender and one receiver.

import { RING_EMPTY, RingConsumer, RingProducer, SpscRing } from 'millrace/queue';

export type PathKind = 'bare words, spin' | 'bare words, wait and notify' | 'millrace, spin' | 'millrace, park';

export interface Path {
  send(value: number): void;
  /** Waits until there is one. */
  receive(): number;
}

const RING_BYTES = 4_096;
/** Bare words: how many numbers have been sent stands in the first, the number itself 128 bytes further on. */
const VALUE_FLOAT = 16;
const BARE_BYTES = 256;
/** A thread that waits in vain for this long has lost its partner. */
const PATIENCE_MS = 10_000;

export function allocatePaths(kind: PathKind): SharedArrayBuffer {
  return kind.startsWith('millrace') ? SpscRing.allocate(RING_BYTES) : new SharedArrayBuffer(BARE_BYTES);
}

export function pathOf(kind: PathKind, memory: SharedArrayBuffer, role: 'sender' | 'receiver'): Path {
  switch (kind) {
    case 'bare words, spin':
      return new BarePath(memory, false);
    case 'bare words, wait and notify':
      return new BarePath(memory, true);
    case 'millrace, spin':
      return role === 'sender' ? ringSender(memory) : ringReceiver(memory, false);
    case 'millrace, park':
      return role === 'sender' ? ringSender(memory) : ringReceiver(memory, true);
  }
}

class BarePath implements Path {
  readonly #words: Int32Array;
  readonly #values: Float64Array;
  readonly #sleeps: boolean;
  #count = 0;

  constructor(memory: SharedArrayBuffer, sleeps: boolean) {
    this.#words = new Int32Array(memory);
    this.#values = new Float64Array(memory);
    this.#sleeps = sleeps;
  }

  send(value: number): void {
    this.#values[VALUE_FLOAT] = value;
    Atomics.store(this.#words, 0, ++this.#count);
    if (this.#sleeps) Atomics.notify(this.#words, 0);
  }

  receive(): number {
    while (Atomics.load(this.#words, 0) === this.#count) {
      // A notify can come late, for a number that was seen without sleeping: it wakes whoever sleeps by then, for nothing.
      if (this.#sleeps && Atomics.wait(this.#words, 0, this.#count, PATIENCE_MS) === 'timed-out') throw lost();
    }
    this.#count++;
    return this.#values[VALUE_FLOAT]!;
  }
}

function ringSender(memory: SharedArrayBuffer): Path {
  const ring = new RingProducer(memory);
  return {
    send: (value) => {
      const at = ring.claim(8);
      ring.float64[at >> 3] = value;
      ring.commit(0);
      ring.publish();
    },
    receive: notThisWay,
  };
}

function ringReceiver(memory: SharedArrayBuffer, parks: boolean): Path {
  const ring = new RingConsumer(memory);
  return {
    send: notThisWay,
    receive: () => {
      let at = ring.poll();
      // Woken does not mean that there is something: it means "look again".
      while (at === RING_EMPTY) at = parks ? ring.pollBlocking(PATIENCE_MS) : ring.poll();
      if (at < 0) throw lost();
      const value = ring.float64[at >> 3]!;
      ring.release();
      return value;
    },
  };
}

function lost(): Error {
  return new Error('the other side of the ping-pong has gone');
}

function notThisWay(): never {
  throw new Error('this end of the path goes the other way');
}
