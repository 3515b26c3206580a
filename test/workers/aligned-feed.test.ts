import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { run } from 'millrace';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Source, SplitReader } from '../../engine/connector/source.ts';
import { LIMITS } from '../../engine/limits.ts';
import type { Feed, Refill } from '../../engine/operators/outlet.ts';
import { ControlWords } from '../../engine/protocol/control-words.ts';
import { EventClock } from '../../engine/time/event-clock.ts';
import { END_OF_TIME } from '../../engine/time/watermark.ts';
import { collect, count, job, tumbling } from '../../index.ts';
import { simulate } from '../../testing/index.ts';
import { AlignedFeed } from '../../workers/aligned-feed.ts';
import { jobUrl } from '../scheduler/built-jobs.ts';

/** A split that gives what is in `script`: a batch of times, or what refill() says instead. Behind it, it is done. */
class ScriptedFeed implements Feed {
  records: readonly unknown[] = [];
  cursor = 0;
  count = 0;
  readonly port = 0;
  readonly intakeNs = 0;
  asked = 0;
  readonly #script: (readonly number[] | Refill)[];

  constructor(script: readonly (readonly number[] | Refill)[]) {
    this.#script = [...script];
  }

  refill(): Refill {
    this.asked++;
    const next = this.#script.shift() ?? 'done';
    if (typeof next === 'string') return next;
    this.records = next;
    this.count = next.length;
    return 'made';
  }
}

class Rig {
  nowMs = 0;
  readonly clock: EventClock;
  readonly splits: ScriptedFeed[];
  readonly feed: AlignedFeed;
  readonly read: unknown[] = [];

  constructor(
    scripts: readonly (readonly (readonly number[] | Refill)[])[],
    settings: { outOfOrderMs?: number; idleMs?: number; bounded?: boolean; timed?: (time: number) => boolean } = {},
  ) {
    const { bounded = true, timed = () => true, ...time } = settings;
    this.clock = new EventClock(time);
    this.timed = timed;
    this.splits = scripts.map((script) => new ScriptedFeed(script));
    this.feed = new AlignedFeed(
      this.splits.map((split) => () => split),
      {
        clocks: [this.clock],
        nowNs: () => this.nowMs * 1e6,
        draining: () => false,
        bounded,
        alignment: undefined,
      },
    );
  }

  readonly timed: (time: number) => boolean;

  /** One refill and, when it made a batch, the chain behind it. */
  step(): Refill {
    const refill = this.feed.refill();
    if (refill === 'made') {
      this.read.push(this.feed.records[0]);
      for (const time of this.feed.records) if (this.timed(time as number)) this.clock.read(time);
    }
    return refill;
  }

  get watermarkMs(): number {
    return this.feed.watermarkOf(0);
  }
}

describe('a source with event time', () => {
  it('reads the split that is furthest behind, and is where the slowest of them is', () => {
    const rig = new Rig([
      [[1], [10], [11]],
      [[2], [3], [4]],
    ]);
    const watermarks: number[] = [];
    for (let step = 0; step < 6; step++) {
      expect(rig.step()).toBe('made');
      watermarks.push(rig.watermarkMs);
    }
    expect(rig.read).toEqual([1, 2, 10, 3, 4, 11]);
    // Behind 4 the second split is at its end.
    expect(watermarks).toEqual([-Infinity, 1, 2, 3, 4, 11]);
    expect(rig.step()).toBe('done');
    expect(rig.watermarkMs).toBe(END_OF_TIME);
  });

  it('reads the others while the slowest has nothing at each read and asks to be read again', () => {
    const quiet = Array<Refill>(50).fill('empty');
    const rig = new Rig([quiet, [[1], [2]], quiet, [[1], [2], [3]]]);
    const outcomes: Refill[] = [];
    while (rig.read.length < 5) {
      outcomes.push(rig.step());
      expect(outcomes.length).toBeLessThan(50);
    }
    expect([...rig.read].sort()).toEqual([1, 1, 2, 2, 3]);
    expect(rig.watermarkMs).toBe(-Infinity);
    // Only splits that have nothing are left: none of them is asked more often than the other, nor is the source at its end.
    const asked = rig.splits.map((split) => split.asked);
    for (let step = 0; step < 8; step++) expect(rig.step()).toBe('empty');
    expect(Math.abs(rig.splits[0]!.asked - asked[0]! - (rig.splits[2]!.asked - asked[2]!))).toBeLessThanOrEqual(1);
    while (rig.step() === 'empty');
    expect(rig.step()).toBe('done');
  });

  it('waits no longer for a split that has nothing for idleMs, and is idle when all are', () => {
    const rig = new Rig(
      [
        [[1], 'asleep', 'asleep', 'asleep', [2]],
        [[5], [7], [9], 'asleep', 'asleep', 'asleep'],
      ],
      {
        idleMs: 10,
      },
    );
    rig.step();
    rig.step();
    expect([rig.step(), rig.watermarkMs]).toEqual(['made', 1]);
    rig.nowMs = 9;
    expect([rig.step(), rig.watermarkMs]).toEqual(['made', 1]);
    rig.nowMs = 10;
    expect([rig.step(), rig.watermarkMs]).toEqual(['asleep', 9]);
    rig.nowMs = 20;
    expect(rig.step()).toBe('made');
    // The other one is idle by now; this one has come back, behind it.
    expect([rig.read.at(-1), rig.watermarkMs]).toEqual([2, 2]);
  });

  it('asks a split once more before it calls it idle, however long nobody asked', () => {
    const rig = new Rig(
      [
        [[1], 'asleep', [2]],
        [[5], [7], [9]],
      ],
      { idleMs: 10 },
    );
    rig.step();
    rig.step();
    expect([rig.step(), rig.read.at(-1)]).toEqual(['made', 7]);
    // A full lane downstream held the actor up.
    rig.nowMs = 1_000;
    expect(rig.watermarkMs).toBe(1);
    expect([rig.step(), rig.read.at(-1), rig.watermarkMs]).toEqual(['made', 2, 2]);
  });

  it('calls a split idle none of whose records reach the clock, and reads the others as well', () => {
    const rig = new Rig([Array.from({ length: 100 }, () => [-1]), [[5], [6], [7]]], {
      idleMs: 10,
      timed: (time) => time >= 0,
    });
    for (let step = 0; step < 8; step++) {
      rig.nowMs += 6;
      rig.step();
      rig.feed.watermarkOf(0);
    }
    expect(rig.read).toEqual([-1, -1, -1, -1, 5, -1, 6, -1]);
    expect(rig.watermarkMs).toBe(6);
  });

  it('opens 256 splits of a source that ends, another for each that is done, and all of one that does not', () => {
    const scripts = Array.from({ length: 300 }, (_, split) => [[split], 'asleep' as const, 'asleep' as const]);
    const bounded = new Rig(scripts);
    while (bounded.step() === 'made');
    expect(bounded.splits.filter(({ asked }) => asked > 0)).toHaveLength(256);
    expect(bounded.watermarkMs).toBe(Number.NEGATIVE_INFINITY);
    for (let step = 0; step < 1_000; step++) bounded.step();
    expect(bounded.read).toHaveLength(300);
    expect(bounded.step()).toBe('done');

    const unbounded = new Rig(scripts, { bounded: false });
    while (unbounded.step() === 'made');
    expect(unbounded.watermarkMs).toBe(0);
  });
});

/** Splits that run forward in time at a pace of their own; `asked` is told before each read, `at` where each of them is. */
function paced(gaps: readonly number[], records: number, asked: (split: number) => void, at: number[]): Source<number> {
  return {
    name: 'paced',
    bounded: true,
    splits: () => gaps.map((_, index) => ({ id: String(index) })),
    open: ({ id }): SplitReader<number> => {
      const split = Number(id);
      let read = 0;
      return {
        read: () => {
          asked(split);
          at[split] = read < records ? ++read * gaps[split]! : Number.POSITIVE_INFINITY;
          return Number.isFinite(at[split]) ? [at[split]] : 'done';
        },
      };
    },
  };
}

describe('alignMs', () => {
  it('lets no split run ahead of the slowest on any worker, and all of them come to their end', async () => {
    const cases = fc.record({
      gaps: fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 7 }),
      alignMs: fc.integer({ min: 0, max: 100 }),
      keep: fc.constantFrom(1, 3),
      workers: fc.integer({ min: 1, max: 4 }),
      seed: fc.nat(),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ gaps, alignMs, keep, ...options }) => {
        const at = gaps.map(() => Number.NEGATIVE_INFINITY);
        const ahead: number[] = [];
        const asked = (split: number): void => {
          if (Number.isFinite(at[split])) ahead.push(at[split]! - Math.min(...at));
        };
        const source = paced(gaps, 30, asked, at);
        const aligned = job('aligned', (flow) => {
          flow
            .from(source)
            .eventTime((time) => time, { alignMs })
            .filter((time) => time % keep === 0)
            .keyBy((time) => time % 3)
            .window(tumbling({ sizeMs: 10 }))
            .aggregate(count())
            .to(collect('results'));
        });
        const { results } = await simulate(aligned, options);
        const read = gaps.flatMap((gap) => Array.from({ length: 30 }, (_, n) => (n + 1) * gap));
        const total = (results['results'] as { value: number }[]).reduce((sum, { value }) => sum + value, 0);
        expect(total).toBe(read.filter((time) => time % keep === 0).length);
        expect(Math.max(0, ...ahead)).toBeLessThanOrEqual(alignMs);
      }),
      { numRuns: 200 },
    );
  }, 60_000);

  describe('of a fast and a slow file on two threads', () => {
    const records = 20_000;
    let folder: string;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'millrace-paces-'));
      for (const pace of ['fast', 'slow']) {
        const lines = Array.from({ length: records }, (_, at) => `${JSON.stringify({ pace, at })}\n`);
        await writeFile(join(folder, `${pace}.ndjson`), lines.join(''));
      }
    });
    afterAll(() => rm(folder, { recursive: true, force: true }));

    /** How far the fast one was ahead at most, in the order in which records arrived. */
    async function mostAhead(alignMs: number): Promise<number> {
      const options = { workers: 2, laneBytes: 4096, params: { folder, alignMs } };
      const { results } = await run(jobUrl('two-paces'), options).completed;
      const arrived = results['arrived'] as { pace: 'fast' | 'slow'; at: number }[];
      expect(arrived).toHaveLength(2 * records);
      const at = { fast: 0, slow: 0 };
      let most = 0;
      for (const record of arrived) {
        at[record.pace] = record.at;
        most = Math.max(most, at.fast - at.slow);
      }
      return most;
    }

    it('keeps the fast one back, and without it runs away', async () => {
      // A batch is read before its times are known, and a frame or two are on their way.
      expect(await mostAhead(1_000)).toBeLessThan(1_000 + 3 * LIMITS.frameRecords);
      expect(await mostAhead(0)).toBeGreaterThan(records / 2);
    });
  });

  it('waits for no split that is idle', async () => {
    const source: Source<number> = {
      name: 'one sleeps',
      bounded: true,
      splits: () => [{ id: '0' }, { id: '1' }],
      open: ({ id }): SplitReader<number> => {
        let reads = 0;
        if (id === '0') return { read: () => (++reads > 200 ? 'done' : reads === 1 ? [0] : 'idle') };
        return { read: () => (++reads > 50 ? 'done' : [reads * 1_000]) };
      },
    };
    const finishedAt: number[] = [];
    const aligned = job('aligned', (flow) => {
      flow
        .from(source)
        .eventTime((time) => time, { alignMs: 10, idleMs: 20 })
        .peek((time) => finishedAt.push(time))
        .to(collect('results'));
    });
    const { results, uptimeMs } = await simulate(aligned, { workers: 2, seed: 1 });
    expect(results['results']).toHaveLength(51);
    expect(uptimeMs).toBeGreaterThanOrEqual(20);
  });

  it('is for event time right behind a source', () => {
    expect(() =>
      job('far', (flow) => {
        flow
          .from([1])
          .rebalance()
          .eventTime((time) => time, { alignMs: 10 })
          .to(collect('results'));
      }).graph({}),
    ).toThrow(/alignMs holds the splits of a source together/);
  });
});

describe('the alignment words', () => {
  it('hold times of any sign, say who has not begun, and leave out who has nothing to wait for', () => {
    const control = ControlWords.over(ControlWords.allocate(2, 3).buffer, 2);
    const [a, b, c] = [0, 1, 2].map((worker) => control.alignment(1, worker, [0, 1, 2]));
    expect(a!.slowestOfOthers()).toBe(Number.NEGATIVE_INFINITY);
    b!.publish(-8.64e15);
    expect(a!.slowestOfOthers()).toBe(Number.NEGATIVE_INFINITY);
    c!.publish(8.64e15);
    expect(a!.slowestOfOthers()).toBe(-8.64e15);
    b!.publish(Number.POSITIVE_INFINITY);
    expect(a!.slowestOfOthers()).toBe(8.64e15);
    c!.publish(Number.POSITIVE_INFINITY);
    expect(a!.slowestOfOthers()).toBe(Number.POSITIVE_INFINITY);
    b!.publish(12.7);
    expect(a!.slowestOfOthers()).toBe(12);
    // Another source, and the doorbells, are elsewhere.
    expect(control.alignment(0, 0, [0, 1]).slowestOfOthers()).toBe(Number.NEGATIVE_INFINITY);
    expect(control.takeSplit(0)).toBe(0);
    expect(control.command).toBe(0);
  });
});
