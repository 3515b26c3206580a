// Aggregates over a window that ends with each record: (t - sizeMs, t]. On the thread of the actor that owns the keys.
//
//   records of all keys -> heap by time -> those before the watermark, in order -> window of their key -> one result each
//
//   values of a key   | older, with what each and all behind it come to | newer | <- added here
//                       ^ taken out here                                  one accumulator
//
// Where the aggregate can take a value back out (retract), the window of a key is one accumulator. Else it is a queue of two stacks (as in
// K. Tangwongsan et al., "General Incremental Sliding-Window Aggregation", VLDB 2015): a record costs two or three combinations, however
// many are in the window.
//
// A record behind the watermark is late: results for its time have been told. Records of one time are in each other's windows.

import type { Aggregator } from '../aggregate/aggregator.ts';
import { lend } from '../aggregate/lend.ts';
import { type KeyEntry, KeyTable } from '../operators/key-table.ts';
import type { StatefulHost, StatefulLogic } from '../operators/stateful-operator.ts';
import { TimerHeap } from '../time/timer-heap.ts';
import { NO_WATERMARK } from '../time/watermark.ts';
import { RetractingWindow, type SlidingContent, TwoStackWindow } from './sliding-content.ts';
import { tellResult } from './window-result.ts';

/** A record that waits for its turn, or the end of the last window of a key. */
interface Waiting {
  readonly entry: KeyEntry;
  /** Absent at the end of a window. */
  readonly value?: { readonly of: unknown };
}

interface Held {
  readonly content: SlidingContent;
  /** Records that wait, and ends: the key is needed until there are none. */
  waiting: number;
  lastMs: number;
}

export class SlidingAggregate implements StatefulLogic {
  readonly #sizeMs: number;
  readonly #aggregator: Aggregator<unknown>;
  readonly #spread: boolean;
  readonly #host: StatefulHost;
  readonly #empty: unknown;
  readonly #keys: KeyTable;
  readonly #waiting = new TimerHeap<Waiting>();
  #watermarkMs: number = NO_WATERMARK;

  constructor(sizeMs: number, aggregator: Aggregator<unknown>, spread: boolean, host: StatefulHost) {
    this.#sizeMs = sizeMs;
    this.#aggregator = aggregator;
    this.#spread = spread;
    this.#host = host;
    this.#empty = aggregator.create();
    const content = (): SlidingContent =>
      aggregator.retract === undefined ? new TwoStackWindow(aggregator) : new RetractingWindow(aggregator);
    this.#keys = new KeyTable((): Held => ({ content: content(), waiting: 0, lastMs: NO_WATERMARK }));
  }

  onRecord(key: unknown, record: unknown, timeMs: number): void {
    if (timeMs < this.#watermarkMs) {
      this.#host.late(record, timeMs);
      return;
    }
    const aggregator = this.#aggregator;
    const value = aggregator.select === undefined ? record : aggregator.select(record);
    // What cannot be added is found out now, when it is the record that is given up.
    if (aggregator.check === undefined) aggregator.add(aggregator.create(), value);
    else aggregator.check(this.#empty, value);
    const entry = this.#keys.find(key);
    (entry.value as Held).waiting++;
    this.#waiting.set(timeMs, { entry, value: { of: value } });
  }

  isDue(watermarkMs: number): boolean {
    if (this.#waiting.nextMs < watermarkMs) return true;
    if (watermarkMs > this.#watermarkMs) this.#watermarkMs = watermarkMs;
    return false;
  }

  *fire(watermarkMs: number): Generator<void> {
    for (let told = 0; this.#waiting.size > 0 && this.#waiting.nextMs < watermarkMs; ) {
      const timeMs = this.#waiting.nextMs;
      // All of one time first: they are in each other's windows.
      const entries: KeyEntry[] = [];
      while (this.#waiting.size > 0 && this.#waiting.nextMs === timeMs) this.#take(timeMs, entries);
      for (const entry of entries) {
        this.#tell(entry, timeMs);
        if (++told % 64 === 0 || this.#host.full) yield;
      }
    }
    if (watermarkMs > this.#watermarkMs) this.#watermarkMs = watermarkMs;
  }

  #take(timeMs: number, entries: KeyEntry[]): void {
    const { entry, value } = this.#waiting.take();
    const held = entry.value as Held;
    held.waiting--;
    try {
      held.content.dropUntil(timeMs - this.#sizeMs);
      if (value !== undefined) {
        held.content.add(value.of, timeMs);
        held.lastMs = timeMs;
        entries.push(entry);
      }
    } catch (error) {
      this.#host.failed(error, { key: entry.key, windowEnd: timeMs + 1 });
    }
    if (held.waiting > 0) return;
    // When its window is empty and nothing waits, a key is forgotten.
    const endMs = held.lastMs + this.#sizeMs;
    if (endMs <= timeMs) this.#keys.delete(entry.key);
    else {
      held.waiting = 1;
      this.#waiting.set(endMs, { entry });
    }
  }

  #tell(entry: KeyEntry, timeMs: number): void {
    const { key } = entry;
    const bounds = { key, windowStart: timeMs - this.#sizeMs + 1, windowEnd: timeMs + 1 };
    const { content } = entry.value as Held;
    tellResult(
      this.#host,
      this.#aggregator,
      this.#spread,
      bounds,
      lend(this.#aggregator, content.accumulator()),
      timeMs,
    );
  }
}
