import { describe, expect, it } from 'vitest';
import { RING_EMPTY, RingConsumer } from '../../../engine/queue/ring-consumer.ts';
import { RingProducer } from '../../../engine/queue/ring-producer.ts';
import { SpscRing } from '../../../engine/queue/spsc-ring.ts';
import { ModelQueue } from './model-queue.ts';
import { type ConsumerSide, type ProducerSide, QUEUE_CONTRACT, type QueueSides } from './queue-contract.ts';

function ring(capacityBytes: number, startPosition: number): QueueSides {
  const sab = SpscRing.allocate(capacityBytes, { startPosition });
  return { producer: new RingProducer(sab), consumer: new RingConsumer(sab) };
}

const QUEUES: [string, () => QueueSides][] = [
  ['a ring of 4 KiB', () => ring(4096, 0)],
  ['a ring of 8 KiB that starts in its middle', () => ring(8192, 4096 + 8)],
  ['a ring of 64 KiB shortly before the positions wrap', () => ring(65536, 2 ** 31 - 2048)],
  ['a ring of 4 KiB shortly before the positions turn from negative to 0', () => ring(4096, -1024)],
  ['the model', () => new ModelQueue(4096)],
];

for (const [name, create] of QUEUES) {
  describe(`${name} keeps the contract of a queue`, () => {
    for (const contractCase of QUEUE_CONTRACT) it(contractCase.name, () => contractCase.run(create()));
  });
}

/** The model with one thing wrong. */
const WRONG_QUEUES: Record<
  string,
  (producer: ProducerSide, consumer: ConsumerSide) => Partial<ProducerSide & ConsumerSide>
> = {
  'publishes at commit': (producer) => ({
    commit: (type, bytes) => {
      producer.commit(type, bytes);
      producer.publish();
    },
  }),
  'commits instead of aborting': (producer) => ({ abort: () => producer.commit(0) }),
  'ignores that less was kept': (producer) => ({ commit: (type) => producer.commit(type) }),
  'forgets what was committed when it closes': (_, consumer) => {
    let closed = false;
    return {
      close: () => {
        closed = true;
        consumer.close();
      },
      poll: () => (closed ? RING_EMPTY : consumer.poll()),
    };
  },
  'never gives room back': () => ({ release: () => undefined }),
  'gives room back while the frame is read': (_, consumer) => ({
    poll: () => {
      const at = consumer.poll();
      if (at >= 0) consumer.release();
      return at;
    },
  }),
  'says empty when it is drained': (_, consumer) => ({ poll: () => Math.max(consumer.poll(), RING_EMPTY) }),
  'takes any type': (producer) => ({ commit: (type, bytes) => producer.commit(type & 0x7fffffff, bytes) }),
  'truncates what is too large': (producer) => ({
    claim: (bytes) => producer.claim(Math.min(Math.max(bytes | 0, 0), producer.maxFrameBytes)),
  }),
};

/** A side whose methods are replaced by those of `wrong`; everything else goes to the original. */
function withWrong<T extends object>(side: T, wrong: object): T {
  return new Proxy(side, {
    get(target, key) {
      if (Object.hasOwn(wrong, key)) return Reflect.get(wrong, key);
      const value = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

describe('the contract notices a queue that', () => {
  for (const [fault, makeWrong] of Object.entries(WRONG_QUEUES)) {
    it(fault, () => {
      const failed = QUEUE_CONTRACT.filter((contractCase) => {
        const model = new ModelQueue(4096);
        const wrong = makeWrong(model.producer, model.consumer);
        try {
          contractCase.run({
            producer: withWrong<ProducerSide>(model.producer, wrong),
            consumer: withWrong<ConsumerSide>(model.consumer, wrong),
          });
          return false;
        } catch {
          return true;
        }
      });
      expect(failed.length).toBeGreaterThan(0);
      expect(failed.length).toBeLessThan(QUEUE_CONTRACT.length);
    });
  }
});
