// key -> accumulator. On the thread of the actor.
//
// A Map finds numbers and strings by value; composite keys are found by a string made of their parts (engine/partition/key-hash.ts),
// in a Map of their own, so that no string can be taken for one.

import { ownString } from '../aggregate/own-string.ts';
import { compositeKey, hashKey } from '../partition/key-hash.ts';

export interface KeyEntry {
  readonly key: unknown;
  /** Replaced by what add() or combine() return. */
  value: unknown;
}

/** A table as data: keys and values in turn. */
export type StoredEntries = readonly unknown[];

export class KeyTable {
  /** How often a key was looked up to have a value added, where somebody counts. */
  finds = 0;
  readonly #create: (key: unknown) => unknown;
  #simple = new Map<unknown, KeyEntry>();
  #composite = new Map<string, KeyEntry>();

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
    else this.#simple.delete(key);
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
    return other;
  }

  clear(): void {
    this.#simple.clear();
    this.#composite.clear();
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
      const own = structuredClone(key);
      entry = { key: own, value: this.#create(own) };
      this.#composite.set(ownString(text), entry);
    }
    return entry;
  }
}

/** An integer that was computed as a double may sit in a box, into which the Map would look at every find: 3 ns. -0 becomes 0. */
function unboxed(key: number): number {
  return (key | 0) === key ? key | 0 : key;
}
