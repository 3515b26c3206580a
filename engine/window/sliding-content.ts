// What is in the sliding window of one key, and what it comes to. Values are added at the end and leave at the start, both in the order of
// their times. On the thread of the actor.

import type { Aggregator } from '../aggregate/aggregator.ts';
import { lend } from '../aggregate/lend.ts';
import { owned } from '../aggregate/own-string.ts';

export interface SlidingContent {
  add(value: unknown, timeMs: number): void;
  /** Takes out what is not after `timeMs`. */
  dropUntil(timeMs: number): void;
  /** May be read until the next call. */
  accumulator(): unknown;
  /** As plain data; slidingContent() takes it back. */
  toData(): unknown;
}

/** Of the kind that the aggregate allows. */
export function slidingContent(aggregator: Aggregator<unknown>, data?: unknown): SlidingContent {
  return aggregator.retract === undefined
    ? new TwoStackWindow(aggregator, data as TwoStackData | undefined)
    : new RetractingWindow(aggregator, data as RetractingData | undefined);
}

type TimedData = readonly [values: unknown[], times: number[]];
type RetractingData = readonly [values: TimedData, accumulator: unknown];
type TwoStackData = readonly [older: Suffix[], newer: TimedData, sum: unknown];

/** What a value and all behind it come to. */
interface Suffix {
  readonly suffix: unknown;
  readonly timeMs: number;
}

/** Values with the times by which they leave; those before `#from` have left. */
class TimedValues {
  #values: unknown[];
  #times: number[];
  #from = 0;

  constructor([values, times]: TimedData = [[], []]) {
    this.#values = values;
    this.#times = times;
  }

  toData(): TimedData {
    return [this.#values.slice(this.#from), this.#times.slice(this.#from)];
  }

  push(value: unknown, timeMs: number): void {
    this.#values.push(value);
    this.#times.push(timeMs);
  }

  get isEmpty(): boolean {
    return this.#from === this.#values.length;
  }

  /** Infinity when there is none. */
  get firstMs(): number {
    return this.isEmpty ? Number.POSITIVE_INFINITY : this.#times[this.#from]!;
  }

  shift(): unknown {
    const value = this.#values[this.#from];
    this.#values[this.#from++] = undefined;
    if (this.isEmpty) this.clear();
    else if (this.#from >= 32 && this.#from * 2 > this.#values.length) {
      this.#values = this.#values.slice(this.#from);
      this.#times = this.#times.slice(this.#from);
      this.#from = 0;
    }
    return value;
  }

  clear(): void {
    this.#values.length = 0;
    this.#times.length = 0;
    this.#from = 0;
  }

  *reversed(): Generator<readonly [value: unknown, timeMs: number]> {
    for (let i = this.#values.length - 1; i >= this.#from; i--) yield [this.#values[i], this.#times[i]!];
  }
}

class RetractingWindow implements SlidingContent {
  readonly #aggregator: Aggregator<unknown>;
  readonly #values: TimedValues;
  #accumulator: unknown;

  constructor(aggregator: Aggregator<unknown>, data?: RetractingData) {
    this.#aggregator = aggregator;
    this.#values = new TimedValues(data?.[0]);
    this.#accumulator = data === undefined ? aggregator.create() : data[1];
  }

  toData(): RetractingData {
    return [this.#values.toData(), this.#accumulator];
  }

  add(value: unknown, timeMs: number): void {
    const kept = owned(value);
    this.#accumulator = this.#aggregator.add(this.#accumulator, kept);
    this.#values.push(kept, timeMs);
  }

  dropUntil(timeMs: number): void {
    while (this.#values.firstMs <= timeMs) {
      this.#accumulator = this.#aggregator.retract!(this.#accumulator, this.#values.shift());
    }
    // What rounding has left does not stay for ever.
    if (this.#values.isEmpty) this.#accumulator = this.#aggregator.create();
  }

  accumulator(): unknown {
    return this.#accumulator;
  }
}

class TwoStackWindow implements SlidingContent {
  readonly #aggregator: Aggregator<unknown>;
  /** The older ones, the oldest last. */
  readonly #older: Suffix[];
  readonly #newer: TimedValues;
  /** Of the newer ones. */
  #sum: unknown;

  constructor(aggregator: Aggregator<unknown>, data?: TwoStackData) {
    this.#aggregator = aggregator;
    this.#older = data === undefined ? [] : data[0];
    this.#newer = new TimedValues(data?.[1]);
    this.#sum = data === undefined ? aggregator.create() : data[2];
  }

  toData(): TwoStackData {
    return [this.#older, this.#newer.toData(), this.#sum];
  }

  add(value: unknown, timeMs: number): void {
    const kept = owned(value);
    this.#sum = this.#aggregator.add(this.#sum, kept);
    this.#newer.push(kept, timeMs);
  }

  dropUntil(timeMs: number): void {
    for (;;) {
      if (this.#older.length === 0) {
        if (this.#newer.firstMs > timeMs) return;
        this.#turn();
      }
      while (this.#older.length > 0 && this.#older.at(-1)!.timeMs <= timeMs) this.#older.pop();
      if (this.#older.length > 0) return;
    }
  }

  accumulator(): unknown {
    const { combine } = this.#aggregator;
    const oldest = this.#older.at(-1);
    if (oldest === undefined) return this.#sum;
    // combine() may change its first argument: never one that stays.
    const all = combine.call(this.#aggregator, this.#aggregator.create(), lend(this.#aggregator, oldest.suffix));
    return combine.call(this.#aggregator, all, lend(this.#aggregator, this.#sum));
  }

  /** The newer ones become the older ones. */
  #turn(): void {
    const aggregator = this.#aggregator;
    let suffix = aggregator.create();
    for (const [value, timeMs] of this.#newer.reversed()) {
      suffix = aggregator.combine(aggregator.add(aggregator.create(), value), lend(aggregator, suffix));
      this.#older.push({ suffix, timeMs });
    }
    this.#newer.clear();
    this.#sum = aggregator.create();
  }
}
