import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventClock, TimeTrack } from '../../../engine/time/event-clock.ts';
import { TimerHeap } from '../../../engine/time/timer-heap.ts';
import { END_OF_TIME, IDLE, NO_WATERMARK, WatermarkMerge } from '../../../engine/time/watermark.ts';

describe('several inputs', () => {
  it('are where the slowest is that is not idle, and never go back', () => {
    const moves = fc.array(
      fc.tuple(fc.nat({ max: 3 }), fc.oneof(fc.integer({ min: -50, max: 50 }), fc.constantFrom(IDLE, END_OF_TIME))),
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), moves, (inputs, steps) => {
        const merge = new WatermarkMerge();
        const at: number[] = Array.from({ length: inputs }, () => {
          merge.addInput();
          return NO_WATERMARK;
        });
        let reached = NO_WATERMARK;
        for (const [input, watermarkMs] of steps) {
          if (input >= inputs) continue;
          at[input] = watermarkMs;
          const awake = at.filter((each) => !Number.isNaN(each));
          const open = awake.filter((each) => each !== END_OF_TIME);
          const allIdle = open.length === 0 && awake.length < at.length;
          if (!allIdle) reached = Math.max(reached, Math.min(...awake));
          expect(merge.advance(input, watermarkMs)).toBe(allIdle ? IDLE : reached);
          expect(merge.current).toBe(allIdle ? IDLE : reached);
        }
      }),
    );
  });
});

describe('the event clock', () => {
  it('takes a Date or a number, and refuses what is no time', () => {
    const clock = new EventClock({});
    expect(clock.read(new Date(5))).toBe(5);
    expect(clock.read(-8.64e15)).toBe(-8.64e15);
    for (const wrong of [Number.NaN, 8.65e15, '2024-01-01', undefined, null, 5n, new Date(Number.NaN), {}]) {
      expect(() => clock.read(wrong)).toThrow(/an event time must be a Date or milliseconds since 1970/);
    }
    expect(clock.take()).toBe(5);
    expect(clock.take()).toBe(NO_WATERMARK);
  });

  it('serves several splits, each of which it was read for', () => {
    const clock = new EventClock({ outOfOrderMs: 3, idleMs: 10 });
    const [a, b] = [new TimeTrack(clock), new TimeTrack(clock)];
    expect(a.watermarkMs).toBe(NO_WATERMARK);
    clock.read(7);
    clock.read(5);
    expect(a.advance(0)).toBe(4);
    clock.read(6);
    expect(b.advance(0)).toBe(3);
    expect(a.advance(1e6)).toBe(4);
    expect(a.advance(10e6)).toBe(4);
    expect(a.advance(11e6)).toBe(IDLE);
    clock.read(1);
    // Back, and behind: what it promises does not go back.
    expect(a.advance(12e6)).toBe(4);
  });
});

describe('timers', () => {
  it('come earliest first, and of equal times in the order of setting', () => {
    const steps = fc.array(fc.option(fc.integer({ min: -20, max: 20 })));
    fc.assert(
      fc.property(steps, (script) => {
        const heap = new TimerHeap<number>();
        const model: { timeMs: number; payload: number }[] = [];
        script.forEach((timeMs, payload) => {
          if (timeMs !== null) {
            heap.set(timeMs, payload);
            model.push({ timeMs, payload });
          } else if (model.length > 0) {
            const first = model.reduce((best, each) => (each.timeMs < best.timeMs ? each : best));
            expect(heap.nextMs).toBe(first.timeMs);
            expect(heap.take()).toBe(first.payload);
            model.splice(model.indexOf(first), 1);
          }
          expect(heap.size).toBe(model.length);
        });
        if (model.length === 0) expect(heap.nextMs).toBe(Number.POSITIVE_INFINITY);
      }),
    );
  });
});
