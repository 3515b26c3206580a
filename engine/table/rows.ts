// A stream read as the rows of a table: told as changes, or as the rows that are left at the end. On the actor that owns the keys.
//
//   record of key k  ->  row of k  ->  { key, before, after } at once   |   { key, value } when no record follows

import type { StatefulHost } from '../operators/stateful-operator.ts';
import type { RowReader } from './change.ts';
import { ONE_SLOT, type RowSlot } from './row-slot.ts';
import { TableLogic } from './table-logic.ts';

/** Every change, as it comes. */
export class TableChanges extends TableLogic<RowSlot> {
  readonly #reader: RowReader;

  constructor(reader: RowReader, host: StatefulHost) {
    super(host, ONE_SLOT);
    this.#reader = reader;
  }

  onRecord(key: unknown, record: unknown, timeMs: number): void {
    const entry = this.keys.find(key);
    const slot = entry.value as RowSlot;
    const before = slot.row;
    const changes = slot.take(record, timeMs, this.#reader, this.watermarkMs, this.host);
    this.settle(entry, slot);
    if (changes) this.emitChange(entry.key, before, slot.row, timeMs);
  }

  protected slotsOf(slot: RowSlot): RowSlot[] {
    return [slot];
  }
}

/** The rows that are there when no record follows. */
export class FinalRows extends TableLogic<RowSlot> {
  readonly #reader: RowReader;

  constructor(reader: RowReader, host: StatefulHost) {
    super(host, ONE_SLOT);
    this.#reader = reader;
  }

  onRecord(key: unknown, record: unknown, timeMs: number): void {
    const entry = this.keys.find(key);
    const slot = entry.value as RowSlot;
    slot.take(record, timeMs, this.#reader, this.watermarkMs, this.host);
    this.settle(entry, slot);
  }

  protected slotsOf(slot: RowSlot): RowSlot[] {
    return [slot];
  }

  protected override *atEnd(): Generator<void> {
    for (const { key, value } of this.keys.entries()) {
      const { row } = value as RowSlot;
      if (row !== undefined) this.host.emit({ key, value: row }, this.watermarkMs);
      if (this.host.full) yield;
    }
    this.keys.clear();
  }
}
