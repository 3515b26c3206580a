// A bounded array between two chains of one actor: an outlet for the one, a feed for the other. On the thread of the actor.
// Stands where streams merge; the base of operators that a chain cannot hold.

import { LIMITS } from '../limits.ts';
import { END_OF_TIME, NO_WATERMARK, WatermarkMerge } from '../time/watermark.ts';
import type { Feed, Outlet, Refill } from './outlet.ts';

export class BatchQueue implements Outlet, Feed {
  full = false;
  readonly holdup = 'lane';
  readonly port = 0;
  records: readonly unknown[] = [];
  cursor = 0;
  count = 0;
  intakeNs = 0;
  times: readonly number[] = [];
  watermarkMs: number = NO_WATERMARK;
  #incoming: unknown[] = [];
  #incomingTimes: number[] = [];
  readonly #merge = new WatermarkMerge();
  #incomingIntakeNs = 0;
  #openInputs = 0;

  /** One more chain pushes here. The queue ends when all of them have. */
  addInput(): number {
    this.#openInputs++;
    return this.#merge.addInput();
  }

  push(record: unknown, timeMs?: number): void {
    this.#incoming.push(record);
    if (timeMs !== undefined) this.#incomingTimes.push(timeMs);
    if (this.#incoming.length >= LIMITS.frameRecords) this.full = true;
  }

  intake(intakeNs: number): void {
    if (this.#incoming.length === 0) this.#incomingIntakeNs = intakeNs;
  }

  drain(): boolean {
    this.full = this.#incoming.length >= LIMITS.frameRecords;
    return !this.full;
  }

  flush(): boolean {
    return false;
  }

  end(input: number): boolean {
    this.#openInputs--;
    this.#merge.advance(input, END_OF_TIME);
    return true;
  }

  advance(watermarkMs: number, input: number): void {
    this.#merge.advance(input, watermarkMs);
  }

  refill(): Refill {
    // What came in before the watermark is in this batch.
    this.watermarkMs = this.#merge.current;
    if (this.#incoming.length === 0) return this.#openInputs === 0 ? 'done' : 'none';
    const used = this.records as unknown[];
    this.records = this.#incoming;
    this.count = this.#incoming.length;
    this.cursor = 0;
    this.intakeNs = this.#incomingIntakeNs;
    used.length = 0;
    this.#incoming = used;
    const usedTimes = this.times as number[];
    this.times = this.#incomingTimes;
    usedTimes.length = 0;
    this.#incomingTimes = usedTimes;
    this.full = false;
    return 'made';
  }
}
