import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type RateOptions, type RateReader, ratePerSecond } from '../../../connectors/generate/index.ts';
import { drive, openOnly, readReady } from '../streams/reading.ts';

interface Item {
  index: number;
  scheduledMs: number;
}
const item = (index: number, scheduledMs: number): Item => ({ index, scheduledMs });

/** Readers of all splits over a clock that the test moves; it starts at 1000. */
function openAll(
  rate: number,
  options: RateOptions = {},
): { readers: RateReader<Item>[]; clock: { ms: number }; driven: ReturnType<typeof drive> } {
  const clock = { ms: 1000 };
  const driven = drive(() => clock.ms);
  const source = ratePerSecond(rate, item, options);
  const readers = source.splits({ workers: 16 }).map((split) => source.open(structuredClone(split), driven.context));
  return { readers, clock, driven };
}

describe('ratePerSecond on a clock that the test moves', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('hands out exactly the records that are due, each once, over any splits, steps of the clock and batch sizes', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5000 }),
        fc.integer({ min: 1, max: 5 }),
        fc.constantFrom('constant' as const, 'poisson' as const),
        fc.array(fc.double({ min: 0, max: 40, noNaN: true }), { maxLength: 20 }),
        fc.integer({ min: 1, max: 30 }),
        (rate, splits, arrival, steps, maxRecords) => {
          const { readers, clock } = openAll(rate, { splits, arrival, seed: rate });
          const seen = new Map<number, number>();
          for (const stepMs of [0, ...steps]) {
            clock.ms += stepMs;
            for (const reader of readers) {
              for (let batch = reader.read(maxRecords); ; batch = reader.read(maxRecords)) {
                if (batch === 'idle') break;
                if (batch === 'done') throw new Error('an endless load ended');
                expect(batch.length).toBeLessThanOrEqual(maxRecords);
                expect(reader.intakeMs()).toBe(batch[0]?.scheduledMs);
                for (const { index, scheduledMs } of batch) {
                  expect(seen.has(index)).toBe(false);
                  expect(scheduledMs).toBeLessThanOrEqual(clock.ms);
                  seen.set(index, scheduledMs);
                }
              }
              expect(reader.lagMs()).toBe(0);
            }
          }
          if (arrival === 'constant') {
            const expected = new Map<number, number>();
            for (let i = 0; (i * 1000) / rate <= clock.ms - 1000; i++) expected.set(i, 1000 + (i * 1000) / rate);
            expect([...seen].sort((a, b) => a[0] - b[0])).toEqual([...expected]);
          } else {
            // Within a split no index is left out.
            readers.forEach((_, stream) => {
              const own = [...seen.keys()].filter((index) => index % splits === stream).sort((a, b) => a - b);
              expect(own).toEqual(own.map((_value, k) => stream + k * splits));
            });
          }
        },
      ),
    );
  });

  it('skips nothing after a stall: the intake is the scheduled time, and the lag is reported', () => {
    const { readers, clock } = openAll(1000);
    const reader = readers[0] as RateReader<Item>;
    expect(reader.read(10)).toEqual([{ index: 0, scheduledMs: 1000 }]);
    clock.ms += 500;
    expect(reader.lagMs()).toBe(499);
    expect(reader.read(200)).toHaveLength(200);
    expect(reader.intakeMs()).toBe(1001);
    expect(reader.lagMs()).toBe(299);
    expect(reader.read(1000)).toHaveLength(300);
    expect(reader.intakeMs()).toBe(1201);
    expect(reader.locate(0)).toBe('ratePerSecond(1000) index 201');
    expect(reader.progress()).toBe(501);
    expect(reader.lagMs()).toBe(0);
  });

  it('sets one timer while it waits, wakes with it, and clears it on close and on abort', () => {
    const { readers, driven } = openAll(10);
    const reader = readers[0] as RateReader<Item>;
    reader.read(10);
    expect(reader.read(10)).toBe('idle');
    expect(reader.read(10)).toBe('idle');
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(99);
    expect(driven.wakeCount()).toBe(0);
    vi.advanceTimersByTime(1);
    expect(driven.wakeCount()).toBe(1);
    reader.read(10);
    expect(vi.getTimerCount()).toBe(1);
    driven.controller.abort();
    expect(vi.getTimerCount()).toBe(0);
    reader.close();
  });

  it('ends after a count, after a duration, or after whichever comes first', () => {
    const total = (options: RateOptions): number => {
      const { readers, clock } = openAll(100, options);
      clock.ms += 1e6;
      return readers.reduce((sum, reader) => {
        for (let batch = reader.read(7); batch !== 'done'; batch = reader.read(7)) sum += batch.length;
        return sum;
      }, 0);
    };
    for (const splits of [1, 2, 3, 7]) {
      expect(total({ count: 50, splits })).toBe(50);
      expect(total({ durationMs: 1000, splits })).toBe(100);
      expect(total({ durationMs: 1000, count: 30, splits })).toBe(30);
      expect(total({ durationMs: 1000, count: 300, splits })).toBe(100);
      expect(total({ count: 0, splits })).toBe(0);
      const sizes = ratePerSecond(1, item, { count: 50, splits })
        .splits({ workers: 7 })
        .map(({ size }) => size as number);
      expect(sizes.reduce((a, b) => a + b)).toBe(50);
    }
    expect(ratePerSecond(1, item).bounded).toBe(false);
    expect(ratePerSecond(1, item, { count: 1 }).bounded).toBe(true);
  });

  it('fails when it is more than maxBehindMs behind, and not when it is exactly that', () => {
    const { readers, clock } = openAll(10, { maxBehindMs: 50 });
    const reader = readers[0] as RateReader<Item>;
    reader.read(1);
    clock.ms += 150;
    expect(reader.read(1)).toHaveLength(1);
    clock.ms += 101;
    expect(() => reader.read(1)).toThrow(/must not be more than maxBehindMs=50 behind: record 2 is 51.0 ms late/);
  });

  it('spins instead of setting a timer when it is told to and the next record is near', () => {
    const { readers, clock } = openAll(100, { spin: true });
    const reader = readers[0] as RateReader<Item>;
    reader.read(1);
    expect(reader.read(1)).toBe('idle');
    clock.ms += 9;
    expect(reader.read(1)).toEqual([]);
    clock.ms += 1;
    expect(reader.read(1)).toHaveLength(1);
  });

  it('has Poisson arrivals of the rate, the same for the same seed, with exponential gaps', () => {
    const timesOf = (seed: number, splits: number): number[] => {
      const { readers, clock } = openAll(1000, { arrival: 'poisson', seed, splits, durationMs: 100_000 });
      clock.ms += 100_000;
      const times = readers.flatMap((reader) => {
        const batch = reader.read(1e6);
        return batch === 'idle' || batch === 'done' ? [] : batch.map(({ scheduledMs }) => scheduledMs);
      });
      return times.sort((a, b) => a - b);
    };
    for (const splits of [1, 4]) {
      const times = timesOf(5, splits);
      // 100 000 expected, standard deviation 316.
      expect(Math.abs(times.length - 100_000)).toBeLessThan(5 * 316);
      const gaps = times.slice(1).map((time, i) => time - (times[i] as number));
      const meanMs = gaps.reduce((a, b) => a + b) / gaps.length;
      const deviation = Math.sqrt(gaps.reduce((a, gap) => a + (gap - meanMs) ** 2, 0) / gaps.length);
      expect(deviation / meanMs).toBeCloseTo(1, 1);
      expect(gaps.filter((gap) => gap > 1).length / gaps.length).toBeCloseTo(Math.exp(-1), 1);
      expect(timesOf(5, splits)).toEqual(times);
      expect(timesOf(6, splits)).not.toEqual(times);
    }
  });

  it('hands out what came before a throw, then fails with the index', () => {
    const clock = { ms: 0 };
    const source = ratePerSecond(1000, (index) => {
      if (index === 3) throw new Error('three is unlucky');
      return index;
    });
    const [split] = source.splits({ workers: 1 });
    const reader = source.open(split as NonNullable<typeof split>, drive(() => clock.ms).context);
    clock.ms = 10;
    expect(reader.read(100)).toEqual([0, 1, 2]);
    expect(() => reader.read(100)).toThrow('ratePerSecond(1000) failed at index 3: three is unlucky');
  });

  it('reports all options out of range together, and more splits than workers', () => {
    expect(() =>
      ratePerSecond(0, 5 as never, { count: -1, durationMs: 0, arrival: 'bursty' as never, splits: 0 }),
    ).toThrow(
      /rate must be.*rate=0; make must be.*count=-1; durationMs.*durationMs=0; arrival.*arrival=bursty; splits.*splits=0/,
    );
    expect(() => ratePerSecond(Number.NaN, item)).toThrow(/rate=NaN/);
    expect(() => ratePerSecond(1, item, { rps: 5 } as never)).toThrow(/no option 'rps': it has count/);
    expect(() => ratePerSecond(1, item, { splits: 3 }).splits({ workers: 2 })).toThrow(/splits=3, workers=2/);
  });
});

describe('ratePerSecond on the real clock', () => {
  it.each([false, true])('keeps its rate (spin: %s) by waking the worker', async (spin) => {
    const driven = drive();
    const startMs = performance.now();
    const reader = await openOnly(ratePerSecond(2000, item, { durationMs: 200, spin }), driven);
    const items: Item[] = [];
    for (let batch = await readReady(reader, driven); batch !== 'done'; batch = await readReady(reader, driven))
      items.push(...batch);
    await reader.close?.();
    expect(items.map(({ index }) => index)).toEqual(Array.from({ length: 400 }, (_, i) => i));
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(199);
  });
});
