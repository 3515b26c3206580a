// The keyed state of an aggregate, and the source of its results: one record a key once the input has ended. On the thread of the
// actor that owns the keys.

import type { Aggregator } from '../aggregate/aggregator.ts';
import { LIMITS } from '../limits.ts';
import { type KeyEntry, KeyTable } from './key-table.ts';
import type { Feed, Outlet, Refill } from './outlet.ts';

export class KeyedAggregate implements Outlet, Feed {
  // Takes records at once, so it never holds a chain up.
  readonly full = false;
  readonly holdup = 'lane';
  readonly port = 0;
  readonly records: unknown[] = new Array(LIMITS.frameRecords).fill(undefined);
  cursor = 0;
  count = 0;
  intakeNs = 0;
  readonly table: KeyTable;
  readonly #aggregator: Aggregator<unknown>;
  readonly #spread: boolean;
  readonly #failed: (error: unknown, key: unknown) => void;
  #ended = false;
  #results: Iterator<KeyEntry> | undefined;

  /** @param failed what to do with a key whose result cannot be computed: throws, or returns to leave it out */
  constructor(aggregator: Aggregator<unknown>, spread: boolean, failed: (error: unknown, key: unknown) => void) {
    this.#aggregator = aggregator;
    this.#spread = spread;
    this.#failed = failed;
    this.table = new KeyTable(() => aggregator.create());
  }

  push(): void {
    throw new TypeError('the compiled chain adds to the table itself');
  }
  drain(): boolean {
    return true;
  }
  flush(): boolean {
    return false;
  }
  end(): boolean {
    this.#ended = true;
    return true;
  }
  // Its results are of all time.
  advance(): void {}
  intake(intakeNs: number): void {
    // A result is as old as the last record that went into it.
    this.intakeNs = intakeNs;
  }

  refill(): Refill {
    if (!this.#ended) return 'none';
    this.#results ??= this.table.entries();
    this.cursor = 0;
    this.count = 0;
    // Keys whose result fails count as well: their dead letters need room, and the worker's other actors their turn.
    let over = false;
    for (let tries = 0; tries < this.records.length; tries++) {
      const step = this.#results.next();
      if (step.done === true) {
        over = true;
        break;
      }
      try {
        this.records[this.count] = this.#result(step.value);
        this.count++;
      } catch (error) {
        this.#failed(error, step.value.key);
      }
    }
    if (this.count > 0) return 'made';
    if (!over) return 'empty';
    this.table.clear();
    return 'done';
  }

  #result(entry: KeyEntry): unknown {
    const result = this.#aggregator.result(entry.value);
    return this.#spread ? { key: entry.key, ...(result as object) } : { key: entry.key, value: result };
  }
}
