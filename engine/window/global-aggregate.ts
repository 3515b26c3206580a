// Aggregates over all records of a key, told when a trigger says so. On the thread of the actor that owns the keys.
//
//   record -> accumulator of its key; the count-th since the last result -> result
//   everyMs of the clock behind a record -> results of all keys that had one since their last
//
// What a key has not told yet is told when the input ends. Discarding, a key begins anew with each result.

import type { Aggregator } from '../aggregate/aggregator.ts';
import { lend } from '../aggregate/lend.ts';
import { type KeyEntry, KeyTable } from '../operators/key-table.ts';
import type { StatefulHost, StatefulLogic } from '../operators/stateful-operator.ts';
import { END_OF_TIME, NO_WATERMARK } from '../time/watermark.ts';
import { tellResult } from './window-result.ts';
import type { GlobalWindow } from './window-spec.ts';

interface Held {
  accumulator: unknown;
  /** Records since the last result. */
  untold: number;
}

export class GlobalAggregate implements StatefulLogic {
  tickAtMs: number = Number.POSITIVE_INFINITY;
  readonly #window: GlobalWindow;
  readonly #discarding: boolean;
  readonly #aggregator: Aggregator<unknown>;
  readonly #spread: boolean;
  readonly #host: StatefulHost;
  readonly #keys: KeyTable;
  /** Keys with records since their last result. */
  readonly #untold = new Set<KeyEntry>();
  #watermarkMs: number = NO_WATERMARK;
  #latestMs: number = NO_WATERMARK;

  constructor(
    window: GlobalWindow,
    discarding: boolean,
    aggregator: Aggregator<unknown>,
    spread: boolean,
    host: StatefulHost,
  ) {
    this.#window = window;
    this.#discarding = discarding;
    this.#aggregator = aggregator;
    this.#spread = spread;
    this.#host = host;
    this.#keys = new KeyTable((): Held => ({ accumulator: aggregator.create(), untold: 0 }));
  }

  onRecord(key: unknown, record: unknown, timeMs: number): void {
    const aggregator = this.#aggregator;
    const value = aggregator.select === undefined ? record : aggregator.select(record);
    const before = this.#keys.size;
    const entry = this.#keys.find(key);
    const held = entry.value as Held;
    try {
      held.accumulator = aggregator.add(held.accumulator, value);
    } catch (error) {
      if (this.#keys.size !== before) this.#keys.delete(key);
      throw error;
    }
    if (timeMs > this.#latestMs) this.#latestMs = timeMs;
    const { everyCount, everyMs } = this.#window;
    if (++held.untold === everyCount) {
      this.#tell(entry, 'early', timeMs);
      return;
    }
    this.#untold.add(entry);
    if (everyMs !== undefined && this.tickAtMs === Number.POSITIVE_INFINITY)
      this.tickAtMs = this.#host.nowMs() + everyMs;
  }

  isDue(watermarkMs: number): boolean {
    if (watermarkMs === END_OF_TIME) return this.#untold.size > 0;
    if (watermarkMs > this.#watermarkMs) this.#watermarkMs = watermarkMs;
    return false;
  }

  fire(): Generator<void> {
    return this.#tellAll('final');
  }

  tick(): Generator<void> {
    this.tickAtMs = Number.POSITIVE_INFINITY;
    return this.#tellAll('early');
  }

  *#tellAll(emission: 'early' | 'final'): Generator<void> {
    let told = 0;
    for (const entry of [...this.#untold]) {
      this.#tell(entry, emission, Math.max(this.#watermarkMs, this.#latestMs));
      if (++told % 64 === 0 || this.#host.full) yield;
    }
  }

  #tell(entry: KeyEntry, emission: 'early' | 'final', timeMs: number): void {
    const { key } = entry;
    const held = entry.value as Held;
    const bounds = { key, windowStart: Number.NEGATIVE_INFINITY, windowEnd: Number.POSITIVE_INFINITY, emission };
    held.untold = 0;
    this.#untold.delete(entry);
    if (this.#discarding) this.#keys.delete(key);
    const told = this.#discarding ? held.accumulator : lend(this.#aggregator, held.accumulator);
    tellResult(this.#host, this.#aggregator, this.#spread, bounds, told, timeMs);
  }
}
