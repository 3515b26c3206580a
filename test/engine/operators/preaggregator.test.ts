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
