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
//
// Windows that memory does not hold leave it by key. What waits for its time stays, and the end of each window, as timers do.

import type { Aggregator } from '../aggregate/aggregator.ts';
import { lend } from '../aggregate/lend.ts';
import type { KeyEntry } from '../operators/key-table.ts';
import type { StatefulHost, StatefulLogic } from '../operators/stateful-operator.ts';
import { type Spillable, type StateTable, stateTable } from '../state/spilling-table.ts';
import { TimerHeap } from '../time/timer-heap.ts';
import { NO_WATERMARK } from '../time/watermark.ts';
import { type SlidingContent, slidingContent } from './sliding-content.ts';
import { tellResult } from './window-result.ts';

/** A record that waits for its turn, or the end of the last window of a key. */
interface Waiting {
  /** Without its value where that may leave memory. */
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

type StoredHeld = readonly [content: unknown, waiting: number, lastMs: number];

function heldBy(aggregator: Aggregator<unknown>): Spillable<Held> {
  return {
    create: () => ({ content: slidingContent(aggregator), waiting: 0, lastMs: NO_WATERMARK }),
    toData: ({ content, waiting, lastMs }): StoredHeld => [content.toData(), waiting, lastMs],
    fromData: (data) => {
      const [content, waiting, lastMs] = data as StoredHeld;
      return { content: slidingContent(aggregator, content), waiting, lastMs };
    },
    isBlank: ({ waiting }) => waiting === 0,
  };
}

export class SlidingAggregate implements StatefulLogic {
  readonly #sizeMs: number;
  readonly #aggregator: Aggregator<unknown>;
  readonly #spread: boolean;
  readonly #host: StatefulHost;
  readonly #empty: unknown;
  readonly #keys: StateTable<Held>;
  readonly #waiting = new TimerHeap<Waiting>();
  #watermarkMs: number = NO_WATERMARK;

  constructor(sizeMs: number, aggregator: Aggregator<unknown>, spread: boolean, host: StatefulHost) {
    this.#sizeMs = sizeMs;
    this.#aggregator = aggregator;
    this.#spread = spread;
    this.#host = host;
    this.#empty = aggregator.create();
    this.#keys = stateTable(heldBy(aggregator), host.coldState);
  }

  batch(): void {
    this.#keys.spilling?.relieve();
  }

  close(): void | Promise<void> {
    return this.#keys.spilling?.close();
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
    const entry = this.#keys.table.find(key);
    (entry.value as Held).waiting++;
    this.#waiting.set(timeMs, { entry: this.#kept(entry), value: { of: value } });
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
      this.#keys.spilling?.relieve();
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
    const { entry: kept, value } = this.#waiting.take();
    const { key } = kept;
    const entry = this.#keys.spilling === undefined ? kept : this.#keys.table.find(key);
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
      this.#host.failed(error, { key, windowEnd: timeMs + 1 });
    }
    if (held.waiting > 0) return;
    // When its window is empty and nothing waits, a key is forgotten.
    const endMs = held.lastMs + this.#sizeMs;
    if (endMs <= timeMs) this.#keys.table.delete(key);
    else {
      held.waiting = 1;
      this.#waiting.set(endMs, { entry: this.#kept(entry) });
    }
  }

  #kept(entry: KeyEntry): KeyEntry {
    return this.#keys.spilling === undefined ? entry : { key: entry.key, value: undefined };
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
