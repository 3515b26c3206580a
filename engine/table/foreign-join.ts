// A table joined with another by a foreign key: a field that names the other's key. In three steps, each on the actor that owns its key.
//
//   left table  --by its key-->  ForeignRouter  --by foreign key-->  ForeignJoin  --by the left key-->  ForeignResult  -->  changes
//   right table --by its key------------------------------------------^
//
// A row whose foreign key changes moves from one ForeignJoin to another, on two actors, and what both have said of it may arrive in any order.
// So the router numbers each row, and the result takes nothing with a lower number than it has seen for the key.
//
// Kept: the left rows twice (router and join), the right rows, the results. A deleted row's number is kept until the watermark
// has passed the deletion, for by then all that was said before has arrived; without event time, to the end of the job.

import { KeyTable, type StoredEntries } from '../operators/key-table.ts';
import type { StatefulHost } from '../operators/stateful-operator.ts';
import { sameKey } from '../partition/key-hash.ts';
import type { Spillable } from '../state/spilling-table.ts';
import type { RoutedRow, RowReader } from './change.ts';
import { packRouted, packVersioned, unpackRouted, unpackVersioned } from './packed-row.ts';
import { RowSlot, type StoredSlot } from './row-slot.ts';
import { TableLogic } from './table-logic.ts';
import type { SelectRow } from './table-table-join.ts';

interface Routed {
  readonly slot: RowSlot;
  foreign: unknown;
}

const ROUTED: Spillable<Routed> = {
  create: () => ({ slot: new RowSlot(), foreign: undefined }),
  toData: ({ slot, foreign }) => [slot.toData(), foreign],
  fromData: (data) => {
    const [slot, foreign] = data as [StoredSlot, unknown];
    return { slot: RowSlot.of(slot), foreign };
  },
  isBlank: ({ slot }) => slot.isBlank,
};

export class ForeignRouter extends TableLogic<Routed> {
  readonly #reader: RowReader;
  readonly #foreignKey: (row: unknown, key: unknown) => unknown;
  #version = 0;

  constructor(reader: RowReader, foreignKey: (row: unknown, key: unknown) => unknown, host: StatefulHost) {
    super(host, ROUTED);
    this.#reader = reader;
    this.#foreignKey = foreignKey;
  }

  onRecord(key: unknown, record: unknown, timeMs: number): void {
    const row = this.#reader.rowOf(record);
    const foreign = row === undefined ? undefined : this.#foreignKey(row, key);
    const entry = this.keys.find(key);
    const state = entry.value as Routed;
    const wasThere = state.slot.row !== undefined;
    if (state.slot.take(record, timeMs, this.#reader, this.watermarkMs, this.host)) {
      const to = row === undefined ? state.foreign : foreign;
      const moves = wasThere && !sameKey(to, state.foreign);
      const version = ++this.#version;
      if (moves) this.#send({ foreign: state.foreign, key: entry.key, version, row: undefined, way: 'gone' }, timeMs);
      this.#send({ foreign: to, key: entry.key, version, row, way: moves ? 'moved' : 'here' }, timeMs);
      state.foreign = row === undefined ? undefined : foreign;
    }
    this.settle(entry, state.slot);
  }

  protected slotsOf({ slot }: Routed): RowSlot[] {
    return [slot];
  }

  #send(routed: RoutedRow, timeMs: number): void {
    this.host.emit(packRouted(routed), this.timeOf(timeMs));
  }
}

interface Referring {
  readonly row: unknown;
  readonly version: number;
  /** A result was told, or the one elsewhere must be overruled. */
  told: boolean;
}

interface Referred {
  readonly right: RowSlot;
  /** Left rows that name this key, by their own. */
  readonly lefts: KeyTable;
  changedMs: number;
}

const REFERRED: Spillable<Referred> = {
  create: () => ({ right: new RowSlot(), lefts: new KeyTable(() => undefined), changedMs: 0 }),
  toData: ({ right, lefts, changedMs }) => [right.toData(), lefts.toData(), changedMs],
  fromData: (data) => {
    const [right, lefts, changedMs] = data as [StoredSlot, StoredEntries, number];
    return { right: RowSlot.of(right), lefts: KeyTable.of(lefts), changedMs };
  },
  isBlank: ({ right, lefts }) => right.isBlank && lefts.size === 0,
};

export class ForeignJoin extends TableLogic<Referred> {
  readonly #reader: RowReader;
  readonly #keepsLeft: boolean;
  readonly #select: SelectRow;

  constructor(reader: RowReader, keepsLeft: boolean, select: SelectRow, host: StatefulHost) {
    super(host, REFERRED);
    this.#reader = reader;
    this.#keepsLeft = keepsLeft;
    this.#select = select;
  }

  onRecord(foreign: unknown, record: unknown, timeMs: number, input: number): void {
    const entry = this.keys.find(foreign);
    const state = entry.value as Referred;
    if (input === 1) {
      if (state.right.take(record, timeMs, this.#reader, this.watermarkMs, this.host) && state.lefts.size > 0) {
        state.changedMs = timeMs;
        this.mark(entry);
      }
      this.settle(entry, state.right);
      return;
    }
    const { key, version, row, way } = unpackRouted(record);
    const known = state.lefts.peek(key)?.value as Referring | undefined;
    if (row === undefined) {
      state.lefts.delete(key);
      if (way !== 'gone' && known?.told === true) this.#send(key, version, undefined, timeMs);
      this.dropIfBlank(entry);
      return;
    }
    const referring: Referring = { row, version, told: way === 'moved' || known?.told === true };
    state.lefts.find(key).value = referring;
    this.#join(key, referring, state, timeMs);
  }

  protected slotsOf({ right }: Referred): RowSlot[] {
    return [right];
  }

  /** The right row has changed for all that name it. */
  protected override *tell(_: unknown, state: Referred): Generator<void> {
    for (const { key, value } of state.lefts.entries()) {
      this.#join(key, value as Referring, state, state.changedMs);
      if (this.host.full) yield;
    }
  }

  #join(key: unknown, referring: Referring, { right }: Referred, timeMs: number): void {
    let joined: unknown;
    if (right.row !== undefined || this.#keepsLeft) {
      try {
        joined = this.#select(referring.row, right.row, { key });
      } catch (error) {
        this.host.failed(error, { key, left: referring.row, right: right.row });
      }
    }
    if (joined === undefined && !referring.told) return;
    referring.told = true;
    this.#send(key, referring.version, joined, timeMs);
  }

  #send(key: unknown, version: number, row: unknown, timeMs: number): void {
    this.host.emit(packVersioned({ key, version, row }), this.timeOf(timeMs));
  }
}

interface Resolved {
  readonly slot: RowSlot;
  version: number;
}

const RESOLVED: Spillable<Resolved> = {
  create: () => ({ slot: new RowSlot(), version: -1 }),
  toData: ({ slot, version }) => [slot.toData(), version],
  fromData: (data) => {
    const [slot, version] = data as [StoredSlot, number];
    return { slot: RowSlot.of(slot), version };
  },
  isBlank: ({ slot }) => slot.isBlank,
};

export class ForeignResult extends TableLogic<Resolved> {
  constructor(host: StatefulHost) {
    super(host, RESOLVED);
  }

  onRecord(key: unknown, record: unknown, timeMs: number): void {
    const { version, row } = unpackVersioned(record);
    const entry = this.keys.find(key);
    const state = entry.value as Resolved;
    if (version < state.version) return;
    const before = state.slot.row;
    state.version = version;
    state.slot.row = row;
    state.slot.timeMs = timeMs;
    this.emitChange(entry.key, before, row, timeMs);
    this.settle(entry, state.slot);
  }

  protected slotsOf({ slot }: Resolved): RowSlot[] {
    return [slot];
  }
}
