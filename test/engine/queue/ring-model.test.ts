import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RingConsumer } from '../../../engine/queue/ring-consumer.ts';
import { RING_CLOSED, RingProducer } from '../../../engine/queue/ring-producer.ts';
import { SpscRing } from '../../../engine/queue/spsc-ring.ts';
import { ModelQueue } from './model-queue.ts';
import { patternByte, type QueueSides } from './queue-contract.ts';

type Step =
  | { do: 'claim'; bytes: number }
  | { do: 'commit'; type: number; keptShare: number }
  | { do: 'abort' | 'publish' | 'poll' | 'release' | 'closeProducer' | 'closeConsumer' };

const bytesWithin = (limitBytes: number) =>
  fc.oneof(fc.nat(64), fc.nat(limitBytes), fc.constantFrom(limitBytes, limitBytes - 8, limitBytes + 1, -1, 1.5));

const steps = (limitBytes: number) =>
  fc.array(
    fc.oneof(
      { weight: 6, arbitrary: fc.record({ do: fc.constant('claim' as const), bytes: bytesWithin(limitBytes) }) },
      {
        weight: 6,
        arbitrary: fc.record({
          do: fc.constant('commit' as const),
          type: fc.oneof(fc.nat(255), fc.constantFrom(0, 2 ** 31 - 1, 2 ** 31, -1)),
          keptShare: fc.oneof({ weight: 3, arbitrary: fc.constant(1) }, fc.double({ min: 0, max: 1.1, noNaN: true })),
        }),
      },
      { weight: 1, arbitrary: fc.constant({ do: 'abort' as const }) },
      { weight: 4, arbitrary: fc.constant({ do: 'publish' as const }) },
      { weight: 7, arbitrary: fc.constant({ do: 'poll' as const }) },
      { weight: 4, arbitrary: fc.constant({ do: 'release' as const }) },
    ),
    { minLength: 1, maxLength: 300, size: 'max' },
  );

const ending = fc.constantFrom<Step[]>([], [{ do: 'closeProducer' }], [{ do: 'closeConsumer' }]);

/** One step, told as a string that says all that a caller could see of it; offsets only as far as the contract fixes them. */
function perform(queue: QueueSides, step: Step, claimed: { at: number; bytes: number; count: number }): string {
  const { producer, consumer } = queue;
  try {
    switch (step.do) {
      case 'claim': {
        const at = producer.claim(step.bytes);
        if (at < 0) return `claim ${at}`;
        claimed.at = at;
        claimed.bytes = step.bytes;
        claimed.count++;
        for (let i = 0; i < step.bytes; i++) producer.bytes[at + i] = patternByte(claimed.count, i);
        return `claim aligned=${at % 8 === 0} inside=${at + step.bytes <= producer.bytes.length}`;
      }
      case 'commit':
        producer.commit(step.type, Math.floor(claimed.bytes * step.keptShare));
        return 'committed';
      case 'poll': {
        const at = consumer.poll();
        if (at < 0) return `poll ${at}`;
        const payload = consumer.bytes.subarray(at, at + consumer.frameBytes).toString('hex');
        return `poll type=${consumer.frameType} bytes=${consumer.frameBytes} ${payload}`;
      }
      case 'closeProducer':
        producer.close();
        return 'closed';
      case 'closeConsumer':
        consumer.close();
        return 'closed';
      case 'abort':
        producer.abort();
        return 'done';
      case 'publish':
        producer.publish();
        return 'done';
      case 'release':
        consumer.release();
        return 'done';
    }
  } catch (error) {
    return `throws ${error instanceof RangeError ? 'RangeError' : error instanceof TypeError ? 'TypeError' : String(error)}`;
  }
}

/** Positions at which something turns: the wrap of Int32, zero, and the end of the region. */
const startPosition = (capacityBytes: number) =>
  fc
    .tuple(fc.constantFrom(2 ** 31, 0, capacityBytes), fc.integer({ min: 0, max: capacityBytes / 4 }))
    .map(([turn, before]) => (turn - 8 * before) | 0);

describe('the ring does what the model does', () => {
  for (const capacityBytes of [4096, 16384]) {
    it(`step by step, with ${capacityBytes} bytes, started shortly before its positions turn`, () => {
      fc.assert(
        fc.property(
          startPosition(capacityBytes),
          steps(capacityBytes / 2 - 8),
          ending,
          steps(256),
          (start, before, end, after) => {
            const sab = SpscRing.allocate(capacityBytes, { startPosition: start });
            const ring = { producer: new RingProducer(sab), consumer: new RingConsumer(sab) };
            const model = new ModelQueue(capacityBytes, start);
            const ringClaim = { at: 0, bytes: 0, count: 0 };
            const modelClaim = { at: 0, bytes: 0, count: 0 };
            for (const step of [...before, ...end, ...after]) {
              const seen = perform(ring, step, ringClaim);
              if (seen === `claim ${RING_CLOSED}`) model.producer.noticeConsumerClosed();
              expect(seen).toBe(perform(model, step, modelClaim));
              expect(SpscRing.occupancyBytes(sab)).toBe(model.occupancyBytes);
            }
          },
        ),
        { numRuns: 250 },
      );
    });
  }

  it('after either side was taken over by a new object', () => {
    fc.assert(
      fc.property(startPosition(4096), fc.array(fc.nat(500), { minLength: 1, maxLength: 40 }), (start, sizes) => {
        const sab = SpscRing.allocate(4096, { startPosition: start });
        sizes.forEach((bytes, index) => {
          const producer = new RingProducer(sab);
          const at = producer.claim(bytes);
          for (let i = 0; i < bytes; i++) producer.bytes[at + i] = patternByte(index, i);
          producer.commit(index);
          producer.publish();
          for (let attempt = 0; attempt < 2; attempt++) {
            const consumer = new RingConsumer(sab);
            const polled = consumer.poll();
            expect([consumer.frameType, consumer.frameBytes]).toEqual([index, bytes]);
            for (let i = 0; i < bytes; i++) expect(consumer.bytes[polled + i]).toBe(patternByte(index, i));
            if (attempt === 1) consumer.release();
          }
        });
        expect(SpscRing.occupancyBytes(sab)).toBe(0);
      }),
      { numRuns: 50 },
    );
  });
});
