// Aggregates that follow a table or a stream: their results change with it. On the thread of the actor that owns the groups.
//
//   a row comes, changes, goes  ->  retract(before), add(after)  ->  when the batch is done, one change for each group that was touched
//
// An aggregate that can take nothing back out (max, topN) is computed anew from the group's rows, once a batch. Kept: an accumulator and the last
// result for each group; in that case also all rows of the group.

import type { Aggregator } from '../aggregate/aggregator.ts';
import { KeyTable, type StoredEntries } from '../operators/key-table.ts';
import type { StatefulHost } from '../operators/stateful-operator.ts';
import { NO_WATERMARK } from '../time/watermark.ts';
import { unpackGrouped } from './packed-row.ts';
import type { RowSlot } from './row-slot.ts';
import { TableLogic } from './table-logic.ts';

interface Group {
  accumulator: unknown;
  count: number;
  /** By their keys; only where the aggregate cannot retract. */
  readonly rows: KeyTable | undefined;
  told: unknown;
  changedMs: number;
}

export class GroupAggregate extends TableLogic<Group> {
  readonly #aggregator: Aggregator<unknown>;

  constructor(aggregator: Aggregator<unknown>, host: StatefulHost) {
    const keepsRows = aggregator.retract === undefined;
    super(host, {
      create: () => ({
        accumulator: aggregator.create(),
        count: 0,
        rows: keepsRows ? new KeyTable(() => undefined) : undefined,
        told: undefined,
        changedMs: 0,
      }),
      toData: (group) => ({ ...group, rows: group.rows?.toData() }),
      fromData: (data) => {
        const group = data as Group & { rows: StoredEntries | undefined };
        return { ...group, rows: group.rows === undefined ? undefined : KeyTable.of(group.rows) };
      },
      isBlank: ({ count }) => count === 0,
    });
    this.#aggregator = aggregator;
  }

  onRecord(groupKey: unknown, record: unknown, timeMs: number): void {
    const { key, before, after } = unpackGrouped(record);
    const aggregator = this.#aggregator;
    const added = after === undefined ? undefined : this.#valueOf(after);
    const entry = this.keys.find(groupKey);
    const group = entry.value as Group;
    if (after !== undefined) {
      try {
        aggregator.check?.(group.accumulator, added);
      } catch (error) {
        this.dropIfBlank(entry);
        throw error;
      }
    }
    group.count += (after === undefined ? 0 : 1) - (before === undefined ? 0 : 1);
    if (group.rows === undefined) {
      if (before !== undefined) group.accumulator = aggregator.retract!(group.accumulator, this.#valueOf(before));
      // What rounding has left behind goes with the last row.
      if (group.count === 0) group.accumulator = aggregator.create();
      if (after !== undefined) group.accumulator = aggregator.add(group.accumulator, added);
    } else if (after === undefined) {
      group.rows.delete(key);
    } else {
      group.rows.find(key).value = after;
    }
    group.changedMs = timeMs;
    this.mark(entry);
  }

  protected slotsOf(): RowSlot[] {
    return [];
  }

  protected override *tell(key: unknown, group: Group): Generator<void> {
    const before = group.told;
    group.told = this.#result(key, group);
    this.emitChange(key, before, group.told, group.changedMs);
    if (this.host.full) yield;
  }

  #valueOf(row: unknown): unknown {
    return this.#aggregator.select === undefined ? row : this.#aggregator.select(row);
  }

  /** A group on which the aggregate throws has no row. */
  #result(key: unknown, { count, accumulator, rows }: Group): unknown {
    if (count === 0) return undefined;
    const aggregator = this.#aggregator;
    try {
      if (rows === undefined) return aggregator.result(accumulator);
      let fresh = aggregator.create();
      for (const { value } of rows.entries()) fresh = aggregator.add(fresh, this.#valueOf(value));
      return aggregator.result(fresh);
    } catch (error) {
      this.host.failed(error, { key });
      return undefined;
    }
  }
}

interface Running {
  accumulator: unknown;
  told: unknown;
  /** NO_WATERMARK before the first record. */
  changedMs: number;
}

/** Over the records of a stream: nothing is ever taken back. */
export class RunningAggregate extends TableLogic<Running> {
  readonly #aggregator: Aggregator<unknown>;

  constructor(aggregator: Aggregator<unknown>, host: StatefulHost) {
    super(host, {
      create: () => ({ accumulator: aggregator.create(), told: undefined, changedMs: NO_WATERMARK }),
      toData: (running) => running,
      fromData: (data) => data as Running,
      isBlank: ({ changedMs }) => changedMs === NO_WATERMARK,
    });
    this.#aggregator = aggregator;
  }

  onRecord(key: unknown, record: unknown, timeMs: number): void {
    const aggregator = this.#aggregator;
    const value = aggregator.select === undefined ? record : aggregator.select(record);
    const entry = this.keys.find(key);
    const state = entry.value as Running;
    try {
      state.accumulator = aggregator.add(state.accumulator, value);
    } catch (error) {
      this.dropIfBlank(entry);
      throw error;
    }
    state.changedMs = timeMs;
    this.mark(entry);
  }

  protected slotsOf(): RowSlot[] {
    return [];
  }

  protected override *tell(key: unknown, state: Running): Generator<void> {
    const before = state.told;
    try {
      state.told = this.#aggregator.result(state.accumulator);
    } catch (error) {
      this.host.failed(error, { key });
      return;
    }
    this.emitChange(key, before, state.told, state.changedMs);
    if (this.host.full) yield;
  }
}
