// States of more keys than memory holds: those used lately in the heap, the others in a cold store. On the thread of the actor.
//
//   find -> young -- no --> old -- no --> cold store -- no --> made
//             ^ promoted     |  a few hundred at a time, when both together are too many
//             +--------------+----------> cold store
//
// When old is empty, young becomes old: an entry leaves the heap when it has not been used for as long as it takes to find as many others
// (the second chance of the clock algorithm, without its bits). An entry in the heap is newer than its bytes in the store; it is written back
// whole. Timers stay in the heap whatever becomes of their key's state; so does a key that is too long for the store.
//
// Semantics are those of MemoryKeyStore: both pass the same tests.

import { inspect } from 'node:util';
import { deserialize, serialize } from 'node:v8';
import { MillraceError, messageOf } from '../errors/millrace-error.ts';
import { LIMITS } from '../limits.ts';
import { type KeyEntry, KeyTable } from '../operators/key-table.ts';
import { compositeKey, partitionOf } from '../partition/key-hash.ts';
import { type ColdChange, type ColdState, type ColdStore, coldKey } from './cold-store.ts';
import type { KeyStore } from './key-store.ts';
import type { HasTimers } from './key-timers.ts';

/** What this store knows of the value of an entry. */
interface SpillableState extends HasTimers {
  cells: unknown[];
  texts: string[] | undefined;
}

/** An entry in the heap, and whether the cold store has an older copy of it. */
interface Held {
  entry: KeyEntry;
  isStored: boolean;
}

/** Written in one transaction: about a millisecond. */
const SPILLED_AT_ONCE = 256;
/** Entries between two looks at how large they are, and how many are looked at. */
const FOUND_BETWEEN_LOOKS = 4_096;
const LOOKED_AT = 8;
/** Until the first look. */
const ASSUMED_BYTES = 100;
/** What an entry takes in the heap beside its values; and what a byte of them does, for objects are wider than their bytes. Measured. */
const ENTRY_BYTES = 300;
const HEAP_BYTES_A_BYTE = 3;

export class SpillingKeyStore implements KeyStore {
  readonly #create: () => SpillableState;
  readonly #cold: ColdStore;
  readonly #memoryBytes: number;
  #young: KeyTable;
  #old: KeyTable;
  #spilling: Iterator<KeyEntry> | undefined;
  /** Timers of keys whose state is in the cold store. */
  readonly #timers = new KeyTable((): HasTimers => ({ event: undefined, processing: undefined }));
  /** How many keys memory holds. */
  #limitKeys: number;
  #sinceLook = 0;

  constructor(create: () => SpillableState, { open, memoryBytes }: ColdState) {
    this.#create = create;
    this.#cold = open();
    this.#memoryBytes = memoryBytes;
    this.#limitKeys = limitKeys(memoryBytes, ASSUMED_BYTES);
    this.#young = this.#table();
    this.#old = this.#table();
  }

  find(key: unknown): KeyEntry {
    const held = this.#young.peek(key)?.value as Held | undefined;
    return held === undefined ? this.#fetch(key) : held.entry;
  }

  delete(entry: KeyEntry): void {
    const held = this.#young.find(entry.key).value as Held;
    // The older copy is removed when the empty state is spilled.
    if (!held.isStored) this.#young.delete(entry.key);
  }

  *entries(partition: number): Generator<KeyEntry> {
    for (const table of [this.#young, this.#old]) {
      for (const { key, value } of table.entries()) {
        const { entry } = value as Held;
        if (partitionOf(key) === partition && !isEmpty(entry.value as SpillableState)) yield entry;
      }
    }
    const end = partition + 1 < LIMITS.partitions ? Uint8Array.of(partition + 1) : undefined;
    for (const { value } of this.#cold.range(Uint8Array.of(partition), end)) {
      const [key, cells] = deserialize(value) as [unknown, unknown[]];
      if (this.#young.peek(key) !== undefined || this.#old.peek(key) !== undefined) continue;
      const timers = this.#timers.peek(key)?.value as HasTimers | undefined;
      yield { key, value: { ...this.#create(), ...timers, cells } };
    }
  }

  drop(partition: number): void {
    for (const table of [this.#young, this.#old, this.#timers]) {
      for (const { key } of [...table.entries()]) if (partitionOf(key) === partition) table.delete(key);
    }
    this.#spilling = undefined;
    const end = partition + 1 < LIMITS.partitions ? Uint8Array.of(partition + 1) : undefined;
    const stored = [...this.#cold.range(Uint8Array.of(partition), end)];
    this.#cold.write(stored.map(({ key }) => ({ key })));
  }

  get size(): number {
    let size = this.#cold.size;
    for (const table of [this.#young, this.#old]) {
      for (const { value } of table.entries()) {
        const { entry, isStored } = value as Held;
        if (!isEmpty(entry.value as SpillableState)) size++;
        if (isStored) size--;
      }
    }
    return size;
  }

  close(): void | Promise<void> {
    return this.#cold.close();
  }

  #table(): KeyTable {
    return new KeyTable((): Held => ({ entry: { key: undefined, value: this.#create() }, isStored: false }));
  }

  /** Into young, from where it is. */
  #fetch(key: unknown): KeyEntry {
    if (++this.#sinceLook >= FOUND_BETWEEN_LOOKS) this.#look();
    if (this.#young.size + this.#old.size >= this.#limitKeys) this.#spill();
    const older = this.#old.peek(key);
    if (older !== undefined) {
      this.#old.delete(key);
      const promoted = this.#young.find(key);
      promoted.value = older.value;
      return (older.value as Held).entry;
    }
    const stored = this.#read(key);
    const made = this.#young.find(key);
    // Its own copy of the key, not what the record holds.
    const held: Held = {
      entry: { key: made.key, value: (made.value as Held).entry.value },
      isStored: stored !== undefined,
    };
    made.value = held;
    if (stored !== undefined) {
      const state = held.entry.value as SpillableState;
      state.cells = stored;
      const timers = this.#timers.peek(key)?.value as HasTimers | undefined;
      if (timers !== undefined) {
        Object.assign(state, timers);
        this.#timers.delete(key);
      }
    }
    return held.entry;
  }

  #read(key: unknown): unknown[] | undefined {
    const bytes = this.#bytesOf(key);
    const value = bytes === undefined ? undefined : this.#cold.get(bytes);
    return value === undefined ? undefined : (deserialize(value) as [unknown, unknown[]])[1];
  }

  #bytesOf(key: unknown): Uint8Array | undefined {
    return coldKey(partitionOf(key), compositeKey([key]));
  }

  /** Moves some entries that have not been used for long into the cold store. */
  #spill(): void {
    if (this.#old.size === 0) {
      [this.#young, this.#old] = [this.#old, this.#young];
      this.#spilling = undefined;
    }
    this.#spilling ??= this.#old.entries();
    const changes: ColdChange[] = [];
    const spilled: KeyEntry[] = [];
    while (spilled.length < SPILLED_AT_ONCE) {
      const step = this.#spilling.next();
      if (step.done === true) {
        this.#spilling = undefined;
        break;
      }
      const { entry, isStored } = step.value.value as Held;
      const key = this.#bytesOf(entry.key);
      if (key === undefined) this.#young.find(entry.key).value = step.value.value;
      else if (!isEmpty(entry.value as SpillableState)) changes.push({ key, value: this.#bytes(entry) });
      else if (isStored) changes.push({ key });
      spilled.push(entry);
    }
    this.#cold.write(changes);
    for (const { key, value } of spilled) {
      this.#old.delete(key);
      const { event, processing } = value as SpillableState;
      if (this.#young.peek(key) !== undefined || (event === undefined && processing === undefined)) continue;
      Object.assign(this.#timers.find(key).value as HasTimers, { event, processing });
    }
  }

  #bytes({ key, value }: KeyEntry): Uint8Array {
    try {
      return serialize([key, (value as SpillableState).cells]);
    } catch (error) {
      const rule = 'state must be data that structured clone keeps: that of key';
      throw new MillraceError('ERR_OPERATOR', `${rule} ${inspect(key)} is not (${messageOf(error)})`, { cause: error });
    }
  }

  /** How many keys memory holds, by the size of some of them. */
  #look(): void {
    this.#sinceLook = 0;
    let bytes = 0;
    let looked = 0;
    for (const { value } of this.#young.entries()) {
      bytes += this.#bytes((value as Held).entry).length;
      if (++looked === LOOKED_AT) break;
    }
    if (looked > 0)
      this.#limitKeys = Math.floor(this.#memoryBytes / (ENTRY_BYTES + (HEAP_BYTES_A_BYTE * bytes) / looked));
  }
}

function limitKeys(memoryBytes: number, bytesAKey: number): number {
  return Math.max(1, Math.floor(memoryBytes / (ENTRY_BYTES + HEAP_BYTES_A_BYTE * bytesAKey)));
}

function isEmpty({ cells, event, processing }: SpillableState): boolean {
  return event === undefined && processing === undefined && cells.every((cell) => cell === undefined);
}
