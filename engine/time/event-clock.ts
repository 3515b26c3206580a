// Reads the event time of each record, and knows how far it has come. On the thread of the actor.
//
// With records at most `outOfOrderMs` behind the latest one seen, nothing before `maxMs - outOfOrderMs` can follow: that is the
// watermark. The clock itself remembers only the latest time since somebody last asked; a TimeTrack adds that up for one split, or for
// all that passes where there are no splits (any more). So one clock, which is compiled into a chain, serves all splits of a source.

import { MillraceError } from '../errors/millrace-error.ts';
import { IDLE, NO_WATERMARK } from './watermark.ts';

/** What a Date can hold: 100 million days around 1970. */
const LATEST_MS = 8.64e15;

export interface ClockSettings {
  readonly outOfOrderMs?: number;
  readonly idleMs?: number;
  readonly alignMs?: number;
}

export class EventClock {
  /** The latest time since the last take(). */
  #maxMs: number = NO_WATERMARK;
  readonly outOfOrderMs: number;
  readonly idleNs: number;
  readonly alignMs: number | undefined;

  constructor(settings: ClockSettings) {
    this.outOfOrderMs = settings.outOfOrderMs ?? 0;
    this.idleNs = (settings.idleMs ?? Number.POSITIVE_INFINITY) * 1e6;
    this.alignMs = settings.alignMs;
  }

  /** The time of a record in milliseconds. @throws MillraceError ERR_OPERATOR for what is no time */
  read(time: unknown): number {
    const ms = time instanceof Date ? time.getTime() : time;
    if (typeof ms !== 'number' || !(ms >= -LATEST_MS && ms <= LATEST_MS)) throw noTime(time);
    if (ms > this.#maxMs) this.#maxMs = ms;
    return ms;
  }

  /** The latest time since it was last asked; NO_WATERMARK when no record came. */
  take(): number {
    const maxMs = this.#maxMs;
    this.#maxMs = NO_WATERMARK;
    return maxMs;
  }
}

/** How far one split has come by one clock. */
export class TimeTrack {
  /** The latest time so far. */
  maxMs: number = NO_WATERMARK;
  /** No record came for so long that nobody waits for this one. */
  idle = false;
  readonly #clock: EventClock;
  #quietSinceNs: number | undefined;

  constructor(clock: EventClock) {
    this.#clock = clock;
  }

  /** No record before this follows; NaN while idle. */
  get watermarkMs(): number {
    return this.idle ? IDLE : this.maxMs - this.#clock.outOfOrderMs;
  }

  /** Takes over what the clock has seen: the records that it read since it was last asked were of this split. */
  take(nowNs: number): void {
    const maxMs = this.#clock.take();
    if (maxMs === NO_WATERMARK) {
      this.quiet(nowNs);
      return;
    }
    if (maxMs > this.maxMs) this.maxMs = maxMs;
    this.idle = false;
    this.#quietSinceNs = undefined;
  }

  /** As take(); says what can be promised from now on. */
  advance(nowNs: number): number {
    this.take(nowNs);
    return this.watermarkMs;
  }

  /** The split was asked just now, and brought no record that has a time. Splits that are not asked are not idle. */
  quiet(nowNs: number): void {
    if (this.#clock.idleNs === Number.POSITIVE_INFINITY) return;
    this.#quietSinceNs ??= nowNs;
    if (nowNs - this.#quietSinceNs >= this.#clock.idleNs) this.idle = true;
  }
}

function noTime(time: unknown): MillraceError {
  return new MillraceError(
    'ERR_OPERATOR',
    `an event time must be a Date or milliseconds since 1970 as a number: got ${describe(time)}`,
  );
}

function describe(time: unknown): string {
  if (time instanceof Date) return 'an invalid Date';
  return typeof time === 'string' ? `the string ${JSON.stringify(time.slice(0, 40))}` : String(time);
}
