import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { allocatePaths, type PathKind, pathOf } from '../../../bench/ping-pong/paths.ts';

const KINDS: PathKind[] = ['bare words, spin', 'bare words, wait and notify', 'millrace, spin', 'millrace, park'];

describe.each(KINDS)('a path of the ping-pong: %s', (kind) => {
  it('gives out every number once, in turn', () => {
    const memory = allocatePaths(kind);
    const [out, home] = [pathOf(kind, memory, 'sender'), pathOf(kind, memory, 'receiver')];
    for (let number = 0; number < 2_000; number++) {
      out.send(number * 1.5);
      expect(home.receive()).toBe(number * 1.5);
    }
  });
});

it('the sleeping paths wait for a number that comes later', async () => {
  const words = new SharedArrayBuffer(256);
  // Sends as the bare path does, after the main thread has fallen asleep.
  const source = `
    const { workerData } = require('node:worker_threads');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
    new Float64Array(workerData)[16] = 42;
    Atomics.store(new Int32Array(workerData), 0, 1);
    Atomics.notify(new Int32Array(workerData), 0);`;
  const worker = new Worker(source, { eval: true, workerData: words });
  const home = pathOf('bare words, wait and notify', words, 'receiver');
  expect(home.receive()).toBe(42);
  await worker.terminate();
});
