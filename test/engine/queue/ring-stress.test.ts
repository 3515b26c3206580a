import { randomInt } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { afterAll, describe, expect, it } from 'vitest';
import { DATA_BYTE, WORD_DISTANCE_BYTES } from '../../../engine/queue/ring-layout.ts';
import { SpscRing } from '../../../engine/queue/spsc-ring.ts';
import { buildQueue } from './built-queue.ts';

// Topology: producer thread --> ring --> consumer thread, and this thread that watches. Seeds are drawn anew for every run, and
// MILLRACE_SEED repeats one; on failure the seed is in the message.

const built = buildQueue();
afterAll(() => built.remove());

const SEED = Number(process.env['MILLRACE_SEED'] ?? randomInt(2 ** 31));
const CANARY_BYTE = 0xa5;

interface Load {
  name: string;
  capacityBytes: number;
  frameCount: number;
  /** 0 spins. Long, so that a wake-up that was lost cannot pass for one that came late. */
  parkMs: number;
  batchMax: number;
  pauseEvery: number;
}

const LOADS: Load[] = [
  { name: 'both spin, small ring', capacityBytes: 4096, frameCount: 400_000, parkMs: 0, batchMax: 8, pauseEvery: 1000 },
  {
    name: 'both sleep, one frame at a time',
    capacityBytes: 4096,
    frameCount: 80_000,
    parkMs: 20_000,
    batchMax: 1,
    pauseEvery: 20,
  },
  {
    name: 'both sleep, batches',
    capacityBytes: 8192,
    frameCount: 100_000,
    parkMs: 20_000,
    batchMax: 30,
    pauseEvery: 100,
  },
  {
    name: 'both sleep, large ring',
    capacityBytes: 1 << 20,
    frameCount: 500_000,
    parkMs: 20_000,
    batchMax: 200,
    pauseEvery: 5000,
  },
];

/** Words that nobody may touch: everything in the header that is not one of its words. */
function headerGaps(sab: SharedArrayBuffer): Uint8Array[] {
  const gaps: Uint8Array[] = [];
  for (let word = 0; word < DATA_BYTE; word += WORD_DISTANCE_BYTES) {
    gaps.push(new Uint8Array(sab, word + 4, WORD_DISTANCE_BYTES - 4));
  }
  return gaps;
}

function side(
  role: 'produce' | 'consume',
  load: Load,
  sab: SharedArrayBuffer,
  seed: number,
): { done: Promise<number>; worker: Worker } {
  const payloadMaxBytes = Math.min(SpscRing.maxFrameBytes(sab), 16 * 1024);
  const worker = new Worker(new URL('./stress-side.mjs', import.meta.url), {
    workerData: { ...load, indexUrl: built.indexUrl, role, sab, seed, payloadMaxBytes },
  });
  const done = new Promise<number>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`${role} exited with ${code}`)));
  });
  return { done, worker };
}

describe('a ring between two threads', () => {
  LOADS.forEach((load, index) => {
    const seed = (SEED + index) >>> 0;
    it(`loses, doubles and mixes up nothing: ${load.name}`, { timeout: 120_000 }, async () => {
      const sab = SpscRing.allocate(load.capacityBytes, {
        startPosition: (2 ** 31 - 64 * 1024 - 8 * (seed % 1024)) | 0,
      });
      for (const gap of headerGaps(sab)) gap.fill(CANARY_BYTE);
      const sides = [side('produce', load, sab, seed), side('consume', load, sab, seed)];
      let occupancyMaxBytes = 0;
      const watch = setInterval(() => {
        occupancyMaxBytes = Math.max(occupancyMaxBytes, SpscRing.occupancyBytes(sab));
      }, 5);
      try {
        const counts = await Promise.all(sides.map(({ done }) => done));
        expect(counts).toEqual([load.frameCount, load.frameCount]);
        expect(SpscRing.occupancyBytes(sab)).toBe(0);
        expect(occupancyMaxBytes).toBeLessThanOrEqual(load.capacityBytes);
        for (const gap of headerGaps(sab)) expect(gap.every((byte) => byte === CANARY_BYTE)).toBe(true);
      } catch (error) {
        throw new Error(`MILLRACE_SEED=${(seed - index) >>> 0} repeats this failure`, { cause: error });
      } finally {
        clearInterval(watch);
        await Promise.all(sides.map(({ worker }) => worker.terminate()));
      }
    });
  });

  it('is noticed when one frame comes out wrong', { timeout: 60_000 }, async () => {
    const load = LOADS[0]!;
    const sab = SpscRing.allocate(load.capacityBytes);
    const other = side('produce', load, sab, 1);
    const otherEnded = other.done.catch(() => undefined);
    const consumer = side('consume', load, sab, 2);
    await expect(consumer.done).rejects.toThrow(/^frame 0: /);
    await Promise.all([other.worker.terminate(), consumer.worker.terminate(), otherEnded]);
  });
});
