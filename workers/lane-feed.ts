// The lanes of one edge as the receiving actor sees them: one batch a frame, in turn from every sender.
//
// A frame stays in its lane until a chain takes it: all of it in place, or decoded when it must be taken in pieces (lane-chain.ts).

import type { LaneReader } from '../engine/lane/lane-reader.ts';
import type { HeldFrame } from '../engine/operators/lane-chain.ts';
import type { Feed, Refill } from '../engine/operators/outlet.ts';

export interface ReceiveCounters {
  recordsIn(count: number): void;
  bytesIn(bytes: number): void;
  occupancy(share: number): void;
  readonly wait: { record(valueNs: number, count: number): void };
}

export class LaneFeed implements Feed, HeldFrame {
  readonly records: unknown[] = [];
  cursor = 0;
  count = 0;
  port = 0;
  intakeNs = 0;
  readonly #lanes: readonly LaneReader[];
  readonly #counters: ReceiveCounters;
  readonly #nowNs: () => number;
  #next = 0;
  /** Undefined once the frame is given back: its records are in `records`, or are done. */
  held: LaneReader | undefined;
  readonly times: number[] = [];
  readonly lanes: number;
  /** The lane of the batch. */
  #polled: LaneReader | undefined;

  constructor(lanes: readonly LaneReader[], counters: ReceiveCounters, nowNs: () => number) {
    this.#lanes = lanes;
    this.lanes = lanes.length;
    this.#counters = counters;
    this.#nowNs = nowNs;
  }

  refill(): Refill {
    const lanes = this.#lanes;
    let ended = 0;
    for (let tries = 0; tries < lanes.length; tries++) {
      const lane = lanes[this.#next]!;
      this.#next = this.#next + 1 === lanes.length ? 0 : this.#next + 1;
      if (lane.next()) {
        this.#accept(lane);
        return 'made';
      }
      if (lane.ended) ended++;
    }
    return ended === lanes.length ? 'done' : 'none';
  }

  /** One lane is asked and not all of them: a look at each, after every frame, costs more than a frame that leaves a little short. */
  get caughtUp(): boolean {
    return this.#polled?.isEmpty() ?? false;
  }

  /** The slowest lane that is not idle: NaN when all are, Infinity when all have ended. */
  get watermarkMs(): number {
    let slowest = Number.POSITIVE_INFINITY;
    let idle = false;
    for (const { ended, watermarkMs } of this.#lanes) {
      if (ended) continue;
      if (Number.isNaN(watermarkMs)) idle = true;
      else if (watermarkMs < slowest) slowest = watermarkMs;
    }
    return idle && slowest === Number.POSITIVE_INFINITY ? Number.NaN : slowest;
  }

  decode(): void {
    this.held?.decode(this.records);
    if (this.held !== undefined && this.held.timesAt >= 0) this.held.readTimes(this.times);
    this.release();
  }

  release(): void {
    this.held?.release();
    this.held = undefined;
  }

  #accept(lane: LaneReader): void {
    this.held = lane;
    this.#polled = lane;
    this.cursor = 0;
    this.count = lane.count;
    this.port = lane.port;
    this.intakeNs = lane.intakeNs;
    this.#counters.recordsIn(lane.count);
    this.#counters.bytesIn(lane.bytes);
    this.#counters.occupancy(lane.occupancy);
    // Two threads' clocks agree within tens of nanoseconds: a wait that short may come out negative.
    this.#counters.wait.record(Math.max(0, this.#nowNs() - lane.committedNs), lane.count);
  }
}
