// Keyed accumulators by pane: the slices of event time that no window cuts. On the thread of the actor, on both sides of an exchange.
//
//   t -> pane [start, start + paneMs) -> key -> accumulator
//
// Records mostly come in about the order of their time, so the pane of the last one is kept at hand; the compiled loops test `fromMs` and
// `toMs` themselves and call at() only when the pane changes.

import type { Entries } from '../state/spilled-runs.ts';
import { KeySlots } from './key-slots.ts';
import { PackedPanes } from './packed-panes.ts';
import { Pane, type SlotValues } from './pane.ts';

/** Panes that wait to be used again. */
const MOST_SPARE = 4;
/** A pane with more room than this many times its keys is left to the collector: the next one would clear it all. */
const MOST_SPACIOUS = 64;

export class Panes {
  /** Of all panes. */
  readonly keys: KeySlots = new KeySlots();
  /** The pane at hand: [fromMs, toMs). */
  fromMs = 0;
  toMs = 0;
  current: Pane;
  /** Stands for the pane at hand when there is none. Always empty. */
  readonly #none: Pane;
  readonly paneMs: number;
  readonly #offsetMs: number;
  readonly #create: () => unknown;
  readonly #open = new Map<number, Pane>();
  readonly #packed = new PackedPanes();
  readonly #spare: Pane[] = [];
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
    this.#none = this.newPane();
    this.current = this.#none;
  }

  /** Keys over all panes, one in two panes counted twice. */
  get size(): number {
    return this.#otherKeys + this.current.size;
  }

  /** The pane that `timeMs` lies in, made when there is none. */
  at(timeMs: number): Pane {
    if (timeMs >= this.fromMs && timeMs < this.toMs) return this.current;
    const start = this.startOf(timeMs);
    let pane = this.get(start);
    if (pane === undefined) {
      pane = this.newPane();
      this.#open.set(start, pane);
      this.#insert(start);
    }
    this.#otherKeys += this.current.size - pane.size;
    this.current = pane;
    this.fromMs = start;
    this.toMs = start + this.paneMs;
    return pane;
  }

  startOf(timeMs: number): number {
    if (this.paneMs === Number.POSITIVE_INFINITY) return 0;
    return Math.floor((timeMs - this.#offsetMs) / this.paneMs) * this.paneMs + this.#offsetMs;
  }

  /** For looking up keys and adding to them. */
  get(start: number): Pane | undefined {
    const open = this.#open.get(start);
    if (open !== undefined || !this.#packed.has(start)) return open;
    const pane = this.newPane();
    this.#packed.unpack(start, pane);
    this.#open.set(start, pane);
    return pane;
  }

  /** For going through all that a pane holds, as it is. */
  read(start: number): SlotValues | undefined {
    return this.#open.get(start) ?? this.#packed.get(start);
  }

  /** Keeps a pane without the means to find keys in it, until somebody asks for those. */
  pack(start: number): void {
    const pane = this.#open.get(start);
    if (pane === undefined || this.paneMs === Number.POSITIVE_INFINITY) return;
    this.#packed.pack(start, pane);
    this.#open.delete(start);
    if (pane === this.current) {
      this.#otherKeys += pane.size;
      this.#putAway();
    }
    this.#reuse(pane, true);
  }

  /** As take(), where nobody looks at what was in it. */
  drop(start: number): void {
    const packed = this.#packed.get(start);
    if (packed === undefined) {
      const pane = this.take(start);
      if (pane !== undefined) this.recycle(pane);
      return;
    }
    this.#otherKeys -= packed.size;
    this.keys.release(packed.slots, packed.size);
    this.#packed.drop(start);
    this.starts.splice(this.starts.indexOf(start), 1);
  }

  /** Takes a pane out; records of its time begin a new one. To be given back by recycle(). */
  take(start: number): Pane | undefined {
    const pane = this.get(start);
    if (pane === undefined) return undefined;
    this.#open.delete(start);
    this.starts.splice(this.starts.indexOf(start), 1);
    if (pane !== this.current) {
      this.#otherKeys -= pane.size;
      return pane;
    }
    this.#putAway();
    // The only pane of all time is always at hand.
    if (this.paneMs === Number.POSITIVE_INFINITY) this.at(0);
    return pane;
  }

  /** Takes what a pane holds: the pane stays, with nothing. */
  detach(start: number): Entries {
    const pane = this.get(start)!;
    const entries = [...pane.entries()];
    if (pane !== this.current) this.#otherKeys -= pane.size;
    pane.clear();
    return { size: entries.length, entries: () => entries.values() };
  }

  /** One of the same keys that is in none of the starts. To be given back by recycle(). */
  newPane(): Pane {
    return this.#spare.pop() ?? new Pane(this.keys, this.#create);
  }

  /** Nobody needs it any more, nor what it holds. */
  recycle(pane: Pane): void {
    this.#reuse(pane, false);
  }

  #reuse(pane: Pane, handedOn: boolean): void {
    const mostRoom = MOST_SPACIOUS * Math.max(pane.size, 1);
    pane.clear(handedOn);
    if (pane.capacity <= mostRoom && this.#spare.length < MOST_SPARE) this.#spare.push(pane);
  }

  /** No pane is at hand. */
  #putAway(): void {
    this.current = this.#none;
    this.fromMs = 0;
    this.toMs = 0;
  }

  #insert(start: number): void {
    const { starts } = this;
    let at = starts.length;
    while (at > 0 && starts[at - 1]! > start) at--;
    starts.splice(at, 0, start);
  }
}
