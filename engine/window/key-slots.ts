// The keys of all panes of one operator, each under a small number: its slot. On the thread of the actor.
//
//   key --looked up once a record--> slot --> its place in this pane, in that one, in the window that slides
//
// From there on everything goes by numbers, in arrays that are used again: a window of a thousand panes neither looks up a key a thousand times
// nor leaves anything behind for the collector to find.
//
// A slot is held by the panes that have its key. A key that no pane holds any more waits with its slot for the next pane, for most come again with
// it. Beyond FEW, two rules bound what waits: when a pane gives up its keys, those go that have waited since another did; and when new keys come
// where those that wait do not come again, all that wait go at once.

import { KeyTable } from '../operators/key-table.ts';

/**
 * Keys that may wait in any case, 4 MB of numbers: where keys come in turn, each of them only in every other pane or so, forgetting those of the
 * last pane would be to take all of them anew in each.
 */
const FEW = 32_768;
/** A look goes through all slots: it is worth it when at least one of so many waits. */
const LOOK_AT = 8;
/** As many new keys as this part of those that wait are enough to say whether they come again. */
const ENOUGH_NEW = 4;
/** Not the number of a pane. */
export const NO_PANE = 0;

/** Stands where no key does: `undefined` is one. */
const NO_KEY: unique symbol = Symbol('no key');

export class KeySlots {
  readonly #table = new KeyTable((key) => this.#take(key));
  /** By slot; NO_KEY for one that is free. */
  readonly #keys: unknown[] = [];
  /** By slot, two numbers: the pane that looked the key up last, and its place there. */
  lastFound: Int32Array = new Int32Array(32);
  /** By slot: how many panes hold it. */
  #holders = new Int32Array(16);
  #free: number[] = [];
  /** Numbers of panes that were given out. */
  #panes: number = NO_PANE;
  /** Slots with a holder. */
  #held = 0;
  /** Keys that came anew since what waits was looked at last; that many are enough for the next look; and how many waited then. */
  #new = 0;
  #enoughNew = FEW;
  #waitedThen = 0;

  /** Slots are below this. */
  get limit(): number {
    return this.#keys.length;
  }

  /** Keys that nobody holds. */
  get waiting(): number {
    return this.#table.size - this.#held;
  }

  /**
   * The slot of a key, taken when it has none. Whoever keeps it must hold it before the next key is looked up.
   * @throws MillraceError ERR_OPERATOR for what cannot be a key
   */
  find(key: unknown): number {
    return this.#table.find(key).value as number;
  }

  /** -1 for a key that has none. */
  peek(key: unknown): number {
    const entry = this.#table.peek(key);
    return entry === undefined ? -1 : (entry.value as number);
  }

  /** Of a slot that somebody holds. */
  keyAt(slot: number): unknown {
    return this.#keys[slot];
  }

  /** A number that no other pane of these keys has. */
  nextPane(): number {
    if (this.#panes === 0x7fff_ffff) {
      // They begin anew, and what was found by the first ones must not be taken for what the next ones find.
      this.#panes = NO_PANE;
      this.lastFound.fill(NO_PANE);
    }
    return ++this.#panes;
  }

  hold(slot: number): void {
    if (this.#holders[slot]!++ === 0) this.#held++;
  }

  /** Takes back one hold(). */
  letGo(slot: number): void {
    if (--this.#holders[slot]! === 0) this.#held--;
  }

  /** A pane gives up the first `count` of these. */
  release(slots: Int32Array, count: number): void {
    // Whoever waits now has waited since another pane did.
    const { waiting } = this;
    if (waiting > FEW && waiting * LOOK_AT > this.#keys.length) this.forget();
    const holders = this.#holders;
    let held = this.#held;
    for (let i = 0; i < count; i++) if (--holders[slots[i]!]! === 0) held--;
    this.#held = held;
    this.#look();
  }

  /** Takes their slots from all keys that nobody holds. The lowest will be given out first, so that the limit can come down. */
  forget(): void {
    const keys = this.#keys;
    this.#free = [];
    if (this.#held === 0) {
      this.#table.clear();
      keys.length = 0;
    }
    for (let slot = keys.length - 1; slot >= 0; slot--) {
      if (this.#holders[slot]! > 0) continue;
      if (keys[slot] !== NO_KEY) this.#table.delete(keys[slot]);
      keys[slot] = NO_KEY;
      if (slot === keys.length - 1) keys.pop();
      else this.#free.push(slot);
    }
    this.#look();
  }

  #look(): void {
    this.#new = 0;
    this.#waitedThen = this.waiting;
    this.#enoughNew = Math.max(FEW, Math.ceil(this.#waitedThen / ENOUGH_NEW));
  }

  #take(key: unknown): number {
    if (++this.#new > this.#enoughNew) {
      // More have come anew than have come again.
      if (this.waiting > FEW && this.#waitedThen - this.waiting < this.#new) this.forget();
      else this.#look();
    }
    const slot = this.#free.pop() ?? this.#keys.length;
    this.#keys[slot] = key;
    if (slot >= this.#holders.length) {
      this.#holders = doubled(this.#holders);
      this.lastFound = doubled(this.lastFound);
    }
    this.lastFound[2 * slot] = NO_PANE;
    return slot;
  }
}

function doubled(numbers: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(numbers.length * 2);
  larger.set(numbers);
  return larger;
}
