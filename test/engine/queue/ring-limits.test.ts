import { describe, expect, it } from 'vitest';
import { Doorbell } from '../../../engine/queue/doorbell.ts';
import { RING_DRAINED, RING_EMPTY, RingConsumer } from '../../../engine/queue/ring-consumer.ts';
import { RingCorruptError } from '../../../engine/queue/ring-errors.ts';
import { DATA_WORD, HEAD_WORD, TAIL_WORD } from '../../../engine/queue/ring-layout.ts';
import { RING_FULL, RingProducer } from '../../../engine/queue/ring-producer.ts';
import { SpscRing } from '../../../engine/queue/spsc-ring.ts';

function ringWith(frameBytes: number[]) {
  const sab = SpscRing.allocate(4096);
  const producer = new RingProducer(sab);
  const consumer = new RingConsumer(sab);
  for (const bytes of frameBytes) {
    producer.claim(bytes);
    producer.commit(0);
  }
  producer.publish();
  return { sab, words: new Int32Array(sab), producer, consumer };
}

describe('SpscRing', () => {
  it('takes powers of two from 4 KiB to 1 GiB and says so otherwise', () => {
    for (const bytes of [0, 1, 2048, 4095, 4097, 5000, 2 ** 30 + 8, 2 ** 31, -4096, 4096.5, Number.NaN]) {
      expect(() => SpscRing.allocate(bytes), `${bytes}`).toThrow(
        `capacityBytes must be a power of two from 4096 to 1073741824: capacityBytes=${bytes}`,
      );
    }
    expect(SpscRing.capacityBytes(SpscRing.allocate(4096))).toBe(4096);
    const largest = SpscRing.allocate(2 ** 30, { startPosition: 2 ** 31 - 8 });
    expect(SpscRing.maxFrameBytes(largest)).toBe(2 ** 29 - 8);
  });

  it('fills a ring of 1 GiB to the last byte over the wrap of its positions', () => {
    const sab = SpscRing.allocate(2 ** 30, { startPosition: 2 ** 31 - 2 ** 29 });
    const producer = new RingProducer(sab);
    const consumer = new RingConsumer(sab);
    for (const type of [1, 2]) {
      expect(producer.claim(2 ** 29 - 8)).toBeGreaterThanOrEqual(0);
      producer.commit(type);
    }
    expect(producer.claim(0)).toBe(RING_FULL);
    producer.publish();
    expect(SpscRing.occupancyBytes(sab)).toBe(2 ** 30);
    for (const type of [1, 2]) {
      expect(consumer.poll()).toBeGreaterThanOrEqual(0);
      expect([consumer.frameType, consumer.frameBytes]).toEqual([type, 2 ** 29 - 8]);
    }
    consumer.release();
    expect(SpscRing.occupancyBytes(sab)).toBe(0);
  });

  it('is empty for its producer from when the consumer has given everything back until the next publish', () => {
    const { producer, consumer } = ringWith([8, 8]);
    expect(producer.isEmpty()).toBe(false);
    consumer.poll();
    consumer.release();
    expect(producer.isEmpty()).toBe(false);
    consumer.poll();
    expect(producer.isEmpty()).toBe(false);
    consumer.release();
    expect(producer.isEmpty()).toBe(true);
    producer.claim(8);
    producer.commit(0);
    expect(producer.isEmpty(), 'what is not published is not in the ring yet').toBe(true);
    producer.publish();
    expect(producer.isEmpty()).toBe(false);
  });

  it('is empty for its consumer when all that is published has been polled, and not when more has come', () => {
    const { producer, consumer } = ringWith([8, 8]);
    expect(consumer.isEmpty()).toBe(false);
    consumer.poll();
    expect(consumer.isEmpty()).toBe(false);
    consumer.poll();
    expect(consumer.isEmpty()).toBe(true);
    producer.claim(8);
    producer.commit(0);
    expect(consumer.isEmpty()).toBe(true);
    producer.publish();
    expect(consumer.isEmpty()).toBe(false);
    expect(consumer.poll()).toBeGreaterThanOrEqual(0);
    producer.close();
    expect(consumer.isEmpty()).toBe(true);
    expect(consumer.poll()).toBe(RING_DRAINED);
  });

  it('takes only start positions that are Int32 and multiples of 8', () => {
    for (const startPosition of [1, 4, 2 ** 31, -(2 ** 31) - 8, 0.5, Number.NaN]) {
      expect(() => SpscRing.allocate(4096, { startPosition }), `${startPosition}`).toThrow(RangeError);
    }
  });

  it('refuses a buffer that is no ring, whatever is asked of it', () => {
    const noRings: unknown[] = [
      new SharedArrayBuffer(1024 + 4096),
      new SharedArrayBuffer(10),
      new ArrayBuffer(5120),
      null,
    ];
    for (const value of noRings as SharedArrayBuffer[]) {
      expect(() => SpscRing.maxFrameBytes(value)).toThrow('SpscRing.allocate');
      expect(() => SpscRing.occupancyBytes(value)).toThrow(TypeError);
      expect(() => new RingProducer(value)).toThrow(TypeError);
      expect(() => new RingConsumer(value)).toThrow(TypeError);
    }
  });

  it('tells a third thread how much is in it, with headers and padding', () => {
    const { sab, producer, consumer } = ringWith([8, 1]);
    expect(SpscRing.occupancyBytes(sab)).toBe(32);
    producer.claim(8);
    producer.commit(0);
    expect(SpscRing.occupancyBytes(sab)).toBe(32);
    consumer.poll();
    expect(SpscRing.occupancyBytes(sab)).toBe(32);
    consumer.release();
    expect(SpscRing.occupancyBytes(sab)).toBe(16);
    producer.close();
    expect(SpscRing.occupancyBytes(sab)).toBe(32);
  });
});

describe('a ring that something else wrote into', () => {
  const FRAME_FAULTS: [string, number, number][] = [
    ['a length of 0', 0, 0],
    ['a negative length', 0, -16],
    ['a length beyond what was published', 0, 64],
    ['a huge length', 0, 2 ** 31 - 1],
    ['an unknown negative type', 1, -2],
    ['padding that does not reach the end', 1, -1],
  ];
  for (const [name, word, value] of FRAME_FAULTS) {
    it(`fails at the poll for ${name}`, () => {
      const { words, consumer } = ringWith([16, 24]);
      words[DATA_WORD + word] = value;
      expect(() => consumer.poll()).toThrow(RingCorruptError);
      expect(() => consumer.poll()).toThrow('at position 0');
    });
  }

  it('fails at the poll for padding behind which nothing follows', () => {
    const { words, consumer } = ringWith([16]);
    words[DATA_WORD] = 4096;
    words[DATA_WORD + 1] = -1;
    expect(() => consumer.poll()).toThrow(RingCorruptError);
  });

  it('fails at the poll for a tail behind the head, too far ahead, or not aligned', () => {
    for (const tail of [-8, 4096 + 8, 2, -(2 ** 31)]) {
      const { words, consumer } = ringWith([]);
      words[TAIL_WORD] = tail;
      expect(() => consumer.poll(), `${tail}`).toThrow(/TAIL must lie within the capacity \(4096\)/);
    }
  });

  it('fails at the claim for a head ahead of the tail, too far behind, or not aligned', () => {
    for (const head of [8192, -8, 4]) {
      const { words, producer } = ringWith([2040, 2040]);
      words[HEAD_WORD] = head;
      expect(() => producer.claim(8), `${head}`).toThrow(/HEAD must lie within the capacity \(4096\)/);
    }
  });
});

describe('the waiting calls', () => {
  it('return what is there without sleeping', () => {
    const { producer, consumer } = ringWith([8]);
    expect(consumer.pollBlocking(60_000)).toBe(8);
    expect(producer.claimBlocking(8, 60_000)).toBeGreaterThanOrEqual(0);
  });

  it('give up when their time runs out', () => {
    const { producer, consumer } = ringWith([2040, 2040]);
    expect(producer.claimBlocking(8, 5)).toBe(RING_FULL);
    consumer.poll();
    consumer.poll();
    expect(consumer.pollBlocking(5)).toBe(RING_EMPTY);
    expect(producer.claimBlocking(8, 60_000)).toBeGreaterThanOrEqual(0);
  });

  it('sleep on the doorbell that the ring was given', () => {
    const sab = SpscRing.allocate(4096);
    const bells = new Int32Array(new SharedArrayBuffer(256));
    const worker = { forProducer: new Doorbell(bells, 0), forConsumer: new Doorbell(bells, 32) };
    const producer = new RingProducer(sab, { doorbells: { self: worker.forProducer, peer: worker.forConsumer } });
    const consumer = new RingConsumer(sab, { doorbells: { self: worker.forConsumer, peer: worker.forProducer } });
    expect([producer.doorbell, consumer.doorbell]).toEqual([worker.forProducer, worker.forConsumer]);
    consumer.doorbell.prepareToPark();
    expect(bells[32]).toBe(1);
    producer.claim(8);
    producer.commit(0);
    producer.publish();
    expect(bells[32]).toBe(0);
    producer.doorbell.prepareToPark();
    consumer.close();
    expect(bells[0]).toBe(0);
  });
});
