// A stream beside a table that every actor has all of: no exchange of the stream by key. On the thread of the actor.
//
//   main  --as it is-->    select(record, rows)  -->  results, in the order of the records
//   side  --broadcast-->   rows: key -> the row that came last
//
// Where the side is to be complete, the main input is held until the side has been read to its end (stateful-input.ts).
// Kept: the whole side on every worker, up to `limit` rows, in memory of their own.

import { owned } from '../aggregate/own-string.ts';
import { MillraceError } from '../errors/millrace-error.ts';
import { KeyTable } from '../operators/key-table.ts';
import type { StatefulHost, StatefulLogic } from '../operators/stateful-operator.ts';

/** The side, as far as it has come in. */
export interface SideRows<K, R> {
  readonly size: number;
  get(key: K): R | undefined;
  /** In no definite order. */
  values(): IterableIterator<R>;
}

export const MAIN_INPUT = 0;
export const SIDE_INPUT = 1;

export interface SideSettings {
  readonly sideKey: (row: unknown) => unknown;
  readonly deleted: ((row: unknown) => unknown) | undefined;
  readonly waits: boolean;
  readonly limit: number;
  /** Undefined: no result for this record. */
  readonly select: (record: unknown, rows: SideRows<unknown, unknown>) => { readonly result: unknown } | undefined;
}

export class SideInput implements StatefulLogic {
  readonly #settings: SideSettings;
  readonly #host: StatefulHost;
  readonly #table = new KeyTable((): unknown => undefined);
  readonly #rows: SideRows<unknown, unknown>;
  #isHeld: boolean;

  constructor(settings: SideSettings, host: StatefulHost) {
    this.#settings = settings;
    this.#host = host;
    this.#isHeld = settings.waits;
    const table = this.#table;
    this.#rows = {
      get size(): number {
        return table.size;
      },
      get: (key) => table.peek(key)?.value,
      *values(): Generator<unknown> {
        for (const { value } of table.entries()) yield value;
      },
    };
  }

  onRecord(_: unknown, record: unknown, timeMs: number, input: number): void {
    if (input === SIDE_INPUT) {
      this.#take(record);
      return;
    }
    const selected = this.#settings.select(record, this.#rows);
    if (selected !== undefined) this.#host.emit(selected.result, timeMs);
  }

  holds(input: number): boolean {
    return this.#isHeld && input === MAIN_INPUT;
  }

  inputEnded(input: number): void {
    if (input === SIDE_INPUT) this.#isHeld = false;
  }

  isDue(): boolean {
    return false;
  }

  *fire(): Generator<void> {}

  #take(row: unknown): void {
    const { sideKey, deleted, limit } = this.#settings;
    const key = sideKey(row);
    if (deleted?.(row)) {
      this.#table.delete(key);
      return;
    }
    this.#table.find(key).value = owned(row);
    if (this.#table.size > limit) {
      throw new MillraceError(
        'ERR_OPERATOR',
        `a side input may have at most limit rows on each worker: limit=${limit}`,
      );
    }
  }
}
