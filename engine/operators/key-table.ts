// key -> accumulator. On the thread of the actor.
//
// A Map finds numbers and strings by value; composite keys are found by a string made of their parts (engine/partition/key-hash.ts),
// in a Map of their own, so that no string can be taken for one.
//
// Before the Map, numbers are looked up in an array by their low bits, where each finds itself unless another number was found there since:
// 4 instead of 7 ns a find among a thousand keys, 40 instead of 150 among half a million, for a Map chases three pointers and the array one.

import { ownString } from '../aggregate/own-string.ts';
import { compositeKey, hashKey } from '../partition/key-hash.ts';

export interface KeyEntry {
  readonly key: unknown;
  /** Replaced by what add() or combine() return. */
  value: unknown;
}

/** A table as data: keys and values in turn. */
export type StoredEntries = readonly unknown[];

/** Stands where no entry does: no number is equal to its key. Not frozen, or V8 would see entries of two kinds. */
const NO_ENTRY: KeyEntry = { key: Number.NaN, value: undefined };
const FEWEST_RECENT = 16;
/** 32 MiB of pointers. More keys than this share places. */
const MOST_RECENT = 1 << 22;

export class KeyTable {
  readonly #create: (key: unknown) => unknown;
  #simple = new Map<unknown, KeyEntry>();
  #composite = new Map<string, KeyEntry>();
  /** Entries of numbers, by their low bits: each the one found last. As many places as there are keys, to the next power of two. */
  #recent: KeyEntry[] = [NO_ENTRY];
  #recentMask = 0;

  /** @param create the value of a key that is new here; given the key as the entry holds it */
  constructor(create: (key: unknown) => unknown) {
    this.#create = create;
  }

  /** The way back from toData(). What find() makes has no value. */
  static of(stored: StoredEntries): KeyTable {
    const table = new KeyTable(() => undefined);
    for (let i = 0; i < stored.length; i += 2) table.find(stored[i]).value = stored[i + 1];
    return table;
  }

  toData(): StoredEntries {
    const data: unknown[] = [];
    for (const { key, value } of this.entries()) data.push(key, value);
    return data;
  }

  get size(): number {
    return this.#simple.size + this.#composite.size;
  }

  /** The entry of a key, made when there is none. @throws MillraceError ERR_OPERATOR for what cannot be a key */
  find(key: unknown): KeyEntry {
    if (typeof key === 'number') {
      const recent = this.#recent[key & this.#recentMask]!;
      return recent.key === key ? recent : this.#findNumber(key);
    }
    if (typeof key === 'object' && key !== null) return this.#findComposite(key);
    const entry = this.#simple.get(key);
    return entry === undefined ? this.#insert(key) : entry;
  }

  /** The entry of a key, if there is one. */
  peek(key: unknown): KeyEntry | undefined {
    if (typeof key === 'object' && key !== null) return this.#composite.get(compositeKey(key));
    return this.#simple.get(key);
  }

  /** Takes back what find() made for a record that was then given up. */
  delete(key: unknown): void {
    if (typeof key === 'object' && key !== null) this.#composite.delete(compositeKey(key));
    else {
      this.#simple.delete(key);
      if (typeof key === 'number') this.#recent[key & this.#recentMask] = NO_ENTRY;
    }
  }

  /** In the order in which they were made, simple keys first. None may be added while they are drawn. */
  entries(): IterableIterator<KeyEntry> {
    // The Map's own iterator is compiled into the loop that draws; a generator around it takes as long again.
    if (this.#composite.size === 0) return this.#simple.values();
    return this.#simple.size === 0 ? this.#composite.values() : this.#bothKinds();
  }

  *#bothKinds(): Generator<KeyEntry> {
    yield* this.#simple.values();
    yield* this.#composite.values();
  }

  /** Moves all entries to a table of their own: this one begins anew. */
  detach(): KeyTable {
    const other = new KeyTable(this.#create);
    other.#simple = this.#simple;
    other.#composite = this.#composite;
    this.#simple = new Map();
    this.#composite = new Map();
    this.#forgetRecent();
    return other;
  }

  clear(): void {
    this.#simple.clear();
    this.#composite.clear();
    this.#forgetRecent();
  }

  #forgetRecent(): void {
    this.#recent = [NO_ENTRY];
    this.#recentMask = 0;
  }

  #findNumber(key: number): KeyEntry {
    const entry = this.#simple.get(key) ?? this.#insert(key);
    if (this.#simple.size > this.#recent.length && this.#recent.length < MOST_RECENT) {
      const places = Math.max(FEWEST_RECENT, this.#recent.length * 2);
      this.#recent = new Array(places).fill(NO_ENTRY);
      this.#recentMask = places - 1;
    }
    this.#recent[key & this.#recentMask] = entry;
    return entry;
  }

  // Apart from find(), which is inlined into the compiled loops.
  #insert(key: unknown): KeyEntry {
    // A Map would take these for keys.
    if (typeof key === 'symbol' || typeof key === 'function') hashKey(key);
    // A string cut from a frame would keep the text of the whole frame alive for as long as the key lives.
    const owned = typeof key === 'string' ? ownString(key) : typeof key === 'number' ? unboxed(key) : key;
    const entry: KeyEntry = { key: owned, value: this.#create(owned) };
    this.#simple.set(owned, entry);
    return entry;
  }

  #findComposite(key: object): KeyEntry {
    const text = compositeKey(key);
    let entry = this.#composite.get(text);
    if (entry === undefined) {
      const own = frozen(structuredClone(key));
      entry = { key: own, value: this.#create(own) };
      this.#composite.set(ownString(text), entry);
    }
    return entry;
  }
}

/**
 * Operators hand out keys with their results, more than once. Whoever changed one in place would move what the table has under it: an error
 * instead. (Dates cannot be frozen.)
 */
function frozen<T>(key: T): T {
  if (typeof key !== 'object' || key === null) return key;
  for (const part of Object.values(key)) frozen(part);
  return Object.freeze(key);
}

/** An integer that was computed as a double may sit in a box, into which the Map would look at every find: 3 ns. -0 becomes 0. */
function unboxed(key: number): number {
  return (key | 0) === key ? key | 0 : key;
}
