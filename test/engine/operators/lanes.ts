// Lanes of which a test holds both ends: what an outlet of an exchange sends can be read when the test wants it.

import { LaneReader } from '../../../engine/lane/lane-reader.ts';
import { LaneWriter } from '../../../engine/lane/lane-writer.ts';
import { RingConsumer, RingProducer, SpscRing } from '../../../engine/queue/index.ts';

export interface Received {
  readonly port: number;
  readonly intakeNs: number;
  readonly records: unknown[];
}

export class TestLanes {
  readonly writers: LaneWriter[];
  readonly readers: LaneReader[];

  constructor(receivers: number, bytes = 4096) {
    const rings = Array.from({ length: receivers }, () => SpscRing.allocate(bytes));
    this.writers = rings.map((ring) => new LaneWriter(new RingProducer(ring)));
    this.readers = rings.map((ring) => new LaneReader(new RingConsumer(ring)));
  }

  /** The frames that wait for a receiver. */
  frames(receiver: number): Received[] {
    const reader = this.readers[receiver]!;
    const frame: unknown[] = [];
    const frames: Received[] = [];
    while (reader.read(frame)) {
      frames.push({ port: reader.port, intakeNs: reader.intakeNs, records: frame.slice(0, reader.count) });
    }
    return frames;
  }

  records(receiver: number): unknown[] {
    return this.frames(receiver).flatMap(({ records }) => records);
  }
}
