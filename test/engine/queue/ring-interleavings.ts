import type { Doorbell } from '../../../engine/queue/doorbell.ts';
import type * as Queue from '../../../engine/queue/index.ts';
import { DATA_WORD } from '../../../engine/queue/ring-layout.ts';
import type { RingMemory } from '../../../engine/queue/ring-memory.ts';
import type { Scenario, Side } from './interleaving-explorer.ts';

// The small cases whose every interleaving is explored, written once for whatever classes they are given: the shipped ones, and
// copies of them with one line wrong.

export type QueueClasses = Pick<typeof Queue, 'SpscRing' | 'RingProducer' | 'RingConsumer' | 'Doorbell'>;

const FOREVER = Number.POSITIVE_INFINITY;
const CAPACITY_BYTES = 4096;
/** Two of these fill the ring. */
const LARGE_BYTES = CAPACITY_BYTES / 2 - 8;
const SMALL_BYTES = 8;

const EMPTY = -1;
const DRAINED = -2;
const FULL = -1;
const CLOSED = -2;

/** Payloads go through the explored memory too, first and last word: the race check covers what users write in place. */
function write(memory: RingMemory, at: number, payloadBytes: number, value: number): void {
  memory.storePlain(DATA_WORD + (at >> 2), value);
  memory.storePlain(DATA_WORD + ((at + payloadBytes) >> 2) - 1, value);
}

function read(memory: RingMemory, at: number, payloadBytes: number): number {
  const value = memory.loadPlain(DATA_WORD + (at >> 2));
  const last = memory.loadPlain(DATA_WORD + ((at + payloadBytes) >> 2) - 1);
  if (value !== last) throw new Error(`half of a frame: ${value} and ${last}`);
  return value;
}

function expectFrames(seen: number[], count: number): void {
  if (seen.join() !== Array.from({ length: count }, (_, i) => i + 1).join()) {
    throw new Error(`expected frames 1 to ${count}, saw ${seen.join() || 'none'}`);
  }
}

export function ringScenarios(classes: QueueClasses): Record<string, () => Scenario> {
  const { SpscRing, RingProducer, RingConsumer, Doorbell: Bell } = classes;

  interface Setup {
    startPosition?: number;
    /** Frames 1 to this many are in the ring before either side begins: the interesting moment is near, the case small. */
    waiting?: number;
    timeoutsMax?: number;
  }

  const ring = (setup: Setup, sides: (sab: SharedArrayBuffer) => Side[]): Scenario => {
    const { startPosition = 0, waiting = 0, timeoutsMax = 0 } = setup;
    const sab = SpscRing.allocate(CAPACITY_BYTES, { startPosition });
    const producer = new RingProducer(sab);
    for (let value = 1; value <= waiting; value++) {
      const at = producer.claim(LARGE_BYTES);
      producer.int32[at >> 2] = value;
      producer.int32[((at + LARGE_BYTES) >> 2) - 1] = value;
      producer.commit(value);
    }
    producer.publish();
    return { sides: sides(sab), initialWords: new Int32Array(sab), timeoutsMax };
  };

  /** Sends frames `first` to `last`, asleep while the ring is full, and closes. Stops when nobody reads. */
  const sender = (
    sab: SharedArrayBuffer,
    first: number,
    last: number,
    payloadBytes: number,
    publishEvery = 1,
    parkMs = FOREVER,
  ): Side => ({
    name: 'producer',
    run: (memory) => {
      const producer = new RingProducer(sab, { memory });
      for (let value = first; value <= last; value++) {
        let at = FULL;
        while (at === FULL) at = producer.claimBlocking(payloadBytes, parkMs);
        if (at === CLOSED) break;
        write(memory, at, payloadBytes, value);
        producer.commit(value);
        if (value % publishEvery === 0) producer.publish();
      }
      producer.close();
    },
  });

  /** Reads until drained, asleep while the ring is empty. */
  const receiver = (sab: SharedArrayBuffer, count: number, releaseEvery = 1, parkMs = FOREVER): Side => ({
    name: 'consumer',
    run: (memory) => {
      const consumer = new RingConsumer(sab, { memory });
      const seen: number[] = [];
      for (;;) {
        const at = consumer.pollBlocking(parkMs);
        if (at === DRAINED) break;
        if (at === EMPTY) continue;
        const value = read(memory, at, consumer.frameBytes);
        if (consumer.frameType !== value) throw new Error(`type ${consumer.frameType} with payload ${value}`);
        seen.push(value);
        if (seen.length % releaseEvery === 0) consumer.release();
      }
      expectFrames(seen, count);
    },
  });

  return {
    'two frames, published one by one, to a consumer that sleeps': () =>
      ring({}, (sab) => [sender(sab, 1, 2, SMALL_BYTES), receiver(sab, 2)]),

    'a full ring before which the producer sleeps': () =>
      ring({ waiting: 2 }, (sab) => [sender(sab, 3, 3, LARGE_BYTES), receiver(sab, 3)]),

    'a full ring and padding, while the positions wrap': () =>
      ring({ waiting: 1, startPosition: 2 ** 31 - 1024 }, (sab) => [sender(sab, 2, 2, LARGE_BYTES), receiver(sab, 2)]),

    'frames committed but not published when the ring is full': () =>
      ring({}, (sab) => [sender(sab, 1, 3, LARGE_BYTES, 99), receiver(sab, 3)]),

    'a consumer that keeps frames until it must sleep': () =>
      ring({ waiting: 2 }, (sab) => [sender(sab, 3, 3, LARGE_BYTES), receiver(sab, 3, 99)]),

    'a consumer whose sleep may run out': () =>
      ring({ timeoutsMax: 2 }, (sab) => [sender(sab, 1, 1, SMALL_BYTES), receiver(sab, 1, 1, 10)]),

    'a producer whose sleep may run out': () =>
      ring({ waiting: 2, timeoutsMax: 2 }, (sab) => [sender(sab, 3, 3, LARGE_BYTES, 1, 10), receiver(sab, 3, 2)]),

    'the last frames arrive together with the close': () =>
      ring({}, (sab) => [sender(sab, 1, 2, SMALL_BYTES, 99), receiver(sab, 2)]),

    'close without any frame': () => ring({}, (sab) => [sender(sab, 1, 0, SMALL_BYTES), receiver(sab, 0)]),

    'aborted claims between frames': () =>
      ring({ startPosition: 2 ** 31 - 1024 }, (sab) => [
        {
          name: 'producer',
          run: (memory) => {
            const producer = new RingProducer(sab, { memory });
            for (let value = 1; value <= 2; value++) {
              write(memory, producer.claim(LARGE_BYTES / 2), LARGE_BYTES / 2, -value);
              producer.abort();
              write(memory, producer.claim(SMALL_BYTES), SMALL_BYTES, value);
              producer.commit(value);
              write(memory, producer.claim(LARGE_BYTES / 2), LARGE_BYTES / 2, -value);
              producer.publish();
              producer.abort();
            }
            producer.close();
          },
        },
        receiver(sab, 2),
      ]),

    'a consumer that closes while the producer sleeps before a full ring': () =>
      ring({ waiting: 2 }, (sab) => [
        sender(sab, 3, 99, LARGE_BYTES),
        {
          name: 'consumer',
          run: (memory) => {
            const consumer = new RingConsumer(sab, { memory });
            const at = consumer.pollBlocking(FOREVER);
            if (at >= 0) expectFrames([read(memory, at, consumer.frameBytes)], 1);
            consumer.close();
            if (consumer.poll() !== DRAINED) throw new Error('a closed consumer is drained');
          },
        },
      ]),

    'a question and its answer, over two rings: no later news makes up for a lost wake-up': () => {
      const questions = SpscRing.allocate(CAPACITY_BYTES);
      const answers = SpscRing.allocate(CAPACITY_BYTES);
      const words = new Int32Array(questions).length;
      const initialWords = new Int32Array(2 * words);
      initialWords.set(new Int32Array(questions));
      initialWords.set(new Int32Array(answers), words);
      const send = (memory: RingMemory, producer: Queue.RingProducer) => {
        write(memory, producer.claim(SMALL_BYTES), SMALL_BYTES, 1);
        producer.commit(1);
        producer.publish();
      };
      const receive = (memory: RingMemory, consumer: Queue.RingConsumer) => {
        let at = EMPTY;
        while (at === EMPTY) at = consumer.pollBlocking(FOREVER);
        expectFrames([read(memory, at, consumer.frameBytes)], 1);
      };
      const asker: Side = {
        name: 'asker',
        run: (memory) => {
          const back = shifted(memory, words);
          send(memory, new RingProducer(questions, { memory }));
          receive(back, new RingConsumer(answers, { memory: back }));
        },
      };
      const answerer: Side = {
        name: 'answerer',
        run: (memory) => {
          const back = shifted(memory, words);
          receive(memory, new RingConsumer(questions, { memory }));
          send(back, new RingProducer(answers, { memory: back }));
        },
      };
      return { sides: [asker, answerer], initialWords };
    },

    'one doorbell for two rings: a worker sleeps once for both': () => {
      const sabs = [SpscRing.allocate(CAPACITY_BYTES), SpscRing.allocate(CAPACITY_BYTES)] as const;
      const words = new Int32Array(sabs[0]).length;
      // The explored memory is one; the second ring lies behind the first, and the shared doorbell behind both.
      const bellWord = 2 * words;
      const initialWords = new Int32Array(2 * words + 1);
      sabs.forEach((sab, i) => {
        initialWords.set(new Int32Array(sab), i * words);
      });
      const bell = (memory: RingMemory): Doorbell =>
        new Bell(new Int32Array(new SharedArrayBuffer(4 * (bellWord + 1))), bellWord, memory);
      // Doorbells on which nobody sleeps here stand on words that are 0 and stay so.
      const sides = sabs.map(
        (sab, i): Side => ({
          name: `producer ${i}`,
          run: (memory) => {
            const own = shifted(memory, i * words);
            const doorbells = { self: new Bell(new Int32Array(sab), words - 1, own), peer: bell(memory) };
            const producer = new RingProducer(sab, { memory: own, doorbells });
            write(own, producer.claim(SMALL_BYTES), SMALL_BYTES, 1);
            producer.commit(1);
            producer.close();
          },
        }),
      );
      const worker: Side = {
        name: 'worker',
        run: (memory) => {
          const self = bell(memory);
          const open = sabs.map((sab, i) => {
            const own = shifted(memory, i * words);
            const peer = new Bell(new Int32Array(sab), words - 1, own);
            return {
              own,
              consumer: new RingConsumer(sab, { memory: own, doorbells: { self, peer } }),
              seen: [] as number[],
            };
          });
          const pollAll = (): 'progress' | 'nothing' | 'drained' => {
            let drained = 0;
            for (const { own, consumer, seen } of open) {
              const at = consumer.poll();
              if (at === DRAINED) drained++;
              if (at < 0) continue;
              seen.push(read(own, at, consumer.frameBytes));
              consumer.release();
              return 'progress';
            }
            return drained === open.length ? 'drained' : 'nothing';
          };
          for (;;) {
            self.prepareToPark();
            const outcome = pollAll();
            if (outcome === 'nothing') self.park(FOREVER);
            else self.cancelPark();
            if (outcome === 'drained') break;
          }
          for (const { seen } of open) expectFrames(seen, 1);
        },
      };
      return { sides: [...sides, worker], initialWords };
    },

    'two ringers and a flag each: every ring is heard': () => {
      const BELL_WORD = 0;
      const bell = (memory: RingMemory): Doorbell =>
        new Bell(new Int32Array(new SharedArrayBuffer(4)), BELL_WORD, memory);
      const ringer = (flagWord: number): Side => ({
        name: `ringer ${flagWord}`,
        run: (memory) => {
          memory.storeSeqCst(flagWord, 1);
          bell(memory).ring();
        },
      });
      const sleeper: Side = {
        name: 'sleeper',
        run: (memory) => {
          const self = bell(memory);
          const heard = () => memory.loadSeqCst(1) === 1 && memory.loadSeqCst(2) === 1;
          for (;;) {
            self.prepareToPark();
            if (heard()) break;
            self.park(FOREVER);
          }
          self.cancelPark();
        },
      };
      return { sides: [ringer(1), ringer(2), sleeper] };
    },
  };
}

/** The same memory with every word moved: two rings in one explored memory. */
function shifted(memory: RingMemory, by: number): RingMemory {
  if (by === 0) return memory;
  const moved: Omit<RingMemory, never> = {
    loadPlain: (word) => memory.loadPlain(word + by),
    storePlain: (word, value) => memory.storePlain(word + by, value),
    loadOpaque: (word) => memory.loadOpaque(word + by),
    loadAcquire: (word) => memory.loadAcquire(word + by),
    storeRelease: (word, value) => memory.storeRelease(word + by, value),
    loadSeqCst: (word) => memory.loadSeqCst(word + by),
    storeSeqCst: (word, value) => memory.storeSeqCst(word + by, value),
    wait: (word, value, timeoutMs) => memory.wait(word + by, value, timeoutMs),
    waitAsync: (word, value) => memory.waitAsync(word + by, value),
    notify: (word) => memory.notify(word + by),
  };
  return moved as RingMemory;
}
