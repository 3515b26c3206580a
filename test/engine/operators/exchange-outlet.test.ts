import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MillraceError } from '../../../engine/errors/millrace-error.ts';
import { ExchangeOutlet, type ExchangeSettings } from '../../../engine/operators/exchange-outlet.ts';
import { TestLanes } from './lanes.ts';

function outletOver(
  lanes: TestLanes,
  settings: Partial<ExchangeSettings> = {},
): { outlet: ExchangeOutlet; counted: { records: number; bytes: number } } {
  const counted = { records: 0, bytes: 0 };
  const outlet = new ExchangeOutlet({
    writers: lanes.writers,
    schema: undefined,
    broadcast: false,
    timed: false,
    counters: {
      recordsOut: (count) => {
        counted.records += count;
      },
      bytesOut: (bytes) => {
        counted.bytes += bytes;
      },
    },
    nowNs: () => 0,
    refused: (error) => {
      throw error;
    },
    ...settings,
  });
  return { outlet, counted };
}

/** Pushes as a chain does: until it is full, then only after drain() said yes; receivers read whatever waits. */
function pushAll(
  outlet: ExchangeOutlet,
  records: readonly unknown[],
  read: () => void,
  push = (r: unknown) => outlet.push(r),
): void {
  const until = (done: () => boolean): void => {
    for (let tries = 0; !done(); tries++) {
      expect(tries, 'an outlet must not wait for ever on lanes that are empty').toBeLessThan(2_000);
      read();
    }
  };
  for (const record of records) {
    push(record);
    if (outlet.full) until(() => outlet.drain());
  }
  until(() => outlet.end());
  read();
}

/** Reads what waits in each lane. */
function collectFrom(lanes: TestLanes, received: readonly unknown[][]): void {
  for (const [receiver, into] of received.entries()) into.push(...lanes.records(receiver));
}

const rows = (length: number): { i: number }[] => Array.from({ length }, (_, i) => ({ i }));

describe('the outlet of an exchange', () => {
  it('stages records and sends them as one frame when there is nothing more to read', () => {
    const lanes = new TestLanes(1);
    const { outlet, counted } = outletOver(lanes);
    outlet.intake(42);
    outlet.push({ i: 1 });
    outlet.intake(50);
    outlet.push({ i: 2 });
    expect(lanes.frames(0)).toEqual([]);
    expect(outlet.flush()).toBe(true);
    expect(lanes.frames(0)).toEqual([{ port: 0, intakeNs: 42, records: [{ i: 1 }, { i: 2 }] }]);
    expect(outlet.flush()).toBe(false);
    expect(counted.records).toBe(2);
    expect(counted.bytes).toBeGreaterThan(0);
  });

  it('trickles what is staged to receivers that have read everything, and keeps it for the others', () => {
    const lanes = new TestLanes(2);
    const { outlet } = outletOver(lanes);
    outlet.pushTo(0, { i: 0 });
    outlet.trickle();
    outlet.pushTo(0, { i: 1 });
    outlet.pushTo(1, { i: 2 });
    outlet.trickle();
    outlet.pushTo(0, { i: 3 });
    outlet.trickle();
    // Receiver 0 still had a frame to read when 1 and 3 came: they wait for each other, and leave together.
    expect(lanes.frames(0).map(({ records }) => records)).toEqual([[{ i: 0 }]]);
    expect(lanes.frames(1).map(({ records }) => records)).toEqual([[{ i: 2 }]]);
    outlet.trickle();
    expect(lanes.frames(0).map(({ records }) => records)).toEqual([[{ i: 1 }, { i: 3 }]]);
    outlet.trickle();
    expect(outlet.flush()).toBe(false);
  });

  it('deals out round robin', () => {
    const lanes = new TestLanes(3);
    const { outlet } = outletOver(lanes);
    for (const row of rows(7)) outlet.push(row);
    outlet.flush();
    expect([0, 1, 2].map((receiver) => lanes.records(receiver))).toEqual([
      [{ i: 0 }, { i: 3 }, { i: 6 }],
      [{ i: 1 }, { i: 4 }],
      [{ i: 2 }, { i: 5 }],
    ]);
  });

  it('sends every record to every receiver when it broadcasts', () => {
    const lanes = new TestLanes(3);
    const { outlet, counted } = outletOver(lanes, { broadcast: true });
    const received: unknown[][] = [[], [], []];
    pushAll(outlet, rows(2_000), () => collectFrom(lanes, received));
    for (const records of received) expect(records).toEqual(rows(2_000));
    expect(counted.records).toBe(6_000);
    expect(lanes.readers.every(({ ended }) => ended)).toBe(true);
  });

  it('is full when a lane is, takes what a fan-out still pushes, and goes on when there is room', () => {
    const lanes = new TestLanes(1);
    const { outlet } = outletOver(lanes);
    let pushed = 0;
    while (!outlet.full || outlet.drain()) outlet.push({ i: pushed++ });
    for (let extra = 0; extra < 10; extra++) outlet.push({ i: pushed++ });
    expect(outlet.drain()).toBe(false);
    const received: unknown[] = [];
    while (!outlet.drain()) received.push(...lanes.records(0));
    while (!outlet.end()) received.push(...lanes.records(0));
    received.push(...lanes.records(0));
    expect(received).toEqual(rows(pushed));
  });

  it('keeps sending to the others while one receiver does not read', () => {
    const lanes = new TestLanes(2);
    const { outlet } = outletOver(lanes);
    while (!outlet.full || outlet.drain()) outlet.pushTo(0, { i: 0 });
    outlet.pushTo(1, { i: 1 });
    outlet.flush();
    expect(lanes.records(1)).toEqual([{ i: 1 }]);
    expect(outlet.drain()).toBe(false);
  });

  it('splits a batch that is too large for one frame, in order', () => {
    const lanes = new TestLanes(1);
    const { outlet } = outletOver(lanes);
    const large = Array.from({ length: 300 }, (_, i) => ({ i, text: `${i}`.repeat(i % 300) }));
    const received: unknown[] = [];
    pushAll(outlet, large, () => received.push(...lanes.records(0)));
    expect(received).toEqual(large);
  });

  it('refuses one record that is too large for a frame by itself, after those before it', () => {
    const lanes = new TestLanes(1);
    const { outlet } = outletOver(lanes);
    outlet.push({ text: 'small' });
    outlet.push({ text: 'x'.repeat(5_000) });
    let failure: unknown;
    try {
      outlet.flush();
    } catch (error) {
      failure = error;
    }
    expect(failure).toBeInstanceOf(MillraceError);
    expect(failure).toMatchObject({
      code: 'ERR_RECORD_TOO_LARGE',
      message: expect.stringContaining('raise the option laneBytes'),
    });
    expect(lanes.records(0)).toEqual([{ text: 'small' }]);
  });

  it('ends each lane once, after all that was sent', () => {
    const lanes = new TestLanes(2);
    const { outlet } = outletOver(lanes);
    outlet.pushTo(0, { i: 1 });
    expect(outlet.end()).toBe(true);
    expect(outlet.end()).toBe(true);
    expect(lanes.records(0)).toEqual([{ i: 1 }]);
    expect(lanes.records(1)).toEqual([]);
    expect(lanes.readers.every(({ ended }) => ended)).toBe(true);
  });

  it('gives up by policy exactly the records that cannot cross, and keeps the order of the others', () => {
    const record = fc.oneof(
      { weight: 8, arbitrary: fc.record({ text: fc.string({ maxLength: 40 }) }) },
      { weight: 1, arbitrary: fc.constant({ text: 'x'.repeat(6_000) }) },
      { weight: 1, arbitrary: fc.constant({ text: 'ok', fn: () => 1 }) },
      { weight: 1, arbitrary: fc.constant(Symbol('s')) },
    );
    const canCross = (r: unknown): boolean =>
      typeof r === 'object' && !('fn' in r!) && (r as { text: string }).text.length < 6_000;
    fc.assert(
      fc.property(fc.array(record, { maxLength: 700 }), fc.integer({ min: 1, max: 3 }), (records, receivers) => {
        const lanes = new TestLanes(receivers);
        const refused: unknown[] = [];
        const { outlet, counted } = outletOver(lanes, { refused: (_error, given) => void refused.push(given) });
        const received = lanes.readers.map((): unknown[] => []);
        pushAll(
          outlet,
          records.map((value, i) => [i % receivers, value] as const),
          () => collectFrom(lanes, received),
          (pair) => outlet.pushTo(...(pair as [number, unknown])),
        );
        received.forEach((got, receiver) => {
          expect(got).toEqual(records.filter((value, i) => i % receivers === receiver && canCross(value)));
        });
        expect(refused).toHaveLength(records.filter((value) => !canCross(value)).length);
        expect(counted.records).toBe(records.filter(canCross).length);
      }),
      { numRuns: 60 },
    );
  });
});
