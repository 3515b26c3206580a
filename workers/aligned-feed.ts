// A source with event time, as its actor sees it: all of its splits side by side, the one that is furthest behind read next.
//
//   split 0  ===========>|               12:04      each split has a clock of its own; the watermark is that of the slowest
//   split 1  ======>|                    12:01  <-  read next
//   split 2  |                                      not opened yet: holds the watermark where it is
//
// Splits are dealt out in turn, not by who is first: a worker must know which splits its watermark has to wait for. A split that
// has nothing to read for `idleMs` is waited for no longer; what it brings later may be late.

import type { Feed, Refill } from '../engine/operators/outlet.ts';
import type { EventClock } from '../engine/time/event-clock.ts';
import { END_OF_TIME, IDLE, NO_WATERMARK } from '../engine/time/watermark.ts';

/** Splits that one actor has open at a time: each may hold a file and its buffers. */
const MOST_OPEN = 256;

interface Lane {
  readonly open: () => Feed;
  feed: Feed | undefined;
  done: boolean;
  /** The latest time seen, by clock. */
  readonly maxMs: number[];
  /** Since when it has had nothing to read. */
  idleSinceNs: number | undefined;
}

export class AlignedFeed implements Feed {
  records: readonly unknown[] = [];
  cursor = 0;
  count = 0;
  readonly port = 0;
  intakeNs = 0;
  readonly #clocks: readonly EventClock[];
  readonly #idleNs: number;
  readonly #nowNs: () => number;
  #lanes: Lane[];
  /** Whose batch is at hand: the clocks show its time. */
  #current: Lane | undefined;

  /** @param openers one a split, called when it is its turn */
  constructor(
    openers: readonly (() => Feed)[],
    clocks: readonly EventClock[],
    idleMs: number | undefined,
    nowNs: () => number,
  ) {
    this.#clocks = clocks;
    this.#idleNs = (idleMs ?? Number.POSITIVE_INFINITY) * 1e6;
    this.#nowNs = nowNs;
    this.#lanes = openers.map((open) => {
      return { open, feed: undefined, done: false, maxMs: clocks.map(() => NO_WATERMARK), idleSinceNs: undefined };
    });
  }

  refill(): Refill {
    this.#leave();
    let outcome: Refill = 'done';
    for (const lane of this.#inTurn()) {
      const refill = (lane.feed ??= lane.open()).refill();
      if (refill === 'done') {
        lane.done = true;
        continue;
      }
      if (refill === 'made') {
        this.#enter(lane, lane.feed);
        return 'made';
      }
      if (refill === 'empty') return 'empty';
      lane.idleSinceNs ??= this.#nowNs();
      // Work of its own first, then the world outside.
      if (outcome === 'done' || refill === 'wait') outcome = refill;
    }
    if (this.#lanes.some(({ done }) => done)) {
      const hadUnopened = this.#lanes.length > MOST_OPEN;
      this.#lanes = this.#lanes.filter(({ done }) => !done);
      if (outcome === 'done' && hadUnopened) return 'empty';
    }
    return outcome;
  }

  /** What one of the clocks promises of the records behind the batch. */
  watermarkOf(clock: number): number {
    this.#leave();
    const { outOfOrderMs } = this.#clocks[clock]!;
    let slowest = END_OF_TIME;
    let idle = false;
    for (const lane of this.#lanes) {
      if (lane.done) continue;
      if (lane.idleSinceNs !== undefined && this.#nowNs() - lane.idleSinceNs > this.#idleNs) idle = true;
      else slowest = Math.min(slowest, lane.maxMs[clock]! - outOfOrderMs);
    }
    return idle && slowest === END_OF_TIME ? IDLE : slowest;
  }

  locate(index: number): string | undefined {
    return this.#current?.feed?.locate?.(index);
  }

  wake(): void {
    for (const { feed } of this.#lanes) feed?.wake?.();
  }

  async close(): Promise<void> {
    await Promise.all(this.#lanes.map(({ feed }) => feed?.close?.()));
  }

  /** The splits that may be read, the one furthest behind first. */
  #inTurn(): Lane[] {
    const lanes = this.#lanes.length > MOST_OPEN ? this.#lanes.slice(0, MOST_OPEN) : this.#lanes;
    if (lanes.length <= 1) return lanes;
    return lanes.filter(({ done }) => !done).sort((a, b) => a.maxMs[0]! - b.maxMs[0]! || 0);
  }

  #enter(lane: Lane, feed: Feed): void {
    lane.idleSinceNs = undefined;
    this.#current = lane;
    this.#clocks.forEach((clock, index) => {
      clock.maxMs = lane.maxMs[index]!;
    });
    this.records = feed.records;
    this.cursor = feed.cursor;
    this.count = feed.count;
    this.intakeNs = feed.intakeNs;
  }

  /** Takes over what the clocks have come to with the batch at hand. */
  #leave(): void {
    const lane = this.#current;
    if (lane === undefined) return;
    this.#clocks.forEach((clock, index) => {
      lane.maxMs[index] = clock.maxMs;
    });
  }
}
