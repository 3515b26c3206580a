import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { MillraceError } from '../../../engine/errors/millrace-error.ts';
import { monotonicClock, VirtualClock } from '../../../engine/time/clock.ts';

describe('the monotonic clock', () => {
  it('counts nanoseconds from the given zero', () => {
    const clock = monotonicClock(process.hrtime.bigint() - 5_000_000_000n);
    expect(clock.nowNs()).toBeGreaterThan(5e9);
    expect(clock.nowNs()).toBeLessThan(6e9);
  });

  it('never runs backwards on one thread', () => {
    const clock = monotonicClock(process.hrtime.bigint());
    let last = clock.nowNs();
    for (let reading = 0; reading < 200_000; reading++) {
      const now = clock.nowNs();
      if (now < last) expect.fail(`${now} came after ${last}`);
      last = now;
    }
  });

  it('agrees with hrtime to a few microseconds, however often it is made', () => {
    const epoch = process.hrtime.bigint();
    for (let made = 0; made < 50; made++) {
      const clock = monotonicClock(epoch);
      // Of several looks the closest counts: the thread may lose the core between two readings.
      let closestNs = Number.POSITIVE_INFINITY;
      for (let look = 0; look < 20; look++) {
        closestNs = Math.min(closestNs, Math.abs(clock.nowNs() - Number(process.hrtime.bigint() - epoch)));
      }
      expect(closestNs).toBeLessThan(5_000);
    }
  });

  it('shows the same time on two threads', async () => {
    const epoch = process.hrtime.bigint();
    const clock = monotonicClock(epoch);
    const shared = new SharedArrayBuffer(16);
    const turn = new Int32Array(shared, 0, 1);
    const reading = new Float64Array(shared, 8, 1);
    const worker = new Worker(
      `const { workerData: { shared, epoch, module } } = require('node:worker_threads');
       import(module).then(({ monotonicClock }) => {
         const clock = monotonicClock(epoch);
         const turn = new Int32Array(shared, 0, 1), reading = new Float64Array(shared, 8, 1);
         for (let round = 0; round < 50; round++) {
           Atomics.wait(turn, 0, 2 * round);
           reading[0] = clock.nowNs();
           Atomics.store(turn, 0, 2 * round + 2);
           Atomics.notify(turn, 0);
         }
       });`,
      {
        eval: true,
        workerData: { shared, epoch, module: new URL('../../../build/engine/time/clock.js', import.meta.url).href },
      },
    );
    const failed = new Promise((_, reject) => worker.once('error', reject));
    const ended = new Promise((resolve) => worker.once('exit', resolve));
    for (let round = 0; round < 50; round++) {
      const beforeNs = clock.nowNs();
      Atomics.store(turn, 0, 2 * round + 1);
      Atomics.notify(turn, 0);
      while (Atomics.load(turn, 0) !== 2 * round + 2) {
        await Promise.race([new Promise((resolve) => setImmediate(resolve)), failed]);
      }
      const afterNs = clock.nowNs();
      expect(reading[0]).toBeGreaterThan(beforeNs - 5_000);
      expect(reading[0]).toBeLessThan(afterNs + 5_000);
    }
    await ended;
  });
});

describe('the virtual clock', () => {
  it('stands still until it is advanced', () => {
    const clock = new VirtualClock(100);
    expect(clock.nowNs()).toBe(100);
    clock.advance(20);
    clock.advance(0);
    expect(clock.nowNs()).toBe(120);
  });

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('refuses to move by %s and says why', (step) => {
    const clock = new VirtualClock();
    expect(() => clock.advance(step)).toThrow(MillraceError);
    expect(() => clock.advance(step)).toThrow(`deltaNs=${step}`);
    expect(() => new VirtualClock(step)).toThrow(`startNs=${step}`);
    expect(clock.nowNs()).toBe(0);
  });
});
