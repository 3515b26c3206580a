import { describe, expect, it } from 'vitest';
import { RingConsumer } from '../../../engine/queue/ring-consumer.ts';
import {
  CONSUMER_CLOSED_WORD,
  CONSUMER_DOORBELL_WORD,
  DATA_WORD,
  HEAD_WORD,
  PRODUCER_DOORBELL_WORD,
  TAIL_WORD,
} from '../../../engine/queue/ring-layout.ts';
import { RingProducer } from '../../../engine/queue/ring-producer.ts';
import { SpscRing } from '../../../engine/queue/spsc-ring.ts';
import { RecordingMemory } from './recording-memory.ts';

const NAMES = new Map([
  [TAIL_WORD, 'TAIL'],
  [HEAD_WORD, 'HEAD'],
  [CONSUMER_CLOSED_WORD, 'CONSUMER_CLOSED'],
  [PRODUCER_DOORBELL_WORD, 'PRODUCER_DOORBELL'],
  [CONSUMER_DOORBELL_WORD, 'CONSUMER_DOORBELL'],
  ...Array.from({ length: 1024 }, (_, word): [number, string] => [DATA_WORD + word, `data[${word}]`]),
]);

function recordedRing(startPosition = 0) {
  const sab = SpscRing.allocate(4096, { startPosition });
  const memory = new RecordingMemory(new Int32Array(sab));
  const producer = new RingProducer(sab, { memory });
  const consumer = new RingConsumer(sab, { memory });
  memory.take(NAMES);
  return { producer, consumer, memory, taken: () => memory.take(NAMES) };
}

describe('the order of accesses to shared words', () => {
  it('claims and commits touch no word that the other side reads', () => {
    const { producer, taken } = recordedRing();
    producer.claim(8);
    expect(taken()).toEqual([]);
    producer.commit(3);
    expect(taken()).toEqual(['storePlain data[0]=16', 'storePlain data[1]=3']);
  });

  it('a batch of frames is published by one store, after all headers and before the look at the doorbell', () => {
    const { producer, taken } = recordedRing();
    for (let frame = 0; frame < 5; frame++) {
      producer.claim(8);
      producer.commit(frame);
    }
    producer.publish();
    expect(taken().slice(-5)).toEqual([
      'storePlain data[16]=16',
      'storePlain data[17]=4',
      'storeSeqCst TAIL=80',
      'loadSeqCst CONSUMER_DOORBELL=0',
      'loadAcquire CONSUMER_CLOSED=0',
    ]);
  });

  it('a publish of nothing and a release of nothing touch nothing', () => {
    const { producer, consumer, taken } = recordedRing();
    producer.publish();
    consumer.release();
    producer.claim(8);
    producer.publish();
    expect(taken()).toEqual([]);
  });

  it('padding is written before the frame behind it, and both before the tail', () => {
    const { producer, taken } = recordedRing(4096 - 16);
    producer.claim(24);
    producer.commit(1);
    producer.publish();
    expect(taken().slice(0, 5)).toEqual([
      'storePlain data[1020]=16',
      'storePlain data[1021]=-1',
      'storePlain data[0]=32',
      'storePlain data[1]=1',
      'storeSeqCst TAIL=4128',
    ]);
  });

  it('the consumer looks at the tail once for a whole batch, and before it reads any frame', () => {
    const { producer, consumer, taken } = recordedRing();
    for (let frame = 0; frame < 2; frame++) {
      producer.claim(0);
      producer.commit(frame);
    }
    producer.publish();
    taken();
    consumer.poll();
    consumer.poll();
    expect(taken()).toEqual([
      'loadSeqCst TAIL=16',
      'loadPlain data[0]=8',
      'loadPlain data[1]=0',
      'loadPlain data[2]=8',
      'loadPlain data[3]=1',
    ]);
    consumer.poll();
    expect(taken()).toEqual(['loadSeqCst TAIL=16']);
  });

  it('a release is one store of the head, then a look at the doorbell', () => {
    const { producer, consumer, taken } = recordedRing();
    for (let frame = 0; frame < 3; frame++) {
      producer.claim(0);
      producer.commit(frame);
    }
    producer.publish();
    for (let frame = 0; frame < 3; frame++) consumer.poll();
    taken();
    consumer.release();
    expect(taken()).toEqual(['storeSeqCst HEAD=24', 'loadSeqCst PRODUCER_DOORBELL=0']);
  });

  it('the producer looks at the head only when its copy says that the ring is full', () => {
    const { producer, consumer, taken } = recordedRing();
    for (let frame = 0; frame < 2; frame++) {
      producer.claim(2040);
      producer.commit(0);
    }
    producer.publish();
    expect(taken().filter((access) => access.includes('HEAD'))).toEqual([]);
    producer.claim(0);
    expect(taken()).toEqual(['loadSeqCst HEAD=0', 'loadSeqCst CONSUMER_CLOSED=0']);
    consumer.poll();
    consumer.release();
    taken();
    for (let frame = 0; frame < 4; frame++) {
      expect(producer.claim(0)).toBeGreaterThanOrEqual(0);
      producer.commit(0);
    }
    expect(taken().filter((access) => access.includes('HEAD'))).toEqual(['loadSeqCst HEAD=2048']);
  });

  it('the last frames and the close arrive in one store', () => {
    const { producer, taken } = recordedRing();
    producer.claim(0);
    producer.commit(0);
    taken();
    producer.close();
    expect(taken()).toEqual(['storeSeqCst TAIL=9', 'loadSeqCst CONSUMER_DOORBELL=0']);
  });

  it('a consumer that closes says so before it looks whether the producer sleeps', () => {
    const { consumer, taken } = recordedRing();
    consumer.close();
    expect(taken()).toEqual(['storeSeqCst CONSUMER_CLOSED=1', 'loadSeqCst PRODUCER_DOORBELL=0']);
  });

  it('a sleeper announces itself, looks once more, and only then sleeps', () => {
    const { consumer, taken } = recordedRing();
    consumer.pollBlocking(0);
    expect(taken()).toEqual([
      'loadSeqCst TAIL=0',
      'storeSeqCst CONSUMER_DOORBELL=1',
      'loadSeqCst TAIL=0',
      'wait CONSUMER_DOORBELL=1',
      'storeRelease CONSUMER_DOORBELL=0',
      'loadSeqCst TAIL=0',
    ]);
  });

  it('a ringer rings only a sleeper that announced itself, and marks it awake before it notifies', () => {
    const { producer, consumer, taken } = recordedRing();
    consumer.doorbell.prepareToPark();
    producer.claim(0);
    producer.commit(0);
    taken();
    producer.publish();
    expect(taken().slice(1, 4)).toEqual([
      'loadSeqCst CONSUMER_DOORBELL=1',
      'storeRelease CONSUMER_DOORBELL=0',
      'notify CONSUMER_DOORBELL=0',
    ]);
    producer.claim(0);
    producer.commit(0);
    producer.publish();
    expect(taken().filter((access) => access.startsWith('notify'))).toEqual([]);
  });
});
