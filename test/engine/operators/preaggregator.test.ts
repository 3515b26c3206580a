import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PARTIALS_PORT, RECORDS_PORT } from '../../../engine/lane/lane-frame-layout.ts';
import { LIMITS } from '../../../engine/limits.ts';
import { ExchangeOutlet } from '../../../engine/operators/exchange-outlet.ts';
import { Preaggregator } from '../../../engine/operators/preaggregator.ts';
import { partitionOf } from '../../../engine/partition/key-hash.ts';
import { actorOfPartition } from '../../../engine/partition/partition-table.ts';
import { NO_WATERMARK } from '../../../engine/time/watermark.ts';
import { Panes } from '../../../engine/window/panes.ts';
import { type Received, TestLanes } from './lanes.ts';

interface Counted {
  readonly records: number;
  readonly partials: number;
  readonly totals: Map<unknown, number>;
}

/** Counts keys through a preaggregator as a compiled chain does, and combines what arrives. */
function countKeys(keys: Iterable<number>, receivers = 2): Counted & { wasAside: boolean } {
  const lanes = new TestLanes(receivers);
  const exchange = new ExchangeOutlet({
    writers: lanes.writers,
    schema: undefined,
    broadcast: false,
    timed: false,
    counters: { recordsOut: () => {}, bytesOut: () => {} },
    nowNs: () => 0,
    refused: (error) => {
      throw error;
    },
  });
  const outlet = new Preaggregator(
    exchange,
    Panes.eternal(() => 0),
    actorOfPartition(receivers),
    (k, a) => ({ k, a }),
  );
  const totals = new Map<unknown, number>();
  let records = 0;
  let partials = 0;
  let wasAside = false;
  const read = (): void => {
    const all = Array.from({ length: receivers }, (_, receiver) => receiver);
    for (const frame of all.flatMap((receiver): Received[] => lanes.frames(receiver))) {
      for (const record of frame.records) {
        if (frame.port === RECORDS_PORT) {
          records++;
          const key = (record as { key: number }).key;
          totals.set(key, (totals.get(key) ?? 0) + 1);
        } else {
          expect(frame.port).toBe(PARTIALS_PORT);
          partials++;
          const { k, a } = record as { k: number; a: number };
          totals.set(k, (totals.get(k) ?? 0) + a);
        }
      }
    }
  };
  for (const key of keys) {
    wasAside ||= outlet.aside;
    if (outlet.aside) outlet.pushTo(Math.abs(key) % receivers, { key });
    else {
      const { values } = outlet.panes.current;
      const place = outlet.place(key);
      values[place] = (values[place] as number) + 1;
    }
    while (outlet.full && !outlet.drain()) read();
  }
  while (!outlet.end()) read();
  read();
  return { records, partials, totals, wasAside };
}

function* keysOf(count: number, key: (index: number) => number): Generator<number> {
  for (let i = 0; i < count; i++) yield key(i);
}

describe('the preaggregator', () => {
  it('sends one partial result a key when keys repeat, and no record', () => {
    const { records, partials, totals } = countKeys(keysOf(100_000, (i) => i % 1000));
    expect({ records, partials }).toEqual({ records: 0, partials: 1000 });
    expect([...totals.values()].every((total) => total === 100)).toBe(true);
  });

  it('empties its table when it is full, and goes on when that was worth it', () => {
    const keys = LIMITS.mostPreaggregateKeys * 2;
    const { records, partials, totals, wasAside } = countKeys(keysOf(keys * 8, (i) => Math.floor(i / 4) % keys));
    expect(wasAside).toBe(false);
    expect(records).toBe(0);
    // The key that fills the table may come once more just after.
    expect(partials).toBeGreaterThanOrEqual(keys * 2);
    expect(partials).toBeLessThan(keys * 2 + 8);
    expect([...totals.values()].every((total) => total === 8)).toBe(true);
  });

  it('grows where keys come again, until all of them fit', () => {
    const keys = LIMITS.preaggregateKeys * 5;
    let x = 1;
    const next = (): number => {
      x = (Math.imul(x, 1664525) + 1013904223) | 0;
      return (x >>> 8) % keys;
    };
    const { records, partials, totals, wasAside } = countKeys(keysOf(keys * 20, next));
    expect(wasAside).toBe(false);
    expect({ records, partials }).toEqual({ records: 0, partials: keys });
    expect([...totals.values()].reduce((sum, total) => sum + total)).toBe(keys * 20);
  });

  it('grows no further than all senders of an edge together may', () => {
    const keys = LIMITS.mostPreaggregateKeys;
    let x = 1;
    const next = (): number => {
      x = (Math.imul(x, 1664525) + 1013904223) | 0;
      return (x >>> 8) % keys;
    };
    // 64 receivers, so 64 senders: the table stays as it was, and is sent when it is full, or stands aside.
    const most = Math.max(LIMITS.preaggregateKeys, Math.floor(LIMITS.edgePreaggregateKeys / 64));
    expect(most).toBe(LIMITS.preaggregateKeys);
    const { wasAside, totals } = countKeys(keysOf(keys * 4, next), 64);
    expect(wasAside).toBe(true);
    expect([...totals.values()].reduce((sum, total) => sum + total)).toBe(keys * 4);
  });

  it('steps aside when keys do not repeat, with the same answer', () => {
    const count = 20_000;
    const { records, partials, totals, wasAside } = countKeys(keysOf(count, (i) => i));
    expect(wasAside).toBe(true);
    expect(partials).toBe(LIMITS.preaggregateKeys);
    expect(records).toBe(count - LIMITS.preaggregateKeys);
    expect(totals.size).toBe(count);
    expect([...totals.values()].every((total) => total === 1)).toBe(true);
  });

  it('looks again after a while: keys that repeat by then are combined', () => {
    const unique = 600_000;
    const { partials, totals, wasAside } = countKeys(keysOf(unique + 100_000, (i) => (i < unique ? i : -1 - (i % 10))));
    expect(wasAside).toBe(true);
    expect(totals.size).toBe(unique + 10);
    for (let key = -10; key < 0; key++) expect(totals.get(key)).toBe(10_000);
    expect(partials).toBeLessThan(unique / 2);
  });
});

/** What crosses is the number of a record, or the numbers of those that were combined. */
interface Numbered {
  readonly key: number;
  readonly number: number;
}

/** One sender of windowed partial results, driven as its pipeline does, and what its receivers see of it. */
class WindowedRig {
  readonly paneMs = 10;
  readonly lanes = new TestLanes(2);
  readonly outlet: Preaggregator;
  sent = 0;
  received = 0;
  /** By pane and key, the record that arrived last. */
  readonly #last = new Map<string, number>();
  readonly #wasIdle = [false, false];

  constructor() {
    const exchange = new ExchangeOutlet({
      writers: this.lanes.writers,
      schema: undefined,
      broadcast: false,
      timed: true,
      counters: { recordsOut: () => {}, bytesOut: () => {} },
      nowNs: () => 0,
      refused: (error) => {
        throw error;
      },
    });
    this.outlet = new Preaggregator(exchange, new Panes(this.paneMs, 0, (): number[] => []), actors, (k, a) => ({
      k,
      a,
    }));
  }

  /** As the compiled chain does. */
  offer(key: number, timeMs: number): void {
    const { outlet } = this;
    const number = this.sent++;
    if (outlet.aside || timeMs < outlet.closedMs) {
      outlet.pushTo(actors[partitionOf(key)]!, { key, number } satisfies Numbered, timeMs);
    } else {
      const pane = outlet.panes.at(timeMs);
      (pane.values[outlet.place(key)] as number[]).push(number);
    }
  }

  /** The same, and then what its actor does before it goes on. */
  record(key: number, timeMs: number): void {
    this.offer(key, timeMs);
    this.#makeRoom();
  }

  advance(watermarkMs: number): void {
    this.outlet.advance(watermarkMs);
    this.#makeRoom();
  }

  #makeRoom(): void {
    while (this.outlet.full && !this.outlet.drain()) this.receive(1);
  }

  /** Frames are taken while the watermark is what was promised before them, as an operator takes them. */
  receive(frames = Number.POSITIVE_INFINITY): void {
    this.lanes.readers.forEach((reader, receiver) => {
      const records: unknown[] = [];
      const times: number[] = [];
      for (let frame = 0; frame < frames && reader.next(); frame++) {
        reader.decode(records);
        reader.readTimes(times);
        this.#wasIdle[receiver] ||= Number.isNaN(reader.watermarkMs);
        for (let i = 0; i < reader.count; i++) {
          if (reader.port === RECORDS_PORT) {
            const { key, number } = records[i] as Numbered;
            this.#arrive(key, times[i]!, [number]);
          } else {
            const { k, a } = records[i] as { k: number; a: number[] };
            this.#arrive(k, times[i]!, a);
            // In time for every window of its pane; and a receiver that stopped waiting may be anywhere.
            expect(this.#wasIdle[receiver]).toBe(false);
            expect(reader.watermarkMs).toBeLessThan(times[i]! + this.paneMs);
          }
        }
        reader.release();
      }
      this.#wasIdle[receiver] ||= Number.isNaN(reader.watermarkMs);
    });
  }

  /** In the order in which they came. */
  #arrive(key: number, timeMs: number, numbers: readonly number[]): void {
    const pane = `${Math.floor(timeMs / this.paneMs)} ${key}`;
    for (const number of numbers) {
      expect(number).toBeGreaterThan(this.#last.get(pane) ?? -1);
      this.#last.set(pane, number);
    }
    this.received += numbers.length;
  }

  end(): void {
    while (!this.outlet.end()) this.receive(1);
    this.receive();
  }
}

const actors = actorOfPartition(2);

describe('the preaggregator of windows', () => {
  const steps = fc.array(
    fc.oneof(
      fc.record({
        kind: fc.constant('records' as const),
        count: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 1500 })),
        keys: fc.constantFrom(1, 5, 400, 100_000),
        /** Around the latest time: some of them are late. */
        fromMs: fc.integer({ min: -60, max: 30 }),
      }),
      fc.record({
        kind: fc.constant('advance' as const),
        byMs: fc.oneof(fc.constantFrom(5, 10), fc.integer({ min: 1, max: 40 })),
      }),
      fc.record({ kind: fc.constantFrom('flush' as const, 'receive' as const, 'flush and receive' as const) }),
      fc.record({ kind: fc.constant('idle' as const) }),
    ),
    { maxLength: 40 },
  );

  it('sends no partial result behind the end of its pane, nor after it was idle, and every record once, those of a key in order', () => {
    fc.assert(
      fc.property(steps, fc.boolean(), (script, pauses) => {
        const rig = new WindowedRig();
        let watermarkMs = 0;
        let next = 0;
        for (const step of script) {
          if (step.kind === 'records') {
            for (let n = 0; n < step.count; n++) rig.record(next++ % step.keys, watermarkMs + step.fromMs + (n % 50));
          } else if (step.kind === 'advance') rig.advance((watermarkMs += step.byMs));
          else if (step.kind !== 'idle') {
            if (step.kind.startsWith('flush')) rig.outlet.flush();
            if (step.kind.endsWith('receive')) rig.receive();
          } else if (pauses) {
            rig.advance(Number.NaN);
            rig.outlet.flush();
          }
        }
        rig.end();
        expect(rig.received).toBe(rig.sent);
      }),
      { numRuns: 200 },
    );
  });

  it('sends what a watermark makes due that comes while it waits for room with what the one before did', () => {
    const rig = new WindowedRig();
    // Often enough that combining them is worth it.
    for (let n = 0; n < 6_000; n++) rig.record(n % 2_000, 5);
    for (let key = 0; key < 500; key++) rig.record(key, 15);
    rig.outlet.advance(10);
    expect(rig.outlet.full).toBe(true);
    rig.advance(20);
    for (let turn = 0; turn < 10; turn++) {
      rig.outlet.flush();
      rig.receive();
    }
    expect(rig.lanes.readers.map(({ watermarkMs }) => watermarkMs)).toEqual([20, 20]);
    rig.end();
    expect(rig.received).toBe(6_500);
  });

  it('combines records behind the watermark as long as their pane is open', () => {
    const rig = new WindowedRig();
    rig.record(1, 12);
    rig.advance(15);
    rig.record(1, 11);
    // Its pane is over.
    rig.record(1, 9);
    rig.advance(20);
    rig.outlet.flush();
    expect(rig.lanes.frames(actors[partitionOf(1)]!).map(({ port, records }) => [port, records])).toEqual([
      [RECORDS_PORT, [{ key: 1, number: 2 }]],
      [PARTIALS_PORT, [{ k: 1, a: [0, 1] }]],
    ]);
  });

  it('tells all receivers at once of a pane that has ended, when there is nothing more to read', () => {
    const rig = new WindowedRig();
    const { outlet, lanes } = rig;
    const owner = actors[partitionOf(1)]!;
    const watermarks = (): number[] => {
      for (const reader of lanes.readers) while (reader.read([]));
      return lanes.readers.map(({ watermarkMs }) => watermarkMs);
    };
    rig.record(1, 5);
    rig.advance(8);
    outlet.trickle();
    // They could do nothing with it yet.
    expect(watermarks()).toEqual([NO_WATERMARK, NO_WATERMARK]);
    rig.record(1, 12);
    rig.advance(12);
    expect(lanes.readers.every((reader) => reader.isEmpty())).toBe(true);
    outlet.trickle();
    expect(lanes.frames(owner).map(({ records }) => records)).toEqual([[{ k: 1, a: [0] }]]);
    expect(watermarks()).toEqual([12, 12]);
    rig.advance(14);
    outlet.trickle();
    expect(watermarks()).toEqual([12, 12]);
    rig.end();
  });

  it('tells all of them as soon as one has read everything, but keeps records for those that have', () => {
    const rig = new WindowedRig();
    const { outlet, lanes } = rig;
    const owner = actors[partitionOf(1)]!;
    const other = 1 - owner;
    const endPane = (endMs: number): void => {
      rig.record(1, endMs - 5);
      rig.advance(endMs);
      outlet.trickle();
    };
    endPane(10);
    endPane(20);
    expect(lanes.frames(owner)).toHaveLength(1);
    endPane(30);
    expect(lanes.frames(other)).toHaveLength(0);
    // The owner has read everything again by the time of the next pane, then only the other has.
    expect(lanes.frames(owner).flatMap(({ records }) => records)).toHaveLength(2);
    endPane(40);
    expect(lanes.frames(other)).toHaveLength(0);
    endPane(50);
    rig.record(1, 0);
    outlet.trickle();
    const ports = (): number[] => lanes.frames(owner).map(({ port }) => port);
    expect(ports()).toEqual([PARTIALS_PORT, PARTIALS_PORT]);
    expect(lanes.readers[owner]!.watermarkMs).toBe(50);
    outlet.trickle();
    expect(ports()).toEqual([RECORDS_PORT]);
    rig.end();
  });

  it('steps aside and comes back by what it combined in the panes that left, however many are open', () => {
    const rig = new WindowedRig();
    // A hundred panes are open at a time; in each a key comes ten times.
    for (let ms = 0; ms < 20_000; ms++) {
      rig.record(ms % 3, ms);
      rig.record(ms % 3, ms);
      if (ms % 10 === 0) rig.advance(ms - 1_000);
      rig.receive();
      expect(rig.outlet.aside).toBe(false);
    }
    rig.end();
    expect(rig.received).toBe(40_000);
  });
});
