// A table of more keys than memory holds, for state that is looked up: what was used lately in the heap, the rest in a cold store. On the thread of
// the actor.
//
//   find -> young -- no --> old -- no --> cold store -- no --> made
//             ^ promoted     |  a few hundred at a time, when both together are too many: relieve()
//             +--------------+----------> cold store
//
// When old is empty, young becomes old: an entry leaves the heap when it has not been used for as long as it takes to find as many others
// (the second chance of the clock algorithm, without its bits). An entry in the heap is newer than its bytes in the store; it is written back
// whole, if it was found since, and not only looked at. What cannot be stored stays in the heap: a key that is too long, and what `residue` says.
//
// Between two calls of relieve() it says what a KeyTable says, entries stay good, and memory grows by what is found: both pass the same tests.

import { LIMITS } from '../limits.ts';
import { type KeyEntry, KeyTable } from '../operators/key-table.ts';
import { partitionOf } from '../partition/key-hash.ts';
import { coldKey, keyOf } from './cold-key.ts';
import type { ColdChange, ColdState, ColdStore } from './cold-store.ts';
import { DataReader, DataWriter } from './data-codec.ts';
import type { KeyStore } from './key-store.ts';
import { MemoryShare, notStorable } from './memory-share.ts';

/** How the values of a table leave memory and come back. */
export interface Spillable<V> {
  readonly create: () => V;
  /** What is stored: data that structured clone keeps. */
  readonly toData: (value: V) => unknown;
  readonly fromData: (data: unknown) => V;
  /** Says no more than that the key is not there. */
  readonly isBlank: (value: V) => boolean;
  /** What stays in memory while the rest is away; undefined for nothing. */
  readonly residue?: (value: V) => unknown;
  readonly rejoin?: (value: V, residue: unknown) => void;
}

/** An entry of young or old. */
interface Held extends KeyEntry {
  /** The cold store has a copy, maybe an older one; undefined when it was just made. */
  isStored?: boolean;
  /** May be newer than that copy. */
  isDirty?: boolean;
}

/** Written in one transaction: about a millisecond. */
const SPILLED_AT_ONCE = 256;
/** Entries fetched between two looks at how large they are. */
const FETCHED_BETWEEN_LOOKS = 4_096;
/** What an entry takes in the heap beside its values. Measured. */
const ENTRY_BYTES = 300;

/** State by key in memory, or beyond. `spilling` is the same table where it is beyond, for what only that one has to do. */
export interface StateTable<V> {
  readonly table: KeyTable | SpillingTable<V>;
  readonly spilling: SpillingTable<V> | undefined;
}

/** A call site that has seen one kind of table is as fast as if there were no other: jobs keep all state of a kind in one way. */
export function stateTable<V>(of: Spillable<V>, cold: ColdState | undefined): StateTable<V> {
  if (cold === undefined) return { table: new KeyTable(of.create), spilling: undefined };
  const spilling = new SpillingTable(of, cold);
  return { table: spilling, spilling };
}

export class SpillingTable<V> implements KeyStore {
  readonly #of: Spillable<V>;
  readonly #open: () => ColdStore;
  readonly #share: MemoryShare;
  /** Opened when it is first needed. */
  #cold: ColdStore | undefined;
  #young: KeyTable;
  #old: KeyTable;
  #spilling: Iterator<KeyEntry> | undefined;
  /** Of keys that are in the cold store. */
  readonly #residues = new KeyTable(() => undefined);
  readonly #writer = new DataWriter();
  readonly #reader = new DataReader();
  /** Of the value that was fetched last. */
  #wasStored = false;
  #wasDirty = false;
  /** Its bytes, where peek() has read them. */
  #peeked: Uint8Array | undefined;
  #fetched = 0;
  #sinceLook = 0;

  constructor(of: Spillable<V>, { open, memoryBytes }: ColdState) {
    this.#of = of;
    this.#open = open;
    this.#share = new MemoryShare(memoryBytes, ENTRY_BYTES);
    this.#young = this.#table();
    this.#old = this.#table();
  }

  /** The entry of a key, made when there is none; good until relieve(). @throws MillraceError ERR_OPERATOR for what cannot be a key */
  find(key: unknown): KeyEntry {
    const entry = this.#young.find(key) as Held;
    if (entry.isStored === undefined) this.#mark(entry);
    entry.isDirty = true;
    return entry;
  }

  /** The entry of a key, if there is one. What it holds may not be changed, or touch() must be told: it would not be written back. */
  peek(key: unknown): KeyEntry | undefined {
    let entry = this.#young.peek(key) as Held | undefined;
    if (entry === undefined) {
      if (this.#old.peek(key) === undefined) {
        this.#peeked = this.#read(key);
        if (this.#peeked === undefined) return undefined;
      }
      entry = this.#young.find(key) as Held;
      this.#mark(entry);
    }
    return this.#of.isBlank(entry.value as V) ? undefined : entry;
  }

  /** What was peeked at changes. */
  touch(entry: KeyEntry): void {
    (entry as Held).isDirty = true;
  }

  /** Forgets a key. */
  delete(key: unknown): void {
    const entry = this.#young.peek(key) as Held | undefined;
    if (entry === undefined && this.peek(key) === undefined) return;
    const held = this.find(key) as Held;
    // The older copy is removed when the blank value is spilled.
    if (held.isStored === true) held.value = this.#of.create();
    else this.#young.delete(key);
  }

  /** Forgets the key of a blank entry, if that is still the one of its key. */
  discard(entry: KeyEntry): void {
    if (this.#young.peek(entry.key) === entry) this.delete(entry.key);
  }

  /** Makes room where there is too little: no entry that was found before is good any more. */
  relieve(): void {
    if (this.#sinceLook >= FETCHED_BETWEEN_LOOKS) {
      this.#sinceLook = 0;
      const { toData } = this.#of;
      this.#share.look(this.#young.entries(), ({ key, value }) => ({ key, value: toData(value as V) }));
    }
    for (let left = this.#fetched; left >= 0; left -= SPILLED_AT_ONCE) {
      if (this.#young.size + this.#old.size < this.#share.keys) break;
      this.#spill();
    }
    this.#fetched = 0;
  }

  /** All entries, in no order. Nothing may be found, deleted or relieved meanwhile. */
  entries(): Generator<KeyEntry> {
    return this.#entries(undefined);
  }

  entriesOf(partition: number): Generator<KeyEntry> {
    return this.#entries(partition);
  }

  drop(partition: number): void {
    for (const table of [this.#young, this.#old, this.#residues]) {
      for (const { key } of [...table.entries()]) if (partitionOf(key) === partition) table.delete(key);
    }
    this.#spilling = undefined;
    this.#dropStored(partition);
  }

  /** Forgets all. */
  clear(): void {
    for (const table of [this.#young, this.#old, this.#residues]) table.clear();
    this.#spilling = undefined;
    if (this.#cold === undefined || this.#cold.size === 0) return;
    for (let partition = 0; partition < LIMITS.partitions; partition++) this.#dropStored(partition);
  }

  #dropStored(partition: number): void {
    const changes: ColdChange[] = [];
    for (const { key } of this.#stored(partition)) changes.push({ key: Buffer.from(key) });
    if (changes.length > 0) this.#cold!.write(changes);
  }

  get size(): number {
    let size = this.#cold?.size ?? 0;
    for (const table of [this.#young, this.#old]) {
      for (const { value, isStored } of table.entries() as Iterable<Held>) {
        if (!this.#of.isBlank(value as V)) size++;
        if (isStored === true) size--;
      }
    }
    return size;
  }

  close(): void | Promise<void> {
    return this.#cold?.close();
  }

  #table(): KeyTable {
    return new KeyTable((key) => this.#fetch(key));
  }

  #mark(entry: Held): void {
    entry.isStored = this.#wasStored;
    entry.isDirty = this.#wasDirty;
  }

  /** The value of a key that young does not have. */
  #fetch(key: unknown): V {
    this.#fetched++;
    this.#sinceLook++;
    const older = this.#old.peek(key) as Held | undefined;
    this.#wasStored = older?.isStored === true;
    this.#wasDirty = older?.isDirty === true;
    if (older !== undefined) {
      this.#old.delete(key);
      return older.value as V;
    }
    const bytes = this.#peeked ?? this.#read(key);
    this.#peeked = undefined;
    if (bytes === undefined) return this.#of.create();
    this.#wasStored = true;
    const value = this.#of.fromData(this.#dataOf(key, bytes));
    const residue = this.#residues.peek(key);
    if (residue !== undefined) {
      this.#residues.delete(key);
      this.#of.rejoin!(value, residue.value);
    }
    return value;
  }

  #read(key: unknown): Uint8Array | undefined {
    if (this.#cold === undefined) return undefined;
    const bytes = coldKey(key);
    return bytes === undefined ? undefined : this.#cold.get(bytes);
  }

  #dataOf(key: unknown, bytes: Uint8Array): unknown {
    const read = this.#reader.read(bytes);
    return hasOwnText(key) ? read : (read as [unknown, unknown])[1];
  }

  #bytesOf({ key, value }: KeyEntry): Uint8Array {
    const data = this.#of.toData(value as V);
    try {
      return this.#writer.write(hasOwnText(key) ? data : [key, data]);
    } catch (error) {
      throw notStorable(key, error);
    }
  }

  *#entries(partition: number | undefined): Generator<KeyEntry> {
    for (const table of [this.#young, this.#old]) {
      for (const entry of table.entries()) {
        const isAsked = partition === undefined || partitionOf(entry.key) === partition;
        if (isAsked && !this.#of.isBlank(entry.value as V)) yield entry;
      }
    }
    for (const { key: bytes, value: stored } of this.#stored(partition)) {
      const read = this.#reader.read(stored);
      const named = keyOf(bytes);
      const [key, data] = named === undefined ? (read as [unknown, unknown]) : [named.key, read];
      if (this.#young.peek(key) !== undefined || this.#old.peek(key) !== undefined) continue;
      const value = this.#of.fromData(data);
      const residue = this.#residues.peek(key);
      if (residue !== undefined) this.#of.rejoin!(value, residue.value);
      yield { key, value };
    }
  }

  #stored(partition: number | undefined): Iterable<{ readonly key: Uint8Array; readonly value: Uint8Array }> {
    if (this.#cold === undefined) return [];
    const isLast = partition === undefined || partition + 1 === LIMITS.partitions;
    return this.#cold.range(Uint8Array.of(partition ?? 0), isLast ? undefined : Uint8Array.of(partition + 1));
  }

  /** Moves some entries that have not been used for long into the cold store. */
  #spill(): void {
    if (this.#old.size === 0) {
      [this.#young, this.#old] = [this.#old, this.#young];
      this.#spilling = undefined;
    }
    this.#spilling ??= this.#old.entries();
    this.#writer.reset();
    const changes: ColdChange[] = [];
    const spilled: Held[] = [];
    while (spilled.length < SPILLED_AT_ONCE) {
      const step = this.#spilling.next();
      if (step.done === true) {
        this.#spilling = undefined;
        break;
      }
      const entry = step.value as Held;
      spilled.push(entry);
      if (entry.isStored === true && entry.isDirty !== true) continue;
      const key = coldKey(entry.key);
      const isBlank = this.#of.isBlank(entry.value as V);
      // A blank one comes to nothing where it was.
      if (key === undefined) this.#stay(entry);
      else if (!isBlank) changes.push({ key, value: this.#bytesOf(entry) });
      else if (entry.isStored === true) changes.push({ key });
    }
    this.#cold ??= this.#open();
    this.#cold.write(changes);
    for (const { key, value } of spilled) {
      this.#old.delete(key);
      const residue = this.#of.residue?.(value as V);
      if (residue !== undefined && this.#young.peek(key) === undefined) this.#residues.find(key).value = residue;
    }
  }

  /** Back to young: it cannot be stored. */
  #stay(entry: Held): void {
    if (this.#of.isBlank(entry.value as V)) return;
    const young = this.#young.find(entry.key) as Held;
    young.value = entry.value;
    young.isStored = false;
    young.isDirty = true;
  }
}

/** Keys that their bytes in the store tell: others are stored beside the data. */
function hasOwnText(key: unknown): boolean {
  return typeof key === 'string' || typeof key === 'number';
}
