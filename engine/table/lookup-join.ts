// A stream beside a table that is divided by the same key: each record with the row as it is when the record arrives. On the actor that owns
// the keys.
//
// Kept: the latest row of each key. A record is kept by nobody.

import type { StatefulHost } from '../operators/stateful-operator.ts';
import type { RowReader } from './change.ts';
import { ONE_SLOT, type RowSlot } from './row-slot.ts';
import { TableLogic } from './table-logic.ts';
import type { SelectRow } from './table-table-join.ts';

export const STREAM_INPUT = 0;
export const TABLE_INPUT = 1;

export class LookupJoin extends TableLogic<RowSlot> {
  readonly #reader: RowReader;
  readonly #keepsLeft: boolean;
  readonly #select: SelectRow;
  /** The stream waits until the table is complete. */
  #isHeld: boolean;

  constructor(reader: RowReader, keepsLeft: boolean, waits: boolean, select: SelectRow, host: StatefulHost) {
    super(host, ONE_SLOT);
    this.#reader = reader;
    this.#keepsLeft = keepsLeft;
    this.#isHeld = waits;
    this.#select = select;
  }

  onRecord(key: unknown, record: unknown, timeMs: number, input: number): void {
    if (input === TABLE_INPUT) {
      const entry = this.keys.find(key);
      const slot = entry.value as RowSlot;
      slot.take(record, timeMs, this.#reader, this.watermarkMs, this.host);
      this.settle(entry, slot);
      return;
    }
    const row = (this.keys.peek(key)?.value as RowSlot | undefined)?.row;
    if (row !== undefined || this.#keepsLeft) this.host.emit(this.#select(record, row, { key }), timeMs);
  }

  holds(input: number): boolean {
    return this.#isHeld && input === STREAM_INPUT;
  }

  inputEnded(input: number): void {
    if (input === TABLE_INPUT) this.#isHeld = false;
  }

  protected slotsOf(slot: RowSlot): RowSlot[] {
    return [slot];
  }
}
