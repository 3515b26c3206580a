// One side of a stressed ring, on a thread of its own: plain JavaScript, for Node 20 loads nothing else in a worker.
// Everything about frame number n (size, type, bytes) follows from n and the seed, so the two sides need not talk.
import { parentPort, workerData } from 'node:worker_threads';

const { indexUrl, role, sab, frameCount, seed, parkMs, payloadMaxBytes, batchMax, pauseEvery } = workerData;
const { RING_CLOSED, RING_DRAINED, RING_EMPTY, RING_FULL, RingConsumer, RingProducer } = await import(indexUrl);

/** A hash of two numbers (murmur3's last mixing): 32 bits that depend on every bit of both. */
function mix(a, b) {
  let h = Math.imul(a ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(b + 0x7f4a7c15, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

const payloadBytesOf = (n) =>
  mix(n, seed) % 50 === 0 ? payloadMaxBytes - (mix(n, seed + 1) % 64) : mix(n, seed + 2) % 200;
const typeOf = (n) => mix(n, seed + 3) & 0x7fffffff;
const byteOf = (n, i) => (mix(n, seed + 4) + i * 13) & 0xff;

/** Choices of this side alone: batch sizes, aborts, pauses. */
let choices = 0;
const choose = (count) => mix(choices++, seed + (role === 'produce' ? 100 : 200)) % count;

function pause() {
  if (choose(pauseEvery) !== 0) return;
  const until = performance.now() + choose(300) / 1000;
  while (performance.now() < until);
}

/** Sleeps that run out are expected only when nobody rings for `parkMs`: far longer than the other side ever takes. */
function waited(call) {
  if (parkMs === 0) return call();
  const before = performance.now();
  const result = call();
  if ((result === RING_EMPTY || result === RING_FULL) && performance.now() - before > parkMs * 0.9) {
    throw new Error(`slept for ${parkMs} ms and nobody rang: a lost wake-up`);
  }
  return result;
}

function produce() {
  const producer = new RingProducer(sab);
  let batch = 0;
  for (let n = 0; n < frameCount; n++) {
    const payloadBytes = payloadBytesOf(n);
    const claimedBytes = Math.min(payloadMaxBytes, payloadBytes + choose(40));
    if (choose(20) === 0) {
      const at = producer.claim(choose(payloadMaxBytes + 1));
      if (at >= 0) {
        producer.bytes.fill(0xee, at, at + 8);
        producer.abort();
      }
    }
    let at = RING_FULL;
    while (at === RING_FULL)
      at = waited(() =>
        parkMs > 0 ? producer.claimBlocking(claimedBytes, parkMs) : spinClaim(producer, claimedBytes),
      );
    if (at === RING_CLOSED) throw new Error(`closed at frame ${n}`);
    for (let i = 0; i < claimedBytes; i++) producer.bytes[at + i] = i < payloadBytes ? byteOf(n, i) : 0xcc;
    producer.commit(typeOf(n), payloadBytes);
    if (batch-- === 0) {
      producer.publish();
      batch = choose(batchMax);
      pause();
    }
  }
  producer.close();
  return frameCount;
}

function spinClaim(producer, bytes) {
  const at = producer.claim(bytes);
  if (at === RING_FULL) producer.publish();
  return at;
}

function consume() {
  const consumer = new RingConsumer(sab);
  let n = 0;
  let batch = 0;
  for (;;) {
    const at = waited(() => (parkMs > 0 ? consumer.pollBlocking(parkMs) : consumer.poll()));
    if (at === RING_DRAINED) break;
    if (at === RING_EMPTY) {
      consumer.release();
      continue;
    }
    const payloadBytes = payloadBytesOf(n);
    if (consumer.frameBytes !== payloadBytes || consumer.frameType !== typeOf(n)) {
      throw new Error(
        `frame ${n}: ${consumer.frameBytes} bytes of type ${consumer.frameType}, not ${payloadBytes} of ${typeOf(n)}`,
      );
    }
    pause();
    for (let i = 0; i < payloadBytes; i++) {
      if (consumer.bytes[at + i] !== byteOf(n, i))
        throw new Error(`frame ${n}: byte ${i} of ${payloadBytes} is ${consumer.bytes[at + i]}`);
    }
    n++;
    if (batch-- === 0) {
      consumer.release();
      batch = choose(batchMax);
    }
  }
  consumer.release();
  return n;
}

parentPort.postMessage(role === 'produce' ? produce() : consume());
