import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MillraceError } from '../../../engine/errors/millrace-error.ts';
import { FrameEncoder } from '../../../engine/frame/index.ts';
import { PARTIALS_PORT, RECORDS_PORT } from '../../../engine/lane/lane-frame-layout.ts';
import { LaneReader } from '../../../engine/lane/lane-reader.ts';
import { LaneWriter } from '../../../engine/lane/lane-writer.ts';
import { RingConsumer, RingProducer, SpscRing } from '../../../engine/queue/index.ts';

interface Lane {
  readonly writer: LaneWriter;
  readonly reader: LaneReader;
  readonly encoders: readonly FrameEncoder[];
}

function lane(bytes = 4096): Lane {
  const sab = SpscRing.allocate(bytes);
  return {
    writer: new LaneWriter(new RingProducer(sab)),
    reader: new LaneReader(new RingConsumer(sab)),
    encoders: [new FrameEncoder(), new FrameEncoder()],
  };
}

function send({ writer, encoders }: Lane, records: readonly unknown[], port = RECORDS_PORT): string {
  return writer.send(port, encoders[port]!, records, 0, records.length, 5, 7);
}

function readAll(reader: LaneReader): unknown[] {
  const frame: unknown[] = [];
  const records: unknown[] = [];
  while (reader.read(frame)) records.push(...frame.slice(0, reader.count));
  return records;
}

describe('a lane', () => {
  it('brings records with their times, port and bytes', () => {
    const one = lane();
    expect(send(one, [{ a: 1, b: 'x' }])).toBe('sent');
    expect(send(one, [{ k: 'key', a: [1, 2] }], PARTIALS_PORT)).toBe('sent');
    const frame: unknown[] = [];
    expect(one.reader.read(frame)).toBe(true);
    expect(frame[0]).toEqual({ a: 1, b: 'x' });
    expect(one.reader).toMatchObject({ port: RECORDS_PORT, count: 1, intakeNs: 5, committedNs: 7 });
    expect(one.reader.bytes).toBeGreaterThan(0);
    expect(one.reader.read(frame)).toBe(true);
    expect(frame[0]).toEqual({ k: 'key', a: [1, 2] });
    expect(one.reader.port).toBe(PARTIALS_PORT);
    expect(one.reader.read(frame)).toBe(false);
    expect(one.reader.ended).toBe(false);
  });

  it('says when it has ended, after all that was sent before', () => {
    const one = lane();
    send(one, [{ a: 1 }]);
    expect(one.writer.end()).toBe(true);
    expect(one.reader.ended).toBe(false);
    expect(readAll(one.reader)).toEqual([{ a: 1 }]);
    expect(one.reader.ended).toBe(true);
  });

  it('is full until its reader has read, and then takes the same frame', () => {
    const one = lane();
    const records = Array.from({ length: 100 }, (_, i) => ({ i }));
    let sent = 0;
    while (send(one, records) === 'sent') sent++;
    expect(sent).toBeGreaterThan(0);
    expect(send(one, records)).toBe('full');
    expect(readAll(one.reader)).toHaveLength(sent * 100);
    expect(send(one, records)).toBe('sent');
  });

  it('asks for a smaller frame when records are too many for one, and refuses one record that is too large by itself', () => {
    const one = lane();
    const long = 'x'.repeat(1500);
    expect(send(one, [{ long }, { long }])).toBe('split');
    expect(send(one, [{ long }])).toBe('sent');
    let failure: unknown;
    try {
      send(one, [{ long: long.repeat(2) }]);
    } catch (error) {
      failure = error;
    }
    expect(failure).toBeInstanceOf(MillraceError);
    expect(failure).toMatchObject({ code: 'ERR_RECORD_TOO_LARGE', message: expect.stringContaining('laneBytes') });
    expect(send(one, [{ long: 'short' }])).toBe('sent');
    expect(readAll(one.reader)).toEqual([{ long }, { long: 'short' }]);
  });

  it('never waits for ever on a schema and a frame that do not fit together', () => {
    // A schema of 90 columns and a frame of them: each takes nearly half of the lane, and the padding at its end the rest.
    for (let start = 0; start < 40; start++) {
      const one = lane();
      for (let i = 0; i < start; i++) {
        expect(send(one, [{ text: 'x'.repeat(64) }])).toBe('sent');
        readAll(one.reader);
      }
      const wide = Object.fromEntries(Array.from({ length: 90 }, (_, i) => [`c${i}`, i + 0.5]));
      const received: unknown[] = [];
      let tries = 0;
      while (send(one, [wide, wide]) !== 'sent') {
        received.push(...readAll(one.reader));
        expect(tries++, `after ${start} frames`).toBeLessThan(10);
      }
      received.push(...readAll(one.reader));
      expect(received).toEqual([wide, wide]);
    }
  });

  it('brings every record once and in order, whatever their sizes and when the reader reads', () => {
    const batch = fc.array(
      fc.oneof(
        fc.record({ n: fc.integer(), text: fc.string({ maxLength: 300 }) }),
        fc.record({ n: fc.double(), more: fc.constantFrom(null, 1n, 'é', '𝄞') }),
      ),
      { minLength: 1, maxLength: 8 },
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(batch, fc.boolean()), { maxLength: 30 }), (batches) => {
        const one = lane();
        const received: unknown[] = [];
        for (const [records, readsNow] of batches) {
          while (send(one, records) === 'full') received.push(...readAll(one.reader));
          if (readsNow) received.push(...readAll(one.reader));
        }
        received.push(...readAll(one.reader));
        expect(received).toEqual(batches.flatMap(([records]) => records));
      }),
      { numRuns: 100 },
    );
  });
});
