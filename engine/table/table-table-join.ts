// Two tables joined by their keys into a third, which changes with them. On the thread of the actor that owns the keys.
//
// Kept: for each key both rows and the joined one, as long as either table has a row for it.

import { type JoinType, keepsLeft, keepsRight } from '../join/join-type.ts';
import type { StatefulHost } from '../operators/stateful-operator.ts';
import type { Spillable } from '../state/spilling-table.ts';
import type { RowReader } from './change.ts';
import { RowSlot, type StoredSlot } from './row-slot.ts';
import { TableLogic } from './table-logic.ts';

interface Joined {
  readonly left: RowSlot;
  readonly right: RowSlot;
  row: unknown;
}

const JOINED: Spillable<Joined> = {
  create: () => ({ left: new RowSlot(), right: new RowSlot(), row: undefined }),
  toData: ({ left, right, row }) => [left.toData(), right.toData(), row],
  fromData: (data) => {
    const [left, right, row] = data as [StoredSlot, StoredSlot, unknown];
    return { left: RowSlot.of(left), right: RowSlot.of(right), row };
  },
  isBlank: ({ left, right }) => left.isBlank && right.isBlank,
};

export type SelectRow = (left: unknown, right: unknown, where: { readonly key: unknown }) => unknown;

export class TableTableJoin extends TableLogic<Joined> {
  readonly #readers: readonly [left: RowReader, right: RowReader];
  readonly #type: JoinType;
  readonly #select: SelectRow;

  constructor(readers: readonly [RowReader, RowReader], type: JoinType, select: SelectRow, host: StatefulHost) {
    super(host, JOINED);
    this.#readers = readers;
    this.#type = type;
    this.#select = select;
  }

  onRecord(key: unknown, record: unknown, timeMs: number, input: number): void {
    const entry = this.keys.find(key);
    const state = entry.value as Joined;
    const slot = input === 0 ? state.left : state.right;
    if (slot.take(record, timeMs, this.#readers[input]!, this.watermarkMs, this.host)) {
      const before = state.row;
      state.row = this.#joined(entry.key, state.left.row, state.right.row);
      this.emitChange(entry.key, before, state.row, timeMs);
    }
    this.settle(entry, slot);
  }

  protected slotsOf({ left, right }: Joined): RowSlot[] {
    return [left, right];
  }

  /** A pair on which select throws has no row. */
  #joined(key: unknown, left: unknown, right: unknown): unknown {
    if (left === undefined && !(right !== undefined && keepsRight(this.#type))) return undefined;
    if (right === undefined && !keepsLeft(this.#type)) return undefined;
    try {
      return this.#select(left, right, { key });
    } catch (error) {
      this.host.failed(error, { key, left, right });
      return undefined;
    }
  }
}
