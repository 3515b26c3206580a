// What one pane holds: a value for each of its keys, side by side in arrays. On the thread of the actor.
//
//   key -> slot -> place       slots    | 17 |  4 | 92 |         the place of a key in both arrays: in the order in which keys came
//                              values   | v0 | v1 | v2 |
//
// A key remembers its place in the pane that looked it up last: 4 ns a record less than looking it up again. Else places are found by open
// addressing with linear probing, over twice as many numbers as there are keys; slots next to each other are scattered (Fibonacci
// hashing: Knuth, The Art of Computer Programming, vol. 3, 6.4), for runs of them would pile up.
// An array of numbers holds them unboxed, so sums cost no garbage; and a pane that is done with is used again for the next one.

import type { KeyEntry } from '../operators/key-table.ts';
import { type KeySlots, NO_PANE } from './key-slots.ts';

/** Keys by their slots, and their values, side by side: the first `size` of both. */
export interface SlotValues {
  readonly slots: Int32Array;
  readonly values: ArrayLike<unknown>;
  readonly size: number;
}

/** What is held by places: told from the first to the last. */
export interface Placed {
  readonly places: number;
  /** Whether anything is there. */
  has(place: number): boolean;
  keyAt(place: number): unknown;
  valueAt(place: number): unknown;
}

const FEWEST_PLACES = 16;
const GOLDEN = 0x9e3779b1;

export class Pane implements Placed, SlotValues {
  /** How many keys it has. */
  size = 0;
  /** How often a key was looked up to have a value added, where somebody counts. */
  finds = 0;
  /** By place: the slot of the key. */
  slots: Int32Array = new Int32Array(FEWEST_PLACES);
  /** By place; replaced by what add() or combine() return. */
  readonly values: unknown[] = [];
  readonly #keys: KeySlots;
  readonly #create: (key: unknown) => unknown;
  #number: number;
  /** By hash of the slot: its place plus 1, or 0. */
  #index = new Int32Array(2 * FEWEST_PLACES);
  /** What is left of a hash of 32 bits. */
  #shift = 32 - Math.log2(2 * FEWEST_PLACES);

  /** @param create the value of a key that is new here; given the key as it is kept */
  constructor(keys: KeySlots, create: (key: unknown) => unknown) {
    this.#keys = keys;
    this.#create = create;
    this.#number = keys.nextPane();
  }

  /** The place of a key, made when it has none. @throws MillraceError ERR_OPERATOR for what cannot be a key */
  place(key: unknown): number {
    const slot = this.#keys.find(key);
    const { lastFound } = this.#keys;
    return lastFound[2 * slot] === this.#number ? lastFound[2 * slot + 1]! : this.#find(slot);
  }

  /** As `place`, by the slot of a key that somebody holds. */
  placeOfSlot(slot: number): number {
    return this.#find(slot);
  }

  /** -1 for a key that has none. */
  peek(key: unknown): number {
    const slot = this.#keys.peek(key);
    return slot < 0 ? -1 : this.#index[this.#positionOf(slot)]! - 1;
  }

  /** Takes back what place() made for a record that was then given up: the last one that was made. */
  removeLast(): void {
    const slot = this.slots[--this.size]!;
    // Nothing was put behind it since, so no chain of probes leads over it.
    this.#index[this.#positionOf(slot)] = 0;
    this.#keys.lastFound[2 * slot] = NO_PANE;
    this.#keys.letGo(slot);
  }

  get places(): number {
    return this.size;
  }

  has(): boolean {
    return true;
  }

  keyAt(place: number): unknown {
    return this.#keys.keyAt(this.slots[place]!);
  }

  valueAt(place: number): unknown {
    return this.values[place];
  }

  /** In the order of places. */
  *entries(): Generator<KeyEntry> {
    for (let place = 0; place < this.size; place++) yield { key: this.keyAt(place), value: this.values[place] };
  }

  /** Puts back what somebody kept for it, who held the slot. It must not be there. */
  restore(slot: number, value: unknown): void {
    this.#put(this.#positionOf(slot), slot, value);
  }

  /** Forgets all that it has; `handedOn` when its slots are now held by somebody else. */
  clear(handedOn = false): void {
    if (!handedOn) this.#keys.release(this.slots, this.size);
    this.#index.fill(0);
    this.#number = this.#keys.nextPane();
    // Numbers are left to be written over, objects would live on.
    if (this.size > 0 && typeof this.values[0] !== 'number') this.values.length = 0;
    this.size = 0;
    this.finds = 0;
  }

  /** Keys that there is room for. */
  get capacity(): number {
    return this.slots.length;
  }

  #find(slot: number): number {
    const at = this.#positionOf(slot);
    let place = this.#index[at]! - 1;
    if (place < 0) {
      const value = this.#create(this.#keys.keyAt(slot));
      this.#keys.hold(slot);
      place = this.#put(at, slot, value);
    }
    const { lastFound } = this.#keys;
    lastFound[2 * slot] = this.#number;
    lastFound[2 * slot + 1] = place;
    return place;
  }

  /** Where the slot is in the index, or where it would be put. */
  #positionOf(slot: number): number {
    const index = this.#index;
    const mask = index.length - 1;
    for (let at = Math.imul(slot, GOLDEN) >>> this.#shift; ; at = (at + 1) & mask) {
      const place = index[at]! - 1;
      if (place < 0 || this.slots[place] === slot) return at;
    }
  }

  #put(at: number, slot: number, value: unknown): number {
    const place = this.size++;
    this.slots[place] = slot;
    if (place < this.values.length) this.values[place] = value;
    else this.values.push(value);
    this.#index[at] = place + 1;
    if (this.size === this.slots.length) this.#grow();
    return place;
  }

  #grow(): void {
    const slots = new Int32Array(this.slots.length * 2);
    slots.set(this.slots);
    this.slots = slots;
    this.#index = new Int32Array(slots.length * 2);
    this.#shift--;
    for (let place = 0; place < this.size; place++) this.#index[this.#positionOf(slots[place]!)] = place + 1;
  }
}
