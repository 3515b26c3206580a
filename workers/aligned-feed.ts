// A source with event time, as its actor sees it: all of its splits side by side, the one that is furthest behind read next.
//
//   split 0  ===========>|               12:04      each split has tracks of its own; the watermark is that of the slowest
//   split 1  ======>|                    12:01  <-  read next
//   split 2  |                                      not opened yet: holds the watermark where it is
//
// Splits are dealt out in turn, not by who is first: a worker must know which splits its watermark has to wait for. A split that
// has nothing to read for `idleMs` is waited for no longer; what it brings later may be late.
//
// With `alignMs` no split is read that is further than that ahead of the slowest one of the whole source, on whichever worker that is. Never
// a deadlock: the slowest of all may always be read, and splits that are idle, at their end or not opened yet slow nobody down.

import type { Feed, Refill } from '../engine/operators/outlet.ts';
import type { SplitAlignment } from '../engine/protocol/split-alignment.ts';
import { type EventClock, TimeTrack } from '../engine/time/event-clock.ts';
import { END_OF_TIME, slowestOf } from '../engine/time/watermark.ts';

/** Splits of a bounded source that one actor has open at a time: each may hold a file and its buffers. */
const MOST_OPEN = 256;

class Split {
  readonly #open: () => Feed;
  /** Undefined until it is its turn. */
  feed: Feed | undefined;
  /** By clock. */
  readonly tracks: readonly TimeTrack[];
  /** The round in which it was asked last. */
  askedIn = -1;

  constructor(open: () => Feed, clocks: readonly EventClock[]) {
    this.#open = open;
    this.tracks = clocks.map((clock) => new TimeTrack(clock));
  }

  refill(): Refill {
    this.feed ??= this.#open();
    return this.feed.refill();
  }
}

export interface AlignedSettings {
  /** Those by which the chain behind reads event times. */
  readonly clocks: readonly EventClock[];
  readonly nowNs: () => number;
  readonly draining: () => boolean;
  /** Whether the source ends. Of one that does not, all splits are read side by side, however many they are. */
  readonly bounded: boolean;
  /** Where the splits on all workers are; undefined where they run as they like. */
  readonly alignment: SplitAlignment | undefined;
}

export class AlignedFeed implements Feed {
  records: readonly unknown[] = [];
  cursor = 0;
  count = 0;
  readonly port = 0;
  intakeNs = 0;
  readonly #settings: AlignedSettings;
  readonly #mostOpen: number;
  /** By whose time splits are held together. */
  readonly #leading: number;
  readonly #alignMs: number;
  /** Those that are not at their end. */
  readonly #splits: Split[];
  /** By split, used again for each answer. */
  readonly #watermarks: number[] = [];
  /** A split may be idle: it matters what time it is. */
  readonly #idles: boolean;
  /** Of splits at their end, as long as they close. */
  readonly #closings = new Set<Promise<void>>();
  /** Whose batch is at hand. */
  #current: Split | undefined;
  /** What the clocks have seen is of the batch at hand, and not taken over yet. */
  #isUntaken = false;
  /** In which each split is asked once. */
  #round = 0;
  /** A split of this round had no record and will have: the others are asked before it is again. */
  #isRoundOpen = false;
  /** The last batch came from an idle split: without event times it could be read for ever, before all others. */
  #wasIdle = false;

  /** @param openers one a split, called when it is its turn */
  constructor(openers: readonly (() => Feed)[], settings: AlignedSettings) {
    const { clocks, bounded } = settings;
    this.#settings = settings;
    this.#mostOpen = bounded ? MOST_OPEN : Number.POSITIVE_INFINITY;
    this.#leading = Math.max(
      0,
      clocks.findIndex(({ alignMs }) => alignMs !== undefined),
    );
    this.#alignMs = clocks[this.#leading]?.alignMs ?? Number.POSITIVE_INFINITY;
    this.#idles = clocks.some(({ idleNs }) => idleNs < Number.POSITIVE_INFINITY);
    this.#splits = openers.map((open) => new Split(open, clocks));
  }

  get caughtUp(): boolean {
    return this.#current?.feed?.caughtUp === true;
  }

  refill(): Refill {
    this.#take();
    const limitMs = this.#limitMs();
    let outcome: Refill = this.#isRoundOpen ? 'empty' : 'done';
    if (!this.#isRoundOpen) this.#round++;
    this.#isRoundOpen = false;
    const round = this.#round;
    for (let split = this.#slowest(round); split !== undefined; split = this.#slowest(round)) {
      if (split.tracks[this.#leading]!.maxMs > limitMs) {
        // So are all the others, which are ahead of it. Whoever lets them go on rings.
        if (outcome === 'done') outcome = 'none';
        break;
      }
      split.askedIn = round;
      const refill = split.refill();
      if (refill === 'made') {
        this.#enter(split);
        return 'made';
      }
      if (refill === 'done') {
        this.#end(split);
        continue;
      }
      if (this.#idles) for (const track of split.tracks) track.quiet(this.#settings.nowNs());
      if (refill === 'empty') {
        // It is the slowest, and would be for ever: whoever reads by the clock may have nothing for long.
        this.#isRoundOpen = true;
        return 'empty';
      }
      // Work of its own first, then the world outside.
      if (outcome === 'done' || (refill === 'wait' && outcome !== 'empty')) outcome = refill;
    }
    // Asking may have shown that a split is idle, or at its end.
    this.#settings.alignment?.publish(this.#slowestMs());
    return outcome;
  }

  /** What one of the clocks promises of the records behind the batch. Not to be asked in the middle of one. */
  watermarkOf(clock: number): number {
    this.#take();
    const watermarks = this.#watermarks;
    watermarks.length = this.#splits.length;
    for (let i = 0; i < watermarks.length; i++) watermarks[i] = this.#splits[i]!.tracks[clock]!.watermarkMs;
    return slowestOf(watermarks);
  }

  locate(index: number): string | undefined {
    return this.#current?.feed?.locate?.(index);
  }

  wake(): void {
    for (const { feed } of this.#splits) feed?.wake?.();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#splits.map(({ feed }) => feed?.close?.()), ...this.#closings]);
  }

  /** Of those that may be open and were not asked in this round, the one furthest behind. */
  #slowest(round: number): Split | undefined {
    let slowest: Split | undefined;
    let slowestMs = END_OF_TIME;
    const count = Math.min(this.#splits.length, this.#mostOpen);
    for (let i = 0; i < count; i++) {
      const split = this.#splits[i]!;
      const { maxMs, idle } = split.tracks[this.#leading]!;
      const orderMs = idle && this.#wasIdle ? END_OF_TIME : maxMs;
      if (split.askedIn === round || (orderMs >= slowestMs && slowest !== undefined)) continue;
      slowest = split;
      slowestMs = orderMs;
    }
    return slowest;
  }

  #enter(split: Split): void {
    const feed = split.feed!;
    this.#wasIdle = split.tracks[this.#leading]!.idle;
    this.#current = split;
    this.#isUntaken = true;
    this.records = feed.records;
    this.cursor = feed.cursor;
    this.count = feed.count;
    this.intakeNs = feed.intakeNs;
  }

  /** The next of those that were not opened for their number takes its place. */
  #end(split: Split): void {
    this.#splits.splice(this.#splits.indexOf(split), 1);
    const closing = split.feed?.close?.();
    if (closing === undefined) return;
    const forget = (): void => void this.#closings.delete(closing);
    this.#closings.add(closing);
    closing.then(forget, forget);
  }

  /** Takes over what the clocks have come to with the batch at hand. */
  #take(): void {
    if (!this.#isUntaken) return;
    this.#isUntaken = false;
    const nowNs = this.#idles ? this.#settings.nowNs() : 0;
    for (const track of this.#current!.tracks) track.take(nowNs);
  }

  /** Up to where splits may be read. */
  #limitMs(): number {
    const { alignment, draining } = this.#settings;
    if (alignment === undefined || draining()) return END_OF_TIME;
    const ownMs = this.#slowestMs();
    alignment.publish(ownMs);
    return Math.min(ownMs, alignment.slowestOfOthers()) + this.#alignMs;
  }

  /** Where the slowest of the splits is that others wait for; END_OF_TIME when there is none. */
  #slowestMs(): number {
    let slowestMs = END_OF_TIME;
    const count = Math.min(this.#splits.length, this.#mostOpen);
    for (let i = 0; i < count; i++) {
      const { maxMs, idle } = this.#splits[i]!.tracks[this.#leading]!;
      if (!idle && maxMs < slowestMs) slowestMs = maxMs;
    }
    return slowestMs;
  }
}
