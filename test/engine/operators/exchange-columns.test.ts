// Records that become rows as they are pushed, by a compiled loop and by a call: what was sent arrives, in order, whatever the records do.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { OperatorNode } from '../../../engine/graph/operator-node.ts';
import { compileChain } from '../../../engine/operators/chain-compiler.ts';
import type { Chain, ChainStep } from '../../../engine/operators/chain-step.ts';
import { ExchangeOutlet, type ExchangeSettings } from '../../../engine/operators/exchange-outlet.ts';
import { batches } from '../frame/arbitrary-records.ts';
import { expectSame } from '../frame/same-data.ts';
import { TestLanes } from './lanes.ts';

const LARGE_LANE_BYTES = 1 << 22;

/** Records of a schema before its rows are staged. */
const SETTLING = 150;

const node = { id: 0, name: 'exchange', policy: 'fail' } as unknown as OperatorNode;

const failing = (error: unknown): never => {
  throw error;
};

/** An outlet, both ends of its lanes, and what has been read from them. */
class Exchange {
  readonly lanes: TestLanes;
  readonly outlet: ExchangeOutlet;
  readonly received: unknown[][];
  readonly times: number[][];
  readonly counts: number[] = [];

  constructor(receivers: number, settings: Partial<ExchangeSettings> = {}, laneBytes = 4096) {
    this.lanes = new TestLanes(receivers, laneBytes);
    this.received = this.lanes.readers.map(() => []);
    this.times = this.lanes.readers.map(() => []);
    this.outlet = new ExchangeOutlet({
      writers: this.lanes.writers,
      schema: undefined,
      broadcast: false,
      timed: false,
      counters: { recordsOut: () => {}, bytesOut: () => {} },
      nowNs: () => 0,
      refused: failing,
      ...settings,
    });
  }

  read(): void {
    for (const [receiver, reader] of this.lanes.readers.entries()) {
      while (reader.next()) {
        const records: unknown[] = [];
        const times: number[] = [];
        reader.decode(records);
        if (reader.timesAt >= 0) reader.readTimes(times);
        reader.release();
        this.received[receiver]!.push(...records);
        this.times[receiver]!.push(...times);
        this.counts.push(records.length);
      }
    }
  }

  /** As a pipeline does: until it is full, then only after drain() said yes. */
  take(chain: Chain, records: readonly unknown[], times?: readonly number[]): void {
    for (let at = 0; at < records.length; ) {
      at = chain(records, at, records.length, times);
      this.#until(() => !this.outlet.full || this.outlet.drain());
    }
  }

  end(): void {
    this.#until(() => this.outlet.end());
    this.read();
  }

  #until(done: () => boolean): void {
    for (let tries = 0; !done(); tries++) {
      expect(tries, 'an outlet must not wait for ever on lanes that are empty').toBeLessThan(2_000);
      this.read();
    }
  }
}

/** Pushes in turn: by a compiled loop, or one call a record. */
function chainInto(outlet: ExchangeOutlet, compiled: boolean, timed = false): Chain {
  return compileChain({ kind: 'batch', timed }, [{ kind: 'push', node, outlet }], failing, compiled);
}

/** Sends all of it in turn, and compares what each receiver has read in the end. */
function checkAll(
  exchange: Exchange,
  chain: Chain,
  sequence: readonly (readonly unknown[])[],
  timed: boolean,
  flushes: boolean,
): void {
  const all: unknown[] = [];
  for (const batch of sequence) {
    exchange.take(
      chain,
      batch,
      batch.map((_record, k) => all.length + k),
    );
    if (flushes) exchange.outlet.flush();
    all.push(...batch);
  }
  exchange.end();
  const { received, times } = exchange;
  received.forEach((got, receiver) => {
    const sent = [...all.keys()].filter((k) => k % received.length === receiver);
    expectSame(
      got,
      sent.map((k) => structuredClone(all[k])),
    );
    expect(times[receiver]).toEqual(timed ? sent : []);
  });
}

/** Enough of one kind for rows, so that what follows surprises them. */
function settled(batch: readonly unknown[]): unknown[] {
  return [...Array<unknown>(SETTLING).fill(batch[0]), ...batch, ...batch];
}

const rows = (count: number, from = 0): { i: number; name: string; price: number }[] =>
  Array.from({ length: count }, (_, k) => ({ i: from + k, name: `n${k % 7}`, price: (from + k) / 4 }));

describe.each([
  ['a compiled loop', true],
  ['calls', false],
])('records pushed as rows by %s', (_, compiled) => {
  it('arrive as structured clone has them, in order, however their shape and types change', () => {
    const sequences = fc.record({
      batches: batches.map((all) => all.filter((batch) => batch.length > 0)),
      receivers: fc.integer({ min: 1, max: 3 }),
      timed: fc.boolean(),
      flushes: fc.boolean(),
    });
    fc.assert(
      fc.property(sequences, ({ batches: sequence, receivers, timed, flushes }) => {
        const exchange = new Exchange(receivers, { timed }, LARGE_LANE_BYTES);
        checkAll(exchange, chainInto(exchange.outlet, compiled, timed), sequence.map(settled), timed, flushes);
      }),
      { numRuns: 50 },
    );
  });

  it('arrive in order through the smallest lanes, where frames are split and wait', () => {
    const value = fc.oneof(
      fc.integer(),
      fc.double(),
      fc.string({ maxLength: 30 }),
      fc.constantFrom(null, undefined, true, -0, 1n),
    );
    const record = fc.oneof(
      fc.record({ a: value, b: value }),
      fc.record({ a: fc.integer(), b: fc.string({ maxLength: 300 }) }, { requiredKeys: ['a'] }),
      fc.record({ b: value, c: value }),
      value,
    );
    const sequences = fc.record({
      batches: fc.array(fc.array(record, { minLength: 1, maxLength: 60 }), { maxLength: 6 }),
      receivers: fc.integer({ min: 1, max: 3 }),
      timed: fc.boolean(),
      flushes: fc.boolean(),
    });
    fc.assert(
      fc.property(sequences, ({ batches: sequence, receivers, timed, flushes }) => {
        const exchange = new Exchange(receivers, { timed });
        checkAll(exchange, chainInto(exchange.outlet, compiled, timed), sequence.map(settled), timed, flushes);
      }),
      { numRuns: 50 },
    );
  });

  it('are rows from the time on that their schema has shown that it stays, also the next schema', () => {
    const exchange = new Exchange(2);
    const chain = chainInto(exchange.outlet, compiled);
    // So many that it is decided, too, whether strings travel as codes.
    exchange.take(chain, rows(SETTLING * 40));
    exchange.outlet.flush();
    const first = exchange.outlet.columns;
    expect(first).toBeDefined();
    exchange.take(chain, rows(2_000));
    expect(exchange.outlet.columns).toBe(first);
    const wider = rows(2_000).map((row) => ({ ...row, note: 'new' }));
    exchange.take(chain, wider);
    expect(exchange.outlet.columns).toBeDefined();
    expect(exchange.outlet.columns).not.toBe(first);
    exchange.end();
    expect(exchange.received.flat()).toHaveLength(SETTLING * 40 + 4_000);
  });

  it('run each getter once, also where it brings what no column stores', () => {
    const exchange = new Exchange(1, {}, LARGE_LANE_BYTES);
    const chain = chainInto(exchange.outlet, compiled);
    const runs: number[] = [];
    const withGetter = (i: number, value: unknown): object => ({
      i,
      get v() {
        runs[i] = (runs[i] ?? 0) + 1;
        return value;
      },
    });
    const values = Array.from({ length: 600 }, (_, i) =>
      i < 400 ? i : i % 3 === 0 ? 'text' : i % 3 === 1 ? null : [i],
    );
    exchange.take(
      chain,
      values.map((value, i) => withGetter(i, value)),
    );
    exchange.end();
    expect(exchange.received[0]).toEqual(values.map((v, i) => ({ i, v })));
    expect(runs).toEqual(values.map(() => 1));
  });

  it('lose no field to one that is hidden or inherited', () => {
    const exchange = new Exchange(1);
    const chain = chainInto(exchange.outlet, compiled);
    const inherits = Object.assign(Object.create({ b: 9 }), { a: 5 });
    const inheritsAll = Object.create({ a: 1, b: 2 });
    const hides = Object.defineProperty({ a: 6, c: 7 }, 'b', { value: 8, enumerable: false });
    const swapped = { b: 1, a: 2 };
    const odd = [inherits, inheritsAll, hides, swapped, { a: 1 }, { a: 1, b: 2, '': 3 }, { a: 1, b: 2, '': 3, c: 4 }];
    exchange.take(chain, Array<unknown>(SETTLING).fill({ a: 1, b: 2 }));
    exchange.outlet.flush();
    exchange.take(chain, odd);
    exchange.end();
    expectSame(
      exchange.received[0]!.slice(SETTLING),
      odd.map((record) => structuredClone(record)),
    );
  });

  it('are given up by policy one by one, whether a field cannot be read, be cloned or be sent', () => {
    const refused: unknown[] = [];
    const exchange = new Exchange(2, { refused: (error) => void refused.push(error) });
    const chain = chainInto(exchange.outlet, compiled);
    const broken = {
      i: 1,
      name: 'n',
      get price(): number {
        throw new RangeError('not today');
      },
    };
    const kinds = [
      broken,
      { i: 2, name: 'n', price: () => 3 },
      { i: 3, name: 'x'.repeat(6_000), price: 1 },
      Symbol('s'),
    ];
    const good = rows(3_000);
    const records: unknown[] = good.flatMap((row, k) =>
      k > SETTLING && k % 40 === 0 ? [row, kinds[(k / 40) % 4]] : [row],
    );
    const bad = records.filter((record) => kinds.includes(record as never));
    const receivers: unknown[][] = [[], []];
    records.forEach((record, k) => {
      if (!bad.includes(record)) receivers[k % 2]!.push(record);
    });
    exchange.take(chain, records);
    exchange.end();
    expect(exchange.received).toEqual(receivers);
    expect(refused).toHaveLength(bad.length);
  });

  it('come in order behind what a fan-out pushes to a full lane', () => {
    const exchange = new Exchange(1);
    const { outlet } = exchange;
    const tripled: ChainStep[] = [1, 2, 3].map(() => ({ kind: 'push', node, outlet }));
    const chain = compileChain({ kind: 'batch' }, tripled, failing, compiled);
    const records = rows(4_000);
    exchange.take(chain, records);
    exchange.end();
    expect(exchange.received[0]).toEqual(records.flatMap((row) => [row, row, row]));
  });

  it('fill whole frames again after records so large that frames had to be short', () => {
    const exchange = new Exchange(1, {}, 65_536);
    const chain = chainInto(exchange.outlet, compiled);
    const large = Array.from({ length: 300 }, (_, i) => ({ i, text: 'x'.repeat(900) }));
    const small = Array.from({ length: 20_000 }, (_, i) => ({ i, text: 's' }));
    exchange.take(chain, [...small, ...large, ...small]);
    exchange.end();
    expect(exchange.received[0]).toEqual([...small, ...large, ...small]);
    expect(exchange.counts.slice(2, 10)).toEqual(Array<number>(8).fill(512));
    expect(exchange.counts.slice(-10, -2)).toEqual(Array<number>(8).fill(512));
    expect(Math.min(...exchange.counts.slice(10, -10))).toBeLessThan(64);
  });

  it('leave with the time at which the oldest of them came in', () => {
    const exchange = new Exchange(1, {}, 65_536);
    const { outlet } = exchange;
    const chain = chainInto(outlet, compiled);
    for (const [intakeNs, count] of [
      [1, 512],
      [2, 300],
      [3, 300],
      [4, 1],
    ] as const) {
      outlet.intake(intakeNs);
      exchange.take(chain, rows(count));
    }
    outlet.flush();
    expect(outlet.columns).toBeDefined();
    expect(exchange.lanes.frames(0).map(({ intakeNs, records }) => [intakeNs, records.length])).toEqual([
      [1, 512],
      [2, 512],
      [3, 89],
    ]);
  });
});

describe('a compiled loop that stores rows', () => {
  it('still reaches the steps beside an exchange that cannot read a record', () => {
    const refused: unknown[] = [];
    const exchange = new Exchange(1, { refused: (error) => void refused.push(error) });
    const seen: unknown[] = [];
    const steps: ChainStep[] = [
      { kind: 'push', node, outlet: exchange.outlet },
      { kind: 'peek', node, fn: (record) => seen.push(record), next: [] },
    ];
    const chain = compileChain({ kind: 'batch' }, steps, failing);
    const broken = {
      get a(): number {
        throw new RangeError('not today');
      },
    };
    const records = [...Array<unknown>(SETTLING).fill({ a: 1 }), broken, { a: 2 }];
    exchange.take(chain, records.slice(0, SETTLING));
    exchange.outlet.flush();
    expect(exchange.outlet.columns).toBeDefined();
    exchange.take(chain, records.slice(SETTLING));
    exchange.end();
    expect(seen).toEqual(records);
    expect(refused).toHaveLength(1);
    expect(refused[0]).toMatchObject({ code: 'ERR_RECORD_NOT_CLONEABLE' });
    expect(exchange.received[0]).toHaveLength(SETTLING + 1);
  });
});
