// One side of a queue: the thread that writes 0, 1, 2, … or the thread that reads and compares them. See queue.ts.

import { isMainThread, type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { RING_DRAINED, RingConsumer, RingProducer, SpscRing } from 'millrace/queue';
import { RingBuffer } from 'ringbuf.js';
import { sharedNowMs } from '../harness/bench.ts';

export type QueueKind =
  | 'bare loop, blocks of 512'
  | 'millrace, frames of 512'
  | 'millrace, frames of 10'
  | 'millrace, one by one'
  | 'ringbuf.js, blocks of 512'
  | 'ringbuf.js, one by one'
  | 'postMessage, arrays of 512'
  | 'postMessage, one by one';

export interface QueueTask {
  readonly kind: QueueKind;
  readonly role: 'producer' | 'consumer';
  readonly records: number;
  readonly memory: SharedArrayBuffer;
  /** Both sides start together. */
  readonly gate: SharedArrayBuffer;
  readonly port: MessagePort;
}

const DATA_BYTES = 262_144;
const BLOCK = 512;
const HEADER_BYTES = 256;
/** Messages under way at most: postMessage has no backpressure of its own. */
const WINDOW = 256;

export function allocateQueue(kind: QueueKind): SharedArrayBuffer {
  if (kind.startsWith('millrace')) return SpscRing.allocate(DATA_BYTES);
  if (kind.startsWith('ringbuf.js')) return RingBuffer.getStorageForCapacity(DATA_BYTES / 8, Float64Array);
  return new SharedArrayBuffer(HEADER_BYTES + DATA_BYTES);
}

const NEVER_RUNG = new Int32Array(new SharedArrayBuffer(4));
/** Chosen, not measured: long enough that a side which runs is never slept upon, short beside a time slice. */
const SPINS = 10_000;
let spins = 0;

/** Nothing to do: spins, and sleeps a little when the other side seems to have lost its core to another program. */
function idle(): void {
  if (++spins < SPINS) return;
  spins = 0;
  Atomics.wait(NEVER_RUNG, 0, 0, 0.05);
}

/** Values seen, of which not the one expected. */
class Check {
  records = 0;
  outOfOrder = 0;
}

function produce({ kind, records, memory, port }: QueueTask): Promise<void> | void {
  switch (kind) {
    case 'bare loop, blocks of 512':
      return produceBare(memory, records);
    case 'millrace, frames of 512':
      return produceFrames(memory, records, 512);
    case 'millrace, frames of 10':
      return produceFrames(memory, records, 10);
    case 'millrace, one by one':
      return produceFrames(memory, records, 1);
    case 'ringbuf.js, blocks of 512':
      return produceRingbuf(memory, records, BLOCK);
    case 'ringbuf.js, one by one':
      return produceRingbuf(memory, records, 1);
    case 'postMessage, arrays of 512':
      return post(port, records, BLOCK);
    case 'postMessage, one by one':
      return post(port, records, 1);
  }
}

function consume({ kind, records, memory, port }: QueueTask): Promise<Check> | Check {
  switch (kind) {
    case 'bare loop, blocks of 512':
      return consumeBare(memory, records);
    case 'millrace, frames of 512':
    case 'millrace, frames of 10':
    case 'millrace, one by one':
      return consumeFrames(memory);
    case 'ringbuf.js, blocks of 512':
      return consumeRingbuf(memory, records, BLOCK);
    case 'ringbuf.js, one by one':
      return consumeRingbuf(memory, records, 1);
    case 'postMessage, arrays of 512':
    case 'postMessage, one by one':
      return receive(port, records);
  }
}

/** The least that can be done: two positions, each cached by the other side, and blocks that fit without rest. */
function produceBare(memory: SharedArrayBuffer, records: number): void {
  const words = new Int32Array(memory, 0, HEADER_BYTES / 4);
  const data = new Float64Array(memory, HEADER_BYTES);
  const capacity = data.length;
  let tail = 0;
  let head = 0;
  for (let value = 0; value < records; value += BLOCK) {
    while (((tail - head) | 0) + BLOCK > capacity) {
      idle();
      head = Atomics.load(words, 32);
    }
    writeBlock(data, tail & (capacity - 1), value);
    tail = (tail + BLOCK) | 0;
    Atomics.store(words, 0, tail);
  }
}

// Functions of their own: with these loops written in place it moved 206 M records/s, so 340 is what we reached, not what is possible.
function writeBlock(data: Float64Array, at: number, first: number): void {
  for (let k = 0; k < BLOCK; k++) data[at + k] = first + k;
}

function countWrong(data: Float64Array, at: number, first: number): number {
  let wrong = 0;
  for (let k = 0; k < BLOCK; k++) if (data[at + k] !== first + k) wrong++;
  return wrong;
}

function consumeBare(memory: SharedArrayBuffer, records: number): Check {
  const words = new Int32Array(memory, 0, HEADER_BYTES / 4);
  const data = new Float64Array(memory, HEADER_BYTES);
  const capacity = data.length;
  const check = new Check();
  let head = 0;
  let tail = 0;
  while (check.records < records) {
    while (head === tail) {
      idle();
      tail = Atomics.load(words, 0);
    }
    // Room is given back once for all that is there, as the other consumers do.
    for (; head !== tail; head = (head + BLOCK) | 0) {
      check.outOfOrder += countWrong(data, head & (capacity - 1), check.records);
      check.records += BLOCK;
    }
    Atomics.store(words, 32, head);
  }
  return check;
}

function produceFrames(memory: SharedArrayBuffer, records: number, frameRecords: number): void {
  const producer = new RingProducer(memory);
  const { float64 } = producer;
  for (let value = 0; value < records; ) {
    let at = producer.claim(frameRecords * 8);
    while (at < 0) {
      idle();
      at = producer.claim(frameRecords * 8);
    }
    at >>= 3;
    for (let k = 0; k < frameRecords; k++) float64[at + k] = value++;
    producer.commit(0);
    producer.publish();
  }
  producer.close();
}

function consumeFrames(memory: SharedArrayBuffer): Check {
  const consumer = new RingConsumer(memory);
  const { float64 } = consumer;
  const check = new Check();
  let expected = 0;
  let wrong = 0;
  for (;;) {
    let polled = consumer.poll();
    if (polled === RING_DRAINED) break;
    if (polled < 0) {
      idle();
      continue;
    }
    // Whatever is there is one batch: its room is given back with one store.
    for (; polled >= 0; polled = consumer.poll()) {
      const at = polled >> 3;
      const count = consumer.frameBytes >> 3;
      for (let k = 0; k < count; k++) if (float64[at + k] !== expected++) wrong++;
    }
    consumer.release();
  }
  check.records = expected;
  check.outOfOrder = wrong;
  return check;
}

function produceRingbuf(memory: SharedArrayBuffer, records: number, block: number): void {
  const ring = new RingBuffer(memory, Float64Array);
  const values = new Float64Array(block);
  for (let value = 0; value < records; ) {
    for (let k = 0; k < block; k++) values[k] = value++;
    for (let pushed = ring.push(values); pushed < block; pushed += ring.push(values, block - pushed, pushed)) idle();
  }
}

function consumeRingbuf(memory: SharedArrayBuffer, records: number, block: number): Check {
  const ring = new RingBuffer(memory, Float64Array);
  const values = new Float64Array(block);
  const check = new Check();
  let expected = 0;
  let wrong = 0;
  while (expected < records) {
    const count = ring.pop(values);
    if (count === 0) idle();
    for (let k = 0; k < count; k++) if (values[k] !== expected++) wrong++;
  }
  check.records = expected;
  check.outOfOrder = wrong;
  return check;
}

/** Sends as long as fewer than WINDOW messages are unanswered. */
function post(port: MessagePort, records: number, block: number): Promise<void> {
  return new Promise((resolve) => {
    let value = 0;
    let unanswered = 0;
    const send = (): void => {
      for (; value < records && unanswered < WINDOW; unanswered++) {
        if (block === 1) port.postMessage(value++);
        else port.postMessage(Array.from({ length: block }, () => value++));
      }
    };
    port.on('message', (answered: number) => {
      unanswered -= answered;
      send();
      if (value === records && unanswered === 0) {
        port.close();
        resolve();
      }
    });
    send();
  });
}

function receive(port: MessagePort, records: number): Promise<Check> {
  return new Promise((resolve) => {
    const check = new Check();
    let messages = 0;
    port.on('message', (message: number | readonly number[]) => {
      const values = typeof message === 'number' ? [message] : message;
      for (const value of values) if (value !== check.records++) check.outOfOrder++;
      messages++;
      if (messages % (WINDOW / 4) === 0 || check.records === records) {
        port.postMessage(messages);
        messages = 0;
      }
      if (check.records === records) resolve(check);
    });
  });
}

/** Until both threads are here. */
function meet(gate: SharedArrayBuffer): void {
  const arrived = new Int32Array(gate);
  Atomics.add(arrived, 0, 1);
  Atomics.notify(arrived, 0);
  for (let count = Atomics.load(arrived, 0); count < 2; count = Atomics.load(arrived, 0))
    Atomics.wait(arrived, 0, count);
}

if (!isMainThread) {
  const task = workerData as QueueTask;
  meet(task.gate);
  const startedMs = sharedNowMs();
  if (task.role === 'producer') {
    await produce(task);
    parentPort!.postMessage({ atMs: startedMs, records: 0, outOfOrder: 0 });
  } else {
    const { records, outOfOrder } = await consume(task);
    parentPort!.postMessage({ atMs: sharedNowMs(), records, outOfOrder });
    task.port.unref();
  }
}
