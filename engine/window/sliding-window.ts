// The window that slides: what its panes come to, key by key. On the thread of the actor.
//
//   panes    |  0 |  1 |  2 |  3 |  4 |        size 4 panes, step 1
//   before   |--------------|                  before - pane 0 + pane 4 = after: two panes, whatever the size of the window
//   after         |--------------|
//
// Only for aggregates that can take an accumulator back out (deduct). Sums are by slot, which the panes in the window hold.

import type { Aggregator } from '../aggregate/aggregator.ts';
import { lend } from '../aggregate/lend.ts';
import { NO_WATERMARK } from '../time/watermark.ts';
import type { KeySlots } from './key-slots.ts';
import type { Placed, SlotValues } from './pane.ts';
import type { Panes } from './panes.ts';

/** About 10 us of work. */
const KEYS_A_PIECE = 512;

export class SlidingWindow implements Placed {
  /** Panes in [fromMs, toMs) are in it. */
  fromMs: number = NO_WATERMARK;
  toMs: number = NO_WATERMARK;
  /** How many keys it has. */
  size = 0;
  readonly #aggregator: Aggregator<unknown>;
  readonly #keys: KeySlots;
  readonly #panes: Panes;
  /** By slot; 0 where no pane has the key. */
  readonly #accumulators: unknown[] = [];
  /** By slot: in how many of the panes the key is. */
  #counts = new Int32Array(16);

  constructor(panes: Panes, aggregator: Aggregator<unknown>) {
    this.#panes = panes;
    this.#keys = panes.keys;
    this.#aggregator = aggregator;
  }

  includes(start: number): boolean {
    return start >= this.fromMs && start < this.toMs;
  }

  /** Takes in the panes before `toMs`, takes out those before `fromMs`; yields after each piece of work. Until it is done no pane may change. */
  *slideTo(fromMs: number, toMs: number): Generator<void> {
    for (const start of this.#panes.starts) {
      if (start >= toMs) break;
      const isIn = this.includes(start);
      const isTaken = start >= fromMs && !isIn;
      if (!isTaken && !(start < fromMs && isIn)) continue;
      const pane = this.#panes.read(start)!;
      for (let at = 0; at < pane.size; at += KEYS_A_PIECE) {
        const end = Math.min(pane.size, at + KEYS_A_PIECE);
        if (isTaken) this.#take(pane, at, end);
        else this.#deduct(pane, at, end);
        yield;
      }
    }
    this.fromMs = fromMs;
    this.toMs = toMs;
  }

  /** The first pane is about to be dropped. */
  leave(start: number): void {
    if (!this.includes(start)) return;
    const pane = this.#panes.read(start)!;
    this.#deduct(pane, 0, pane.size);
    this.fromMs = start + this.#panes.paneMs;
  }

  /** A record has been added to one of the panes behind the watermark; `isNew` when its key was not in that pane before. */
  add(slot: number, value: unknown, isNew: boolean): void {
    this.#make(slot);
    const accumulators = this.#accumulators;
    accumulators[slot] = this.#aggregator.add(accumulators[slot], value);
    if (isNew) this.#counts[slot]!++;
  }

  /** Begins anew: it can be made again from its panes. */
  clear(): void {
    this.#counts.fill(0);
    this.#accumulators.length = 0;
    this.size = 0;
    this.fromMs = NO_WATERMARK;
    this.toMs = NO_WATERMARK;
  }

  get places(): number {
    return Math.min(this.#accumulators.length, this.#keys.limit);
  }

  has(slot: number): boolean {
    return this.#counts[slot]! > 0;
  }

  keyAt(slot: number): unknown {
    return this.#keys.keyAt(slot);
  }

  valueAt(slot: number): unknown {
    return this.#accumulators[slot];
  }

  #make(slot: number): void {
    if (slot < this.#accumulators.length && this.#counts[slot]! > 0) return;
    while (this.#accumulators.length <= slot) this.#accumulators.push(0);
    if (slot >= this.#counts.length) {
      const counts = new Int32Array(Math.max(slot + 1, this.#counts.length * 2));
      counts.set(this.#counts);
      this.#counts = counts;
    }
    this.#accumulators[slot] = this.#aggregator.create();
    this.size++;
  }

  #take({ slots, values }: SlotValues, from: number, to: number): void {
    const aggregator = this.#aggregator;
    const accumulators = this.#accumulators;
    for (let i = from; i < to; i++) {
      const slot = slots[i]!;
      this.#make(slot);
      accumulators[slot] = aggregator.combine(accumulators[slot], lend(aggregator, values[i]));
      this.#counts[slot]!++;
    }
  }

  #deduct({ slots, values }: SlotValues, from: number, to: number): void {
    const aggregator = this.#aggregator;
    const accumulators = this.#accumulators;
    const counts = this.#counts;
    for (let i = from; i < to; i++) {
      const slot = slots[i]!;
      if (--counts[slot]! > 0) accumulators[slot] = aggregator.deduct!(accumulators[slot], values[i]);
      else {
        accumulators[slot] = 0;
        this.size--;
      }
    }
  }
}
