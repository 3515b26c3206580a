// Who says how far event time has come behind a batch: the feed, or clocks within the chain. On a worker.
//
// Asked once a batch and once a look in vain: a million times a second where a source is asked by the clock. So the answer is left in a field, for V8
// boxes each number that a call returns.

import type { Feed } from '../engine/operators/outlet.ts';
import type { EventClock } from '../engine/time/event-clock.ts';
import { TimeTrack } from '../engine/time/event-clock.ts';
import { NO_WATERMARK, slowestOf } from '../engine/time/watermark.ts';
import type { AlignedFeed } from './aligned-feed.ts';

export interface WatermarkReader {
  /** What was promised of the records behind the batch when it was read. */
  readonly watermarkMs: number;
  read(): void;
}

/** Records have their event time when they come. */
export class FeedReader implements WatermarkReader {
  watermarkMs: number = NO_WATERMARK;
  readonly #feed: Feed;

  constructor(feed: Feed) {
    this.#feed = feed;
  }

  read(): void {
    this.watermarkMs = this.#feed.watermarkMs ?? NO_WATERMARK;
  }
}

/** A clock behind a source whose splits are read side by side. */
export class SplitsReader implements WatermarkReader {
  watermarkMs: number = NO_WATERMARK;
  readonly #feed: AlignedFeed;
  readonly #clock: number;

  constructor(feed: AlignedFeed, clock: number) {
    this.#feed = feed;
    this.#clock = clock;
  }

  read(): void {
    this.watermarkMs = this.#feed.watermarkOf(this.#clock);
  }
}

/** A clock behind which no splits stand (any more): what passes it is followed as one. */
export class ClockReader implements WatermarkReader {
  watermarkMs: number = NO_WATERMARK;
  readonly #track: TimeTrack;
  /** Undefined where it does not matter what time it is. */
  readonly #nowNs: (() => number) | undefined;

  constructor(clock: EventClock, nowNs: () => number) {
    this.#track = new TimeTrack(clock);
    this.#nowNs = clock.idleNs < Number.POSITIVE_INFINITY ? nowNs : undefined;
  }

  read(): void {
    this.watermarkMs = this.#track.advance(this.#nowNs === undefined ? 0 : this.#nowNs());
  }
}

/** Where records come to an outlet by several ways. */
export class SlowestReader implements WatermarkReader {
  watermarkMs: number = NO_WATERMARK;
  readonly #readers: readonly WatermarkReader[];
  /** By reader, used again for each answer. */
  readonly #watermarks: number[];

  constructor(readers: readonly WatermarkReader[]) {
    this.#readers = readers;
    this.#watermarks = readers.map(({ watermarkMs }) => watermarkMs);
  }

  read(): void {
    for (let i = 0; i < this.#readers.length; i++) {
      const reader = this.#readers[i]!;
      reader.read();
      this.#watermarks[i] = reader.watermarkMs;
    }
    this.watermarkMs = slowestOf(this.#watermarks);
  }
}
