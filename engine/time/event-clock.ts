// Reads the event time of each record, and knows how far it has come. On the thread of the actor.
//
// With records at most `outOfOrderMs` late behind the latest one seen, nothing before `maxMs - outOfOrderMs` can follow: that is the
// watermark. A source of several splits keeps one maximum a split and puts the present one in here (workers/aligned-feed.ts).

import { MillraceError } from '../errors/millrace-error.ts';
import { NO_WATERMARK } from './watermark.ts';

/** What a Date can hold: 100 million days around 1970. */
const LATEST_MS = 8.64e15;

export class EventClock {
  /** The latest time seen. Read and written by the compiled chain. */
  maxMs: number = NO_WATERMARK;
  readonly outOfOrderMs: number;

  constructor(outOfOrderMs: number) {
    this.outOfOrderMs = outOfOrderMs;
  }

  /** No record before this follows. */
  get watermarkMs(): number {
    return this.maxMs - this.outOfOrderMs;
  }

  /** The time of a record in milliseconds. @throws MillraceError ERR_OPERATOR for what is no time */
  read(time: unknown): number {
    const ms = time instanceof Date ? time.getTime() : time;
    if (typeof ms !== 'number' || !(ms >= -LATEST_MS && ms <= LATEST_MS)) {
      throw new MillraceError(
        'ERR_OPERATOR',
        `an event time must be a Date or milliseconds since 1970 as a number: got ${describe(time)}`,
      );
    }
    if (ms > this.maxMs) this.maxMs = ms;
    return ms;
  }
}

function describe(time: unknown): string {
  if (time instanceof Date) return 'an invalid Date';
  return typeof time === 'string' ? `the string ${JSON.stringify(time.slice(0, 40))}` : String(time);
}
