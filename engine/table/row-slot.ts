// The latest row of a key from one input of a table operator. On the thread of the actor that owns the key.
//
// Where event time decides, a deleted row leaves its time behind until the watermark has passed it: an older row that comes late must not
// bring the key back. After that a row behind the watermark, for a key that is not known, is late: nobody can tell whether it was deleted.

import type { StatefulHost } from '../operators/stateful-operator.ts';
import type { Spillable } from '../state/spilling-table.ts';
import { NO_WATERMARK } from '../time/watermark.ts';
import type { RowReader } from './change.ts';

/** A slot as data. */
export type StoredSlot = readonly [row: unknown, timeMs: number];

export class RowSlot {
  row: unknown = undefined;
  /** Of the row, or of its deletion; NO_WATERMARK when nothing is known. */
  timeMs: number = NO_WATERMARK;

  static of([row, timeMs]: StoredSlot): RowSlot {
    const slot = new RowSlot();
    slot.row = row;
    slot.timeMs = timeMs;
    return slot;
  }

  toData(): StoredSlot {
    return [this.row, this.timeMs];
  }

  /** Neither a row nor the memory of one. */
  get isBlank(): boolean {
    return this.row === undefined && this.timeMs === NO_WATERMARK;
  }

  /** Takes a record for the new row. False when it changes nothing: there is a newer one, or it is late. */
  take(record: unknown, timeMs: number, reader: RowReader, watermarkMs: number, host: StatefulHost): boolean {
    const row = reader.rowOf(record);
    if (!reader.byTime) {
      const changes = row !== undefined || this.row !== undefined;
      this.row = row;
      return changes;
    }
    if (timeMs < this.timeMs) return false;
    if (reader.deletes && timeMs < watermarkMs && this.isBlank) {
      host.late(record, timeMs);
      return false;
    }
    const changes = row !== undefined || this.row !== undefined;
    this.row = row;
    this.timeMs = timeMs;
    return changes;
  }

  /** What was deleted before the watermark is forgotten. */
  forget(watermarkMs: number): void {
    if (this.row === undefined && this.timeMs < watermarkMs) this.timeMs = NO_WATERMARK;
  }
}

/** The state of a key that is one slot. */
export const ONE_SLOT: Spillable<RowSlot> = {
  create: () => new RowSlot(),
  toData: (slot) => slot.toData(),
  fromData: (data) => RowSlot.of(data as StoredSlot),
  isBlank: (slot) => slot.isBlank,
};
