// Keyed accumulators by pane: the slices of event time that no window cuts. On the thread of the actor, on both sides of an exchange.
//
//   t -> pane [start, start + paneMs) -> key -> accumulator
//
// Records mostly come in about the order of their time, so the pane of the last one is kept at hand; the compiled loops test `fromMs` and
// `toMs` themselves and call at() only when the pane changes.

import { KeyTable } from '../operators/key-table.ts';

export class Panes {
  /** The pane at hand: [fromMs, toMs), and its table. */
  fromMs = 0;
  toMs = 0;
  table: KeyTable;
  readonly paneMs: number;
  readonly #offsetMs: number;
  readonly #create: () => unknown;
  readonly #tables = new Map<number, KeyTable>();
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
    let table = this.#tables.get(start);
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
    return this.#tables.get(start);
  }

  /** Takes a pane out; records of its time begin a new one. */
  take(start: number): KeyTable | undefined {
    const table = this.#tables.get(start);
    if (table === undefined) return undefined;
    this.#tables.delete(start);
    this.starts.splice(this.starts.indexOf(start), 1);
    if (table !== this.table) {
      this.#otherKeys -= table.size;
      return table;
    }
    this.table = new KeyTable(this.#create);
    this.fromMs = 0;
    this.toMs = 0;
    // The only pane of all time is always at hand.
    if (this.paneMs === Number.POSITIVE_INFINITY) this.at(0);
    return table;
  }

  #insert(start: number): void {
    const { starts } = this;
    let at = starts.length;
    while (at > 0 && starts[at - 1]! > start) at--;
    starts.splice(at, 0, start);
  }
}
