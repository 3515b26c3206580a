import { expect } from 'vitest';
import { RING_DRAINED, RING_EMPTY, type RingConsumer } from '../../../engine/queue/ring-consumer.ts';
import { RING_CLOSED, RING_FULL, type RingProducer } from '../../../engine/queue/ring-producer.ts';

// What every single-producer single-consumer queue of frames must do, whatever it is made of. Cases are data, so that a test can
// also run them against queues that are wrong on purpose.

export type ProducerSide = Pick<
  RingProducer,
  'claim' | 'commit' | 'abort' | 'publish' | 'close' | 'bytes' | 'maxFrameBytes'
>;
export type ConsumerSide = Pick<RingConsumer, 'poll' | 'release' | 'close' | 'bytes' | 'frameType' | 'frameBytes'>;

export interface QueueSides {
  producer: ProducerSide;
  consumer: ConsumerSide;
}

export interface ContractCase {
  name: string;
  run(queue: QueueSides): void;
}

/** Claims, fills with a pattern of `seed`, commits. False when the queue did not take it. */
export function offer({ producer }: QueueSides, seed: number, payloadBytes: number, keptBytes = payloadBytes): boolean {
  const at = producer.claim(payloadBytes);
  if (at < 0) return false;
  for (let i = 0; i < payloadBytes; i++) producer.bytes[at + i] = patternByte(seed, i);
  producer.commit(seed, keptBytes);
  return true;
}

/** Polls a frame, checks every byte of it, and returns its seed; or what poll returned when there is none. */
export function take({ consumer }: QueueSides, payloadBytes?: number): number {
  const at = consumer.poll();
  if (at < 0) return at;
  const seed = consumer.frameType;
  if (payloadBytes !== undefined) expect(consumer.frameBytes).toBe(payloadBytes);
  expectPattern(consumer.bytes.subarray(at, at + consumer.frameBytes), seed);
  return seed;
}

function expectPattern(bytes: Uint8Array, seed: number): void {
  const wrong = bytes.findIndex((byte, i) => byte !== patternByte(seed, i));
  expect(wrong, `frame ${seed} of ${bytes.length} bytes is wrong from this byte on`).toBe(-1);
}

export function patternByte(seed: number, index: number): number {
  return (seed * 31 + index * 7 + 1) & 0xff;
}

function fill(queue: QueueSides, payloadBytes: number): number {
  let count = 0;
  while (offer(queue, count, payloadBytes)) count++;
  return count;
}

export const QUEUE_CONTRACT: readonly ContractCase[] = [
  {
    name: 'a new queue is empty',
    run: (queue) => expect(take(queue)).toBe(RING_EMPTY),
  },
  {
    name: 'a committed frame is invisible until it is published',
    run: (queue) => {
      offer(queue, 7, 16);
      expect(take(queue)).toBe(RING_EMPTY);
      queue.producer.publish();
      expect(take(queue, 16)).toBe(7);
      expect(take(queue)).toBe(RING_EMPTY);
    },
  },
  {
    name: 'frames come out in the order of their commits, with their types, lengths and bytes',
    run: (queue) => {
      for (let i = 0; i < 20; i++) offer(queue, i, i);
      queue.producer.publish();
      for (let i = 0; i < 20; i++) expect(take(queue, i)).toBe(i);
      expect(take(queue)).toBe(RING_EMPTY);
    },
  },
  {
    name: 'a claimed frame is not published before it is committed',
    run: (queue) => {
      offer(queue, 1, 8);
      const at = queue.producer.claim(8);
      queue.producer.publish();
      expect(take(queue, 8)).toBe(1);
      expect(take(queue)).toBe(RING_EMPTY);
      for (let i = 0; i < 8; i++) queue.producer.bytes[at + i] = patternByte(2, i);
      queue.producer.commit(2);
      queue.producer.publish();
      expect(take(queue, 8)).toBe(2);
    },
  },
  {
    name: 'an aborted frame never comes out, and takes no room',
    run: (queue) => {
      const { producer } = queue;
      for (let i = 0; i < 1000; i++) {
        expect(producer.claim(producer.maxFrameBytes)).toBeGreaterThanOrEqual(0);
        producer.abort();
      }
      offer(queue, 5, 8);
      producer.claim(32);
      producer.abort();
      offer(queue, 6, 8);
      producer.publish();
      expect([take(queue, 8), take(queue, 8), take(queue)]).toEqual([5, 6, RING_EMPTY]);
    },
  },
  {
    name: 'a commit may keep fewer bytes than were claimed, down to none',
    run: (queue) => {
      offer(queue, 1, 100, 33);
      offer(queue, 2, 100, 0);
      offer(queue, 3, 100, 100);
      queue.producer.publish();
      expect([take(queue, 33), take(queue, 0), take(queue, 100)]).toEqual([1, 2, 3]);
    },
  },
  {
    name: 'every type from 0 to 2^31 - 1 is kept, and no other is taken',
    run: ({ producer, consumer }) => {
      producer.claim(0);
      for (const type of [-1, -(2 ** 31), 2 ** 31, 0.5, Number.NaN]) {
        expect(() => producer.commit(type)).toThrow(RangeError);
      }
      producer.commit(0);
      producer.claim(0);
      producer.commit(2 ** 31 - 1);
      producer.publish();
      expect([consumer.poll() >= 0, consumer.frameType]).toEqual([true, 0]);
      expect([consumer.poll() >= 0, consumer.frameType]).toEqual([true, 2 ** 31 - 1]);
    },
  },
  {
    name: 'payloads begin at multiples of 8',
    run: (queue) => {
      for (let i = 0; i < 12; i++) {
        expect(queue.producer.claim(i) % 8).toBe(0);
        queue.producer.commit(i);
      }
      queue.producer.publish();
      for (let i = 0; i < 12; i++) expect(queue.consumer.poll() % 8).toBe(0);
    },
  },
  {
    name: 'the largest frame fits an empty queue, wherever the frames before it ended',
    run: (queue) => {
      const { producer, consumer } = queue;
      for (let shift = 0; shift < 300; shift++) {
        expect(offer(queue, 1, producer.maxFrameBytes), `after ${shift} rounds`).toBe(true);
        producer.publish();
        expect(take(queue, producer.maxFrameBytes)).toBe(1);
        consumer.release();
        expect(offer(queue, 2, (shift * 8) % 200)).toBe(true);
        producer.publish();
        expect(take(queue)).toBe(2);
        consumer.release();
      }
    },
  },
  {
    name: 'a frame larger than the largest is refused with an error that names the limit',
    run: ({ producer }) => {
      const limit = producer.maxFrameBytes;
      expect(() => producer.claim(limit + 1)).toThrow(new RegExp(`${limit}`));
      for (const bytes of [limit + 1, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 32, 2 ** 32 + 8]) {
        expect(() => producer.claim(bytes), `${bytes}`).toThrow(RangeError);
      }
      expect(producer.claim(limit)).toBeGreaterThanOrEqual(0);
    },
  },
  {
    name: 'a full queue says so, loses nothing, and takes frames again after a release',
    run: (queue) => {
      const { producer, consumer } = queue;
      for (let round = 0; round < 5; round++) {
        const count = fill(queue, 40);
        expect(count).toBeGreaterThan(1);
        expect(producer.claim(40)).toBe(RING_FULL);
        producer.publish();
        expect(producer.claim(40)).toBe(RING_FULL);
        for (let i = 0; i < count; i++) expect(take(queue, 40)).toBe(i);
        expect(producer.claim(40)).toBe(RING_FULL);
        consumer.release();
        expect(take(queue)).toBe(RING_EMPTY);
      }
    },
  },
  {
    name: 'polled frames stay as they are until they are released',
    run: (queue) => {
      const { producer, consumer } = queue;
      const count = fill(queue, 56);
      producer.publish();
      const held: [number, number][] = [];
      for (let i = 0; i < count / 2; i++) held.push([consumer.poll(), consumer.frameType]);
      while (offer(queue, 999, 8)) producer.publish();
      for (const [at, seed] of held) expectPattern(consumer.bytes.subarray(at, at + 56), seed);
    },
  },
  {
    name: 'a release gives back what was polled and nothing else',
    run: (queue) => {
      const { producer, consumer } = queue;
      const count = fill(queue, 56);
      producer.publish();
      take(queue);
      consumer.release();
      consumer.release();
      expect(fill(queue, 56)).toBeLessThanOrEqual(1);
      producer.publish();
      for (let i = 1; i < count; i++) expect(take(queue, 56)).toBe(i);
    },
  },
  {
    name: 'publish and release may be repeated, and may have nothing to do',
    run: (queue) => {
      const { producer, consumer } = queue;
      producer.publish();
      consumer.release();
      offer(queue, 1, 8);
      producer.publish();
      producer.publish();
      expect([take(queue), take(queue)]).toEqual([1, RING_EMPTY]);
      consumer.release();
      consumer.release();
      expect(take(queue)).toBe(RING_EMPTY);
    },
  },
  {
    name: 'claim, commit and abort out of turn are errors and change nothing',
    run: (queue) => {
      const { producer } = queue;
      expect(() => producer.commit(0)).toThrow(TypeError);
      expect(() => producer.abort()).toThrow(TypeError);
      producer.claim(8);
      expect(() => producer.claim(8)).toThrow(TypeError);
      expect(() => producer.commit(0, 9)).toThrow(RangeError);
      expect(() => producer.commit(0, -1)).toThrow(RangeError);
      producer.abort();
      expect(() => producer.commit(0)).toThrow(TypeError);
      offer(queue, 3, 8);
      expect(() => producer.commit(0)).toThrow(TypeError);
      producer.publish();
      expect([take(queue, 8), take(queue)]).toEqual([3, RING_EMPTY]);
    },
  },
  {
    name: 'a producer that closes publishes what it committed; the consumer reads that, then is drained for good',
    run: (queue) => {
      offer(queue, 1, 8);
      offer(queue, 2, 8);
      queue.producer.claim(8);
      queue.producer.close();
      queue.producer.close();
      expect([take(queue), take(queue), take(queue), take(queue)]).toEqual([1, 2, RING_DRAINED, RING_DRAINED]);
      queue.consumer.release();
      expect(take(queue)).toBe(RING_DRAINED);
      expect(queue.producer.claim(8)).toBe(RING_CLOSED);
    },
  },
  {
    name: 'an empty queue that is closed is drained',
    run: (queue) => {
      expect(take(queue)).toBe(RING_EMPTY);
      queue.producer.close();
      expect(take(queue)).toBe(RING_DRAINED);
    },
  },
  {
    name: 'a producer learns of a closed consumer by its next publish',
    run: (queue) => {
      offer(queue, 1, 8);
      queue.consumer.close();
      queue.consumer.close();
      queue.producer.publish();
      expect(queue.producer.claim(8)).toBe(RING_CLOSED);
      expect(take(queue)).toBe(RING_DRAINED);
    },
  },
  {
    name: 'a producer before a full queue learns of a closed consumer at once',
    run: (queue) => {
      fill(queue, 40);
      queue.producer.publish();
      queue.consumer.close();
      expect(queue.producer.claim(40)).toBe(RING_CLOSED);
      queue.producer.close();
    },
  },
  {
    name: 'thousands of frames of all sizes come out as they went in',
    run: (queue) => {
      const { producer, consumer } = queue;
      let written = 0;
      let read = 0;
      let size = 1;
      for (let round = 0; round < 400; round++) {
        for (let i = 0; i < 7; i++) {
          size = (size * 1103515245 + 12345) & 0x7fffffff;
          if (offer(queue, written, size % Math.min(producer.maxFrameBytes + 1, 900))) written++;
        }
        producer.publish();
        for (let i = 0; i < (round % 3) + 3; i++) {
          const seed = take(queue);
          if (seed < 0) break;
          expect(seed).toBe(read++);
        }
        if (round % 2 === 0) consumer.release();
      }
      producer.close();
      for (let seed = take(queue); seed >= 0; seed = take(queue)) expect(seed).toBe(read++);
      expect(read).toBe(written);
      expect(written).toBeGreaterThan(400);
    },
  },
];
