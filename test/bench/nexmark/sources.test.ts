import { MillraceError, type ReaderContext, type Source } from 'millrace';
import { describe, expect, it } from 'vitest';
import { type BareBid, bareBids } from '../../../bench/nexmark/bare-bids.ts';
import { type EventOptions, nexmarkEvents } from '../../../bench/nexmark/events-source.ts';

const CONTEXT: ReaderContext = {
  wake: () => {},
  signal: new AbortController().signal,
  malformed: (error) => {
    throw error;
  },
  nowMs: () => 0,
};

/** What each split holds, read in batches of a given size. */
async function readAll<T>(source: Source<T>, workers: number, batch: number): Promise<T[][]> {
  const splits = await source.splits({ workers });
  return Promise.all(
    splits.map(async (split) => {
      const reader = await source.open(split, CONTEXT);
      const records: T[] = [];
      for (;;) {
        const read = await reader.read(batch);
        if (read === 'done') break;
        if (read === 'idle') throw new Error('a computed source is never idle');
        expect(read.length).toBeGreaterThan(0);
        expect(read.length).toBeLessThanOrEqual(batch);
        records.push(...read);
        expect(reader.progress!()).toBe(records.length);
      }
      expect(records).toHaveLength(split.size!);
      return records;
    }),
  );
}

const OPTIONS: EventOptions = { events: 12_345, rate: 10_000, disorder: 50, seed: 2 };

function sorted(splits: readonly (readonly unknown[])[]): string[] {
  return splits
    .flat()
    .map((event) => JSON.stringify(event))
    .sort();
}

describe('the source of events', () => {
  it('hands out every event once, whatever the number of workers and the size of batches', async () => {
    const whole = sorted(await readAll(nexmarkEvents(OPTIONS), 1, 512));
    expect(whole).toHaveLength(OPTIONS.events);
    for (const [workers, batch] of [
      [2, 512],
      [3, 7],
      [7, 100_000],
      [20, 512],
    ]) {
      expect(sorted(await readAll(nexmarkEvents(OPTIONS), workers!, batch!))).toEqual(whole);
    }
  });

  it('lets event times of all splits advance together, and shares them out evenly', async () => {
    const splits = await readAll(nexmarkEvents({ ...OPTIONS, events: 70_000 }), 7, 512);
    expect(splits.map(({ length }) => length)).toEqual(Array(7).fill(10_000));
    for (let i = 0; i < 10_000; i += 100) {
      const times = splits.map((events) => events[i]!.dateTime);
      // Seven chunks of a thousand events, ten a millisecond.
      expect(Math.max(...times) - Math.min(...times)).toBeLessThanOrEqual(700);
    }
  });

  it('has splits with nothing in them where there are fewer chunks than workers, and none of no events', async () => {
    expect((await readAll(nexmarkEvents({ ...OPTIONS, events: 1001 }), 4, 512)).map(({ length }) => length)).toEqual([
      1000, 1, 0, 0,
    ]);
    expect((await readAll(nexmarkEvents({ ...OPTIONS, events: 0 }), 2, 512)).flat()).toEqual([]);
  });

  it('says where a record stands', async () => {
    const source = nexmarkEvents(OPTIONS);
    const reader = await source.open((await source.splits({ workers: 3 }))[1]!, CONTEXT);
    await reader.read(512);
    expect(reader.locate!(3)).toBe('nexmark number 1003');
    await reader.read(512);
    await reader.read(512);
    expect(reader.locate!(0)).toBe('nexmark number 4000');
  });

  it('refuses options out of range, all of them together', () => {
    expect(() => nexmarkEvents({ events: -1, rate: 0.5, disorder: 953, seed: 2 ** 48 })).toThrow(MillraceError);
    expect(() => nexmarkEvents({ events: -1, rate: 0.5, disorder: 953, seed: 2 ** 48 })).toThrow(
      /events must be .*events=-1; rate must be .*rate=0.5; disorder must be .*disorder=953; seed must be/,
    );
  });
});

describe('the source of bare bids', () => {
  it('hands out sequence, time, sequence mod keys and zero', async () => {
    const bids = (await readAll(bareBids({ bids: 5000, rate: 1000, keys: 7 }), 3, 512)).flat();
    bids.sort((a: BareBid, b: BareBid) => a.id - b.id);
    expect(bids).toEqual(
      Array.from({ length: 5000 }, (_, id) => ({ id, dateTime: 1436918400000 + id, auction: id % 7, price: 0 })),
    );
  });

  it('refuses what is no number above 0', () => {
    expect(() => bareBids({ bids: 5, rate: 10, keys: 0 })).toThrow(/keys must be a whole number above 0: keys=0/);
  });
});
