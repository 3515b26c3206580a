// Where the states of an actor's keys are: in memory, or beyond a bound elsewhere. On the thread of the actor.

import { LIMITS } from '../limits.ts';
import { type KeyEntry, KeyTable } from '../operators/key-table.ts';
import { partitionOf } from '../partition/key-hash.ts';

/** Entries are good until relieve(). */
export interface KeyStore {
  /** The entry of a key, made when there is none. @throws MillraceError ERR_OPERATOR for what cannot be a key */
  find(key: unknown): KeyEntry;
  /** Forgets a key that was just found. */
  delete(key: unknown): void;
  /** Keeps to the bound of memory, where there is one. */
  relieve(): void;
  /** All entries of one partition. Nothing may be found or deleted meanwhile. */
  entriesOf(partition: number): Iterable<KeyEntry>;
  /** Forgets a whole partition. */
  drop(partition: number): void;
  /** How many keys there are. */
  readonly size: number;
  close(): void | Promise<void>;
}

export class MemoryKeyStore implements KeyStore {
  readonly #tables: (KeyTable | undefined)[] = new Array(LIMITS.partitions).fill(undefined);
  readonly #create: () => unknown;

  constructor(create: () => unknown) {
    this.#create = create;
  }

  find(key: unknown): KeyEntry {
    const partition = partitionOf(key);
    const table = (this.#tables[partition] ??= new KeyTable(this.#create));
    return table.find(key);
  }

  delete(key: unknown): void {
    this.#tables[partitionOf(key)]!.delete(key);
  }

  relieve(): void {}

  entriesOf(partition: number): Iterable<KeyEntry> {
    return this.#tables[partition]?.entries() ?? [];
  }

  drop(partition: number): void {
    this.#tables[partition] = undefined;
  }

  get size(): number {
    return this.#tables.reduce((sum, table) => sum + (table?.size ?? 0), 0);
  }

  close(): void {}
}
