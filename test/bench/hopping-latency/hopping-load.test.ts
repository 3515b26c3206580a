import { describe, expect, it, vi } from 'vitest';
import {
  dueMsAt,
  expectedOfHopping,
  type HoppingLoad,
  keyAt,
  timedEvents,
  WindowCounts,
} from '../../../bench/hopping-latency/hopping-load.ts';
import {
  allocateWindowAges,
  answerOfWindows,
  WindowSink,
  windowAgesOf,
} from '../../../bench/hopping-latency/window-ages.ts';
import { summarizeLatency } from '../../../engine/metrics/latency-summary.ts';

const clock = vi.hoisted(() => ({ loadMs: 0 }));
vi.mock('../../../bench/hopping-latency/load-clock.ts', () => ({
  loadNowMs: () => clock.loadMs,
  sharedMsOf: (loadMs: number) => loadMs,
}));

const load: HoppingLoad = {
  rate: 3_000,
  keys: 10,
  sizeMs: 50,
  stepMs: 10,
  startMs: 7_000,
  warmUpMs: 60,
  lastMs: 120,
};

/** What each key has in a window, by looking at every event. */
function countsByLooking(windowEndMs: number): Map<number, number> {
  const counts = new Map<number, number>();
  for (let index = 0; dueMsAt(load, index) < windowEndMs; index++) {
    if (dueMsAt(load, index) < windowEndMs - load.sizeMs) continue;
    const key = keyAt(load, index);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

const ends = Array.from({ length: 12 }, (_, i) => load.startMs + (i + 1) * load.stepMs);

describe('the load of the hopping-latency bench', () => {
  it('knows what each key has in each window without looking at events', () => {
    const known = new WindowCounts(load);
    for (const endMs of ends) {
      const seen = countsByLooking(endMs);
      for (let key = 0; key < load.keys; key++) expect(known.countOf(key, endMs)).toBe(seen.get(key) ?? 0);
    }
  });

  it('refuses keys of which some would have no event', () => {
    expect(() => new WindowCounts({ ...load, keys: 2 * 7919 })).toThrow('keys must have no factor 7919: keys=15838');
  });

  it('comes to the expected answer', () => {
    const all = ends.map(countsByLooking);
    const total = all.flatMap((counts) => [...counts.values()]).reduce((a, b) => a + b, 0);
    const results = all.reduce((sum, counts) => sum + counts.size, 0);
    expect(expectedOfHopping(load)).toEqual({ results, total, wrong: 0 });
  });

  it('hands out each event once, none before it is due', () => {
    const source = timedEvents({ ...load, startMs: 0 });
    const splits = source.splits({ workers: 2 }) as readonly { id: string }[];
    const context = { nowMs: () => 0, wake: () => {}, malformed: () => {}, signal: new AbortController().signal };
    const readers = splits.map(
      (split) => source.open(split, context) as { read(max: number): readonly { atMs: number }[] },
    );
    const seen: number[] = [];
    for (let nowMs = 0; nowMs <= 100; nowMs += 5) {
      clock.loadMs = nowMs;
      for (const reader of readers) {
        for (let batch = reader.read(4); batch.length > 0; batch = reader.read(4)) {
          for (const { atMs } of batch) expect(atMs).toBeLessThanOrEqual(nowMs);
          seen.push(...batch.map(({ atMs }) => atMs));
        }
      }
    }
    const due = Array.from({ length: 301 }, (_, index) => dueMsAt({ ...load, startMs: 0 }, index));
    expect(seen.sort((a, b) => a - b)).toEqual(due);
  });
});

describe('the sink of the hopping-latency bench', () => {
  it('checks every result, and takes the age of the first of each window behind the warm-up', () => {
    const memory = allocateWindowAges();
    const sink = new WindowSink(memory[0]!, load);
    for (const endMs of ends) {
      for (const [key, count] of countsByLooking(endMs)) {
        clock.loadMs = endMs + key;
        sink.batch();
        sink.result(key, endMs, count);
      }
    }
    expect(answerOfWindows(memory)).toEqual(expectedOfHopping(load));
    expect(summarizeLatency(windowAgesOf(memory, 'first')).count).toBe(6);
    expect(summarizeLatency(windowAgesOf(memory, 'every'))).toMatchObject({ count: 60, minNs: 0, maxNs: 9e6 });
    sink.result(3, ends[11]!, 1);
    expect(answerOfWindows(memory).wrong).toBe(1);
    sink.result(3, ends[11]! + 10, 1);
    expect(answerOfWindows(memory).results).toBe(expectedOfHopping(load).results + 1);
  });
});
