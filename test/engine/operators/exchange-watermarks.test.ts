import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PARTIALS_PORT, RECORDS_PORT } from '../../../engine/lane/lane-frame-layout.ts';
import { ExchangeOutlet } from '../../../engine/operators/exchange-outlet.ts';
import { NO_WATERMARK } from '../../../engine/time/watermark.ts';
import { TestLanes } from './lanes.ts';

/** A record knows what was promised when it was sent: nothing that arrives before it may promise more. */
interface Promised {
  readonly promisedMs: number;
  readonly padding: string;
}

class Rig {
  readonly lanes: TestLanes;
  readonly outlet: ExchangeOutlet;
  promisedMs: number = NO_WATERMARK;
  records = 0;
  watermarkFrames = 0;

  constructor(receivers: number, laneBytes = 4096, givesUp = false) {
    this.lanes = new TestLanes(receivers, laneBytes);
    for (const writer of this.lanes.writers) {
      const send = writer.sendWatermark.bind(writer);
      writer.sendWatermark = (watermarkMs) => {
        const sent = send(watermarkMs);
        if (sent) this.watermarkFrames++;
        return sent;
      };
    }
    this.outlet = new ExchangeOutlet({
      writers: this.lanes.writers,
      schema: undefined,
      broadcast: false,
      timed: true,
      counters: { recordsOut: () => {}, bytesOut: () => {} },
      nowNs: () => 0,
      refused: (error) => {
        if (!givesUp) throw error;
        return undefined;
      },
    });
  }

  push(receiver: number, port: number, paddingBytes: number): void {
    const record: Promised = { promisedMs: this.promisedMs, padding: 'x'.repeat(paddingBytes) };
    if (port === PARTIALS_PORT) this.outlet.pushPartial(receiver, record, port, this.promisedMs);
    else this.outlet.pushTo(receiver, record, this.promisedMs);
    while (this.outlet.full && !this.outlet.drain()) this.receive(1);
  }

  advance(watermarkMs: number): void {
    this.promisedMs = watermarkMs;
    this.outlet.advance(watermarkMs);
  }

  /** @param frames at most so many of each lane */
  receive(frames: number = Number.POSITIVE_INFINITY): void {
    for (const reader of this.lanes.readers) {
      const records: Promised[] = [];
      for (let frame = 0; frame < frames && reader.next(); frame++) {
        reader.decode(records);
        for (const { promisedMs } of records.slice(0, reader.count)) {
          expect(reader.watermarkMs).toBeLessThanOrEqual(promisedMs);
        }
        this.records += reader.count;
        reader.release();
      }
    }
  }
}

const steps = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constant('push' as const),
      count: fc.integer({ min: 1, max: 600 }),
      receiver: fc.nat({ max: 2 }),
      port: fc.nat({ max: 1 }),
      // Large ones make the outlet send what is staged in several frames.
      paddingBytes: fc.constantFrom(0, 0, 10, 400),
    }),
    fc.record({ kind: fc.constant('advance' as const), byMs: fc.integer({ min: 1, max: 9 }) }),
    fc.record({ kind: fc.constantFrom('flush' as const, 'trickle' as const, 'receive' as const) }),
  ),
  { maxLength: 25 },
);

describe('watermarks in lanes', () => {
  it('come behind all records that were before them, whatever is staged, split or held up, and come in the end', () => {
    fc.assert(
      fc.property(steps, (script) => {
        const rig = new Rig(3);
        let watermarkMs = 0;
        let pushed = 0;
        for (const step of script) {
          if (step.kind === 'push') {
            for (let n = 0; n < step.count; n++) rig.push(step.receiver, step.port, step.paddingBytes);
            pushed += step.count;
          } else if (step.kind === 'advance') {
            watermarkMs += step.byMs;
            rig.advance(watermarkMs);
          } else if (step.kind === 'flush') rig.outlet.flush();
          else if (step.kind === 'trickle') rig.outlet.trickle();
          else rig.receive();
        }
        // `full` behind a flush: where the lane had room for a new schema alone, that was all that left.
        for (let turn = 0; turn < 200 && (turn === 0 || rig.outlet.flush() || rig.outlet.full); turn++) {
          rig.outlet.flush();
          rig.receive();
          rig.outlet.drain();
        }
        expect(rig.records).toBe(pushed);
        for (const reader of rig.lanes.readers) {
          expect(reader.watermarkMs).toBe(watermarkMs === 0 ? NO_WATERMARK : watermarkMs);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('trickle to receivers that have read everything, and wait for the others', () => {
    const rig = new Rig(2);
    rig.advance(5);
    rig.outlet.trickle();
    const reached = (): number[] => rig.lanes.readers.map(({ watermarkMs }) => watermarkMs);
    rig.lanes.readers[0]!.next();
    rig.advance(7);
    rig.outlet.trickle();
    rig.receive();
    expect(reached()).toEqual([7, 5]);
    rig.outlet.trickle();
    rig.receive();
    expect(reached()).toEqual([7, 7]);
  });

  it.each([
    ['records', RECORDS_PORT],
    ['partial results', PARTIALS_PORT],
  ])('come also while there is always something staged: a receiver of %s that is behind learns of them', (_, port) => {
    const rig = new Rig(1);
    const at: number[] = [];
    for (let batch = 0; batch < 200; batch++) {
      // A frame takes fewer records than are staged for it, so that something always is.
      for (let n = 0; n < 100; n++) rig.push(0, port, 30);
      rig.advance(batch);
      // As an actor does that is held up. It never gets everything out.
      rig.outlet.flush();
      at.push(rig.lanes.readers[0]!.watermarkMs);
    }
    expect(rig.records).toBeLessThan(20_000);
    // What is staged, and in the lane, is less than twenty batches.
    for (let batch = 40; batch < 200; batch++) expect(at[batch]).toBeGreaterThan(batch - 20);
  });

  it('wait for what came before them also when records behind them are given up', () => {
    const rig = new Rig(1, 4096, true);
    const { outlet } = rig;
    const push = (count: number, padding: unknown): void => {
      for (let n = 0; n < count; n++) outlet.pushTo(0, { promisedMs: rig.promisedMs, padding }, 0);
    };
    // So little room is left that records are given up and none leaves.
    for (let frame = 0; frame < 4; frame++) {
      push(40, '');
      expect(outlet.flush()).toBe(true);
    }
    push(140, '');
    rig.advance(10);
    push(100, () => 1);
    outlet.flush();
    rig.receive();
    expect(rig.records).toBe(160);
    // The others leave in several frames.
    for (let turn = 0; turn < 20; turn++) {
      outlet.flush();
      rig.receive();
    }
    expect(rig.records).toBe(300);
    expect(rig.lanes.readers[0]!.watermarkMs).toBe(10);
  });

  it('leave also when all that was before them is given up, and do not come again behind later ones', () => {
    const rig = new Rig(1, 4096, true);
    const { outlet } = rig;
    outlet.pushTo(0, { promisedMs: 0, padding: () => 1 }, 0);
    rig.advance(10);
    outlet.flush();
    rig.receive();
    expect(rig.lanes.readers[0]!.watermarkMs).toBe(10);
    rig.advance(20);
    outlet.flush();
    for (let n = 0; n < 300; n++) outlet.pushTo(0, { promisedMs: 20, padding: 'x'.repeat(40) }, 0);
    let frames = 0;
    for (let turn = 0; turn < 20; turn++) {
      outlet.flush();
      for (; rig.lanes.readers[0]!.read([]); frames++) expect(rig.lanes.readers[0]!.watermarkMs).toBe(20);
    }
    expect(frames).toBeGreaterThan(4);
  });

  it('travel with the records: alone only to receivers that get none, and once for all that came meanwhile', () => {
    const rig = new Rig(4, 1 << 16);
    for (let batch = 0; batch < 2_000; batch++) {
      for (let n = 0; n < 16; n++) rig.push(n % 3, 0, 0);
      rig.advance(batch);
      // Its actor has more to read: nothing is flushed but every hundredth batch.
      if (batch % 100 === 99) {
        rig.outlet.flush();
        rig.receive();
      }
    }
    expect(rig.records).toBe(32_000);
    // The fourth receiver gets no records.
    expect(rig.watermarkFrames).toBe(20);
    for (let turn = 0; turn < 10; turn++) rig.outlet.flush();
    expect(rig.watermarkFrames).toBe(20);
    rig.receive();
    expect(rig.lanes.readers.map(({ watermarkMs }) => watermarkMs)).toEqual([1_999, 1_999, 1_999, 1_999]);
  });
});
