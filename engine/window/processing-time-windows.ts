// Windows of processing time: those of event time, with the clock on the wall in place of records' times and watermarks. On the thread of
// the actor that owns the keys.
//
//   record -> the time now -> window      the clock passes the end of a window -> its results
//
// No record is late. When the input ends, windows that are open are told as they are.

import type { StatefulHost, StatefulLogic } from '../operators/stateful-operator.ts';
import { END_OF_TIME } from '../time/watermark.ts';

/** Windows that say when their next one ends. */
interface Windows extends StatefulLogic {
  readonly dueMs: number;
  readonly tickAtMs: number;
  tick(nowMs: number): Iterator<unknown>;
}

/** A clock is read for so many records at once: it costs 40 ns. */
const RECORDS_A_READING = 32;

export class ProcessingTimeWindows implements StatefulLogic {
  readonly #windows: Windows;
  readonly #host: StatefulHost;
  #wallMs = Number.NEGATIVE_INFINITY;
  #sinceReading = RECORDS_A_READING;

  constructor(windows: Windows, host: StatefulHost) {
    this.#windows = windows;
    this.#host = host;
  }

  get tickAtMs(): number {
    return Math.min(this.#windows.dueMs - this.#host.startedAtMs, this.#windows.tickAtMs);
  }

  batch(): void {
    this.#sinceReading = RECORDS_A_READING;
    this.#windows.batch?.();
  }

  close(): void | Promise<void> {
    return this.#windows.close?.();
  }

  onRecord(key: unknown, record: unknown): void {
    if (++this.#sinceReading > RECORDS_A_READING) this.#read(this.#host.nowMs());
    this.#windows.onRecord(key, record, this.#wallMs, 0);
  }

  isDue(watermarkMs: number): boolean {
    return watermarkMs === END_OF_TIME && this.#windows.isDue(watermarkMs);
  }

  fire(watermarkMs: number): Iterator<unknown> {
    return this.#windows.fire(watermarkMs);
  }

  *tick(nowMs: number): Generator<unknown> {
    // What comes from here on is in a later window than those that are told now.
    this.#read(nowMs);
    if (this.#windows.isDue(this.#wallMs)) yield* iterate(this.#windows.fire(this.#wallMs));
    if (nowMs >= this.#windows.tickAtMs) yield* iterate(this.#windows.tick(nowMs));
  }

  #read(nowMs: number): void {
    this.#wallMs = this.#host.startedAtMs + nowMs;
    this.#sinceReading = 0;
  }
}

function* iterate(iterator: Iterator<unknown>): Generator<unknown> {
  for (let step = iterator.next(); step.done !== true; step = iterator.next()) yield step.value;
}
