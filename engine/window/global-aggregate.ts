// Aggregates over all records of a key, told when a trigger says so. On the thread of the actor that owns the keys.
//
//   record -> accumulator of its key; the count-th since the last result -> result
//   everyMs of the clock behind a record -> results of all keys that had one since their last
//
// What a key has not told yet is told when the input ends. Discarding, a key begins anew with each result.
//
// Which keys have something to tell is state of its own: of those that memory does not hold it is found without reading all the others.

import type { Aggregator } from '../aggregate/aggregator.ts';
import { lend } from '../aggregate/lend.ts';
import type { KeyEntry } from '../operators/key-table.ts';
import type { StatefulHost, StatefulLogic } from '../operators/stateful-operator.ts';
import { type Spillable, type StateTable, stateTable } from '../state/spilling-table.ts';
import { END_OF_TIME, NO_WATERMARK } from '../time/watermark.ts';
import { tellResult } from './window-result.ts';
import type { GlobalWindow } from './window-spec.ts';

interface Held {
  accumulator: unknown;
  /** Records since the last result. */
  untold: number;
}

/** Of a key that has no record yet. */
const NOTHING: unique symbol = Symbol('nothing');

const HELD: Spillable<Held> = {
  create: () => ({ accumulator: NOTHING, untold: 0 }),
  toData: ({ accumulator, untold }) => [accumulator, untold],
  fromData: (data) => {
    const [accumulator, untold] = data as [unknown, number];
    return { accumulator, untold };
  },
  isBlank: ({ accumulator }) => accumulator === NOTHING,
};

const UNTOLD: Spillable<boolean> = {
  create: () => false,
  toData: (isUntold) => isUntold,
  fromData: (data) => data as boolean,
  isBlank: (isUntold) => !isUntold,
};

export class GlobalAggregate implements StatefulLogic {
  tickAtMs: number = Number.POSITIVE_INFINITY;
  readonly #window: GlobalWindow;
  readonly #discarding: boolean;
  readonly #aggregator: Aggregator<unknown>;
  readonly #spread: boolean;
  readonly #host: StatefulHost;
  readonly #keys: StateTable<Held>;
  /** Keys with records since their last result. */
  readonly #untold: StateTable<boolean>;
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
    const cold = host.coldState;
    // Nearly all of what both hold are keys.
    const half = cold && { open: () => cold.open(), memoryBytes: cold.memoryBytes / 2 };
    this.#keys = stateTable(HELD, half);
    this.#untold = stateTable(UNTOLD, half);
  }

  batch(): void {
    this.#keys.spilling?.relieve();
    this.#untold.spilling?.relieve();
  }

  async close(): Promise<void> {
    await Promise.all([this.#keys.spilling?.close(), this.#untold.spilling?.close()]);
  }

  onRecord(key: unknown, record: unknown, timeMs: number): void {
    const aggregator = this.#aggregator;
    const value = aggregator.select === undefined ? record : aggregator.select(record);
    const entry = this.#keys.table.find(key);
    const held = entry.value as Held;
    const isNew = held.accumulator === NOTHING;
    try {
      held.accumulator = aggregator.add(isNew ? aggregator.create() : held.accumulator, value);
    } catch (error) {
      if (isNew) this.#keys.table.delete(key);
      throw error;
    }
    if (timeMs > this.#latestMs) this.#latestMs = timeMs;
    const { everyCount, everyMs } = this.#window;
    if (++held.untold === everyCount) {
      if (everyCount > 1) this.#untold.table.delete(key);
      this.#tell(entry, 'early', timeMs);
      return;
    }
    if (held.untold === 1) this.#untold.table.find(key).value = true;
    if (everyMs !== undefined && this.tickAtMs === Number.POSITIVE_INFINITY)
      this.tickAtMs = this.#host.nowMs() + everyMs;
  }

  isDue(watermarkMs: number): boolean {
    if (watermarkMs === END_OF_TIME) return true;
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
    for (const { key } of this.#untold.table.entries()) {
      if (++told % 64 === 0) this.#keys.spilling?.relieve();
      this.#tell(this.#keys.table.find(key), emission, Math.max(this.#watermarkMs, this.#latestMs));
      if (told % 64 === 0 || this.#host.full) yield;
    }
    this.#untold.table.clear();
  }

  #tell(entry: KeyEntry, emission: 'early' | 'final', timeMs: number): void {
    const { key } = entry;
    const held = entry.value as Held;
    const bounds = { key, windowStart: Number.NEGATIVE_INFINITY, windowEnd: Number.POSITIVE_INFINITY, emission };
    held.untold = 0;
    if (this.#discarding) this.#keys.table.delete(key);
    const told = this.#discarding ? held.accumulator : lend(this.#aggregator, held.accumulator);
    tellResult(this.#host, this.#aggregator, this.#spread, bounds, told, timeMs);
  }
}
