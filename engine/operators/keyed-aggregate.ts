// The keyed state of an aggregate, and the source of its results: one record a key once the input has ended. On the thread of the
// actor that owns the keys.
//
// Records are added to one table, which is in memory. Where the job has a place for more, a table that is too large is written out between two
// batches and begins anew; the parts of a key are combined for its result (engine/state/spilled-runs.ts).

import type { Aggregator } from '../aggregate/aggregator.ts';
import { LIMITS } from '../limits.ts';
import type { ColdState } from '../state/cold-store.ts';
import { SpilledRuns } from '../state/spilled-runs.ts';
import { type KeyEntry, KeyTable } from './key-table.ts';
import type { Feed, Outlet, Refill } from './outlet.ts';

/** The only group of runs. */
const ALL_TIME = 0;

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
  readonly #runs: SpilledRuns | undefined;
  #ended = false;
  /** Undefined stands for a pause. */
  #results: Iterator<KeyEntry | undefined> | undefined;

  /**
   * @param failed what to do with a key whose result cannot be computed: throws, or returns to leave it out
   * @param cold where accumulators go that memory does not hold; without it, all are in memory
   */
  constructor(
    aggregator: Aggregator<unknown>,
    spread: boolean,
    failed: (error: unknown, key: unknown) => void,
    cold?: ColdState,
  ) {
    this.#aggregator = aggregator;
    this.#spread = spread;
    this.#failed = failed;
    this.table = new KeyTable(() => aggregator.create());
    const combine = aggregator.combine.bind(aggregator);
    this.#runs = cold === undefined ? undefined : new SpilledRuns(cold, { combine, failed });
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
    const runs = this.#runs;
    if (runs === undefined) return;
    runs.write();
    if (runs.isOver(this.table.size, this.table)) runs.take(ALL_TIME, this.table.detach());
  }

  refill(): Refill {
    if (!this.#ended) return 'none';
    this.#results ??= this.#entries();
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
      if (step.value === undefined) break;
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

  close(): void | Promise<void> {
    return this.#runs?.close();
  }

  #entries(): Iterator<KeyEntry | undefined> {
    const runs = this.#runs;
    if (runs === undefined || !runs.has(ALL_TIME)) return this.table.entries();
    runs.take(ALL_TIME, this.table.detach());
    return runs.combined([ALL_TIME]);
  }

  #result(entry: KeyEntry): unknown {
    const result = this.#aggregator.result(entry.value);
    return this.#spread ? { key: entry.key, ...(result as object) } : { key: entry.key, value: result };
  }
}
