// The keys of all panes of one operator, each under a small number: its slot. On the thread of the actor.
//
//   key --looked up once a record--> slot --> its place in this pane, in that one, in the window that slides
//
// From there on everything goes by numbers, in arrays that are used again: a window of a thousand panes neither looks up a key a thousand times
// nor leaves anything behind for the collector to find.
//
// A slot is held by the panes that have its key. A key that no pane holds any more keeps its slot for a while, for most come again with the
// next pane; when more wait than two times the keys that were held of late, all that wait go.

import { KeyTable } from '../operators/key-table.ts';

/** Keys that may wait in any case: few are not worth a look. */
const FEW = 1_024;
/** How slowly it is forgotten that there were more keys, in releases: a burst is after some hundred panes. */
const MEMORY = 64;
/** Not the number of a pane. */
export const NO_PANE = 0;

/** A key that panes know. */
export interface KeySlot {
  readonly key: unknown;
  readonly slot: number;
  /** The pane that looked it up last, by its number, and its place there. */
  pane: number;
  place: number;
}

export class KeySlots {
  readonly #table = new KeyTable((key) => this.#take(key));
  /** By slot; undefined for one that is free. */
  readonly #slots: (KeySlot | undefined)[] = [];
  /** By slot: how many panes hold it. */
  #holders = new Int32Array(16);
  #free: number[] = [];
  /** Numbers of panes that were given out. */
  #panes: number = NO_PANE;
  /** Slots with a holder. */
  #held = 0;
  /** About as many as were held of late. */
  #heldOfLate = 0;

  /** Slots are below this. */
  get limit(): number {
    return this.#slots.length;
  }

  /** The slot of a key, made when it has none. Whoever keeps it must hold it. @throws MillraceError ERR_OPERATOR for what cannot be a key */
  find(key: unknown): KeySlot {
    return this.#table.find(key).value as KeySlot;
  }

  /** -1 for a key that has none. */
  peek(key: unknown): number {
    const entry = this.#table.peek(key);
    return entry === undefined ? -1 : (entry.value as KeySlot).slot;
  }

  /** Of a slot that somebody holds. */
  at(slot: number): KeySlot {
    return this.#slots[slot]!;
  }

  /** A number that no other pane of these keys has, or ever had. */
  nextPane(): number {
    return ++this.#panes;
  }

  hold(slot: number): void {
    if (this.#holders[slot]!++ === 0) this.#held++;
  }

  /** Gives up the first `count` of these. */
  release(slots: Int32Array, count: number): void {
    this.#heldOfLate = Math.max(this.#held, Math.floor(this.#heldOfLate - this.#heldOfLate / MEMORY));
    const holders = this.#holders;
    let held = this.#held;
    for (let i = 0; i < count; i++) if (--holders[slots[i]!]! === 0) held--;
    this.#held = held;
    if (this.#table.size - held > 2 * this.#heldOfLate + FEW) this.#forget();
  }

  #take(key: unknown): KeySlot {
    const slot = this.#free.pop() ?? this.#slots.length;
    const taken = { key, slot, pane: NO_PANE, place: 0 };
    this.#slots[slot] = taken;
    if (slot >= this.#holders.length) {
      const holders = new Int32Array(this.#holders.length * 2);
      holders.set(this.#holders);
      this.#holders = holders;
    }
    return taken;
  }

  /** Takes their slots from all keys that nobody holds. The lowest will be given out first, so that the limit can come down. */
  #forget(): void {
    const slots = this.#slots;
    const free: number[] = [];
    for (let slot = slots.length - 1; slot >= 0; slot--) {
      if (this.#holders[slot]! > 0) continue;
      const known = slots[slot];
      if (known !== undefined) this.#table.delete(known.key);
      slots[slot] = undefined;
      if (slot === slots.length - 1) slots.pop();
      else free.push(slot);
    }
    this.#free = free;
  }
}
