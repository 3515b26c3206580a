// Keyed accumulators by pane: the slices of event time that no window cuts. On the thread of the actor, on both sides of an exchange.
//
//   t -> pane [start, start + paneMs) -> key -> accumulator
//
// Records mostly come in about the order of their time, so the pane of the last one is kept at hand; the compiled loops test `fromMs` and
// `toMs` themselves and call at() only when the pane changes.

import { KeyTable } from '../operators/key-table.ts';

/** A pane that hardly any record comes to any more: its keys and their accumulators, side by side. */
export interface PackedPane {
  readonly keys: readonly unknown[];
  readonly values: readonly unknown[];
}

export class Panes {
  /** The pane at hand: [fromMs, toMs), and its table. */
  fromMs = 0;
  toMs = 0;
  table: KeyTable;
  readonly paneMs: number;
  readonly #offsetMs: number;
  readonly #create: () => unknown;
  readonly #tables = new Map<number, KeyTable>();
  /** Panes that have no table for now. */
  readonly #packed = new Map<number, PackedPane>();
  /** Starts of the panes that are there, ascending. */
  readonly starts: number[] = [];
  /** Keys in all panes but the one at hand. */
  #otherKeys = 0;

  /** One pane for all time: for what is not cut into windows. */
  static eternal(create: () => unknown): Panes {
    const panes = new Panes(Number.POSITIVE_INFINITY, 0, create);
    panes.at(0);
    return panes;
  }

  constructor(paneMs: number, offsetMs: number, create: () => unknown) {
    this.paneMs = paneMs;
    this.#offsetMs = offsetMs;
    this.#create = create;
    this.table = new KeyTable(create);
  }

  /** Keys over all panes, one in two panes counted twice. */
  get size(): number {
    return this.#otherKeys + this.table.size;
  }

  /** The table of the pane that `timeMs` lies in, made when there is none. */
  at(timeMs: number): KeyTable {
    if (timeMs >= this.fromMs && timeMs < this.toMs) return this.table;
    const start = this.startOf(timeMs);
    let table = this.get(start);
    if (table === undefined) {
      table = new KeyTable(this.#create);
      this.#tables.set(start, table);
      this.#insert(start);
    }
    this.#otherKeys += this.table.size - table.size;
    this.table = table;
    this.fromMs = start;
    this.toMs = start + this.paneMs;
    return table;
  }

  startOf(timeMs: number): number {
    if (this.paneMs === Number.POSITIVE_INFINITY) return 0;
    return Math.floor((timeMs - this.#offsetMs) / this.paneMs) * this.paneMs + this.#offsetMs;
  }

  get(start: number): KeyTable | undefined {
    return this.#tables.get(start) ?? this.#unpack(start);
  }

  /**
   * Keeps a pane without its table until somebody asks for that. A hopping window may have a thousand panes: entries that live as long as
   * the window are copied by each young collection and marked by each old one; two arrays a pane cost little there.
   */
  pack(start: number): void {
    const table = this.#tables.get(start);
    if (table === undefined || this.paneMs === Number.POSITIVE_INFINITY) return;
    const keys: unknown[] = [];
    const values: unknown[] = [];
    for (const { key, value } of table.entries()) {
      keys.push(key);
      values.push(value);
    }
    this.#tables.delete(start);
    this.#packed.set(start, { keys, values });
    if (table === this.table) {
      this.#otherKeys += table.size;
      this.#putAway();
    }
  }

  /** The pane that starts there, if it is packed. */
  packed(start: number): PackedPane | undefined {
    return this.#packed.get(start);
  }

  #unpack(start: number): KeyTable | undefined {
    const packed = this.#packed.get(start);
    if (packed === undefined) return undefined;
    const table = new KeyTable(this.#create);
    for (let i = 0; i < packed.keys.length; i++) table.find(packed.keys[i]).value = packed.values[i];
    this.#packed.delete(start);
    this.#tables.set(start, table);
    return table;
  }

  /** As take(), where nobody looks at what was in it. */
  drop(start: number): void {
    const packed = this.#packed.get(start);
    if (packed === undefined) {
      this.take(start);
      return;
    }
    this.#packed.delete(start);
    this.#otherKeys -= packed.keys.length;
    this.starts.splice(this.starts.indexOf(start), 1);
  }

  /** Takes a pane out; records of its time begin a new one. */
  take(start: number): KeyTable | undefined {
    const table = this.get(start);
    if (table === undefined) return undefined;
    this.#tables.delete(start);
    this.starts.splice(this.starts.indexOf(start), 1);
    if (table !== this.table) {
      this.#otherKeys -= table.size;
      return table;
    }
    this.#putAway();
    // The only pane of all time is always at hand.
    if (this.paneMs === Number.POSITIVE_INFINITY) this.at(0);
    return table;
  }

  /** Takes what a pane holds: the pane stays, with nothing. */
  detach(start: number): KeyTable {
    const table = this.get(start)!;
    if (table !== this.table) this.#otherKeys -= table.size;
    return table.detach();
  }

  /** No pane is at hand. */
  #putAway(): void {
    this.table = new KeyTable(this.#create);
    this.fromMs = 0;
    this.toMs = 0;
  }

  #insert(start: number): void {
    const { starts } = this;
    let at = starts.length;
    while (at > 0 && starts[at - 1]! > start) at--;
    starts.splice(at, 0, start);
  }
}
