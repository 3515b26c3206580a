import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { Doorbell } from '../../../engine/queue/doorbell.ts';
import { RingMemory } from '../../../engine/queue/ring-memory.ts';

const words = () => new Int32Array(new SharedArrayBuffer(64));

/** Counts the waiters registered on the words: each one not notified would be a leak. */
class CountingMemory extends RingMemory {
  asyncWaiters = 0;
  notifies = 0;

  override waitAsync(word: number, value: number): Promise<string> | undefined {
    this.asyncWaiters++;
    return super.waitAsync(word, value);
  }

  override notify(word: number): void {
    this.notifies++;
    super.notify(word);
  }
}

function counted() {
  const shared = words();
  const memory = new CountingMemory(shared);
  return { shared, memory, doorbell: new Doorbell(shared, 0, memory) };
}

/** Stores AWAKE and notifies, as Doorbell.ring does, from another thread and after some time. */
function ringFromThread(shared: Int32Array, afterMs: number): Promise<void> {
  const worker = new Worker(
    `const { workerData } = require('node:worker_threads');
     setTimeout(() => { Atomics.store(workerData, 0, 0); Atomics.notify(workerData, 0); }, ${afterMs});`,
    { eval: true, workerData: shared },
  );
  return new Promise((resolve, reject) => worker.once('exit', () => resolve()).once('error', reject));
}

describe('Doorbell', () => {
  it('needs shared memory and a word inside it', () => {
    expect(() => new Doorbell(new Int32Array(4), 0)).toThrow(TypeError);
    for (const index of [-1, 16, 0.5, Number.NaN]) expect(() => new Doorbell(words(), index)).toThrow(RangeError);
  });

  it('rings nobody who is awake', () => {
    const { memory, doorbell } = counted();
    doorbell.ring();
    doorbell.prepareToPark();
    doorbell.cancelPark();
    doorbell.ring();
    expect(memory.notifies).toBe(0);
  });

  it('does not sleep when it was rung after the announcement', () => {
    const { doorbell } = counted();
    doorbell.prepareToPark();
    doorbell.ring();
    expect(doorbell.park(60_000)).toBe(true);
  });

  it('sleeps until its time runs out, and is awake then', () => {
    const { shared, doorbell, memory } = counted();
    doorbell.prepareToPark();
    const before = performance.now();
    expect(doorbell.park(20)).toBe(false);
    expect(performance.now() - before).toBeGreaterThanOrEqual(18);
    expect(shared[0]).toBe(0);
    doorbell.ring();
    expect(memory.notifies).toBe(0);
  });

  it('is woken by another thread while it sleeps', async () => {
    const { shared, doorbell } = counted();
    const ringer = ringFromThread(shared, 100);
    doorbell.prepareToPark();
    expect(doorbell.park(30_000)).toBe(true);
    await ringer;
  });

  it('sleeps without blocking the event loop, and is woken by another thread', async () => {
    const { shared, doorbell } = counted();
    let ticks = 0;
    const ticking = setInterval(() => ticks++, 5);
    const ringer = ringFromThread(shared, 100);
    doorbell.prepareToPark();
    expect(await doorbell.parkAsync(30_000)).toBe(true);
    clearInterval(ticking);
    expect(ticks).toBeGreaterThan(1);
    await ringer;
  });

  it('does not sleep asynchronously when it was rung after the announcement', async () => {
    const { doorbell } = counted();
    doorbell.prepareToPark();
    doorbell.ring();
    expect(await doorbell.parkAsync(60_000)).toBe(true);
  });

  it('registers one waiter however often it sleeps without being rung', async () => {
    const { memory, doorbell, shared } = counted();
    for (let i = 0; i < 20; i++) {
      doorbell.prepareToPark();
      expect(await doorbell.parkAsync(1)).toBe(false);
      expect(shared[0]).toBe(0);
    }
    expect(memory.asyncWaiters).toBe(1);
    doorbell.prepareToPark();
    const parked = doorbell.parkAsync(60_000);
    doorbell.ring();
    expect(await parked).toBe(true);
    expect(memory.asyncWaiters).toBe(1);
    doorbell.prepareToPark();
    const again = doorbell.parkAsync(60_000);
    doorbell.ring();
    expect(await again).toBe(true);
    expect(memory.asyncWaiters).toBe(2);
  });

  it('wakes a blocking sleep although an older asynchronous waiter is registered on the word', async () => {
    const { shared, doorbell } = counted();
    doorbell.prepareToPark();
    await doorbell.parkAsync(1);
    const ringer = ringFromThread(shared, 100);
    doorbell.prepareToPark();
    expect(doorbell.park(30_000)).toBe(true);
    await ringer;
  });

  it('lets its own thread end an asynchronous sleep', async () => {
    const { doorbell, shared } = counted();
    doorbell.endParkAsync();
    doorbell.prepareToPark();
    const parked = doorbell.parkAsync(60_000);
    expect(() => doorbell.parkAsync(1)).toThrow(TypeError);
    doorbell.endParkAsync();
    expect(await parked).toBe(true);
    expect(shared[0]).toBe(0);
  });

  it('a ring during no sleep is not remembered into the next one', async () => {
    const { doorbell } = counted();
    doorbell.prepareToPark();
    const parked = doorbell.parkAsync(60_000);
    doorbell.ring();
    doorbell.ring();
    await parked;
    await delay(5);
    doorbell.prepareToPark();
    expect(await doorbell.parkAsync(20)).toBe(false);
  });
});
