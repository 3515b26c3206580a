import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PARTIALS_PORT, RECORDS_PORT } from '../../../engine/lane/lane-frame-layout.ts';
import { LIMITS } from '../../../engine/limits.ts';
import { ExchangeOutlet } from '../../../engine/operators/exchange-outlet.ts';
import { Preaggregator } from '../../../engine/operators/preaggregator.ts';
import { actorOfPartition } from '../../../engine/partition/partition-table.ts';
import { Panes } from '../../../engine/window/panes.ts';
import { type Received, TestLanes } from './lanes.ts';

interface Counted {
  readonly records: number;
  readonly partials: number;
  readonly totals: Map<unknown, number>;
}

/** Counts keys through a preaggregator as a compiled chain does, and combines what arrives. */
function countKeys(keys: Iterable<number>): Counted & { wasAside: boolean } {
  const lanes = new TestLanes(2);
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
    actorOfPartition(2),
  );
  const totals = new Map<unknown, number>();
  let records = 0;
  let partials = 0;
  let wasAside = false;
  const read = (): void => {
    for (const frame of [0, 1].flatMap((receiver): Received[] => lanes.frames(receiver))) {
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
    if (outlet.aside) outlet.pushTo(Math.abs(key) % 2, { key });
    else {
      const entry = outlet.find(key);
      entry.value = (entry.value as number) + 1;
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
    const keys = LIMITS.preaggregateKeys * 2;
    const { records, partials, totals, wasAside } = countKeys(keysOf(keys * 8, (i) => Math.floor(i / 4) % keys));
    expect(wasAside).toBe(false);
    expect(records).toBe(0);
    // The key that fills the table may come once more just after.
    expect(partials).toBeGreaterThanOrEqual(keys * 2);
    expect(partials).toBeLessThan(keys * 2 + 8);
    expect([...totals.values()].every((total) => total === 8)).toBe(true);
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

/** One sender of windowed partial results, driven as its pipeline does, and what its receivers see of it. */
class WindowedRig {
  readonly paneMs = 10;
  readonly lanes = new TestLanes(2);
  readonly outlet: Preaggregator;
  sent = 0;
  received = 0;
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
    this.outlet = new Preaggregator(exchange, new Panes(this.paneMs, 0, () => 0), actorOfPartition(2));
  }

  /** As the compiled chain does. */
  record(key: number, timeMs: number): void {
    const { outlet } = this;
    this.sent++;
    if (outlet.aside || timeMs < outlet.closedMs) outlet.pushTo(key % 2, { key }, timeMs);
    else {
      outlet.panes.at(timeMs);
      const entry = outlet.find(key);
      entry.value = (entry.value as number) + 1;
    }
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
          if (reader.port === RECORDS_PORT) this.received++;
          else {
            this.received += (records[i] as { a: number }).a;
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

  end(): void {
    while (!this.outlet.end()) this.receive(1);
    this.receive();
  }
}

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

  it('sends no partial result behind the end of its pane, nor after it was idle, and every record once', () => {
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
