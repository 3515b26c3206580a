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
  /** By slot: in how many of the panes the key is; negative while it is set aside. */
  #counts = new Int32Array(16);

  constructor(panes: Panes, aggregator: Aggregator<unknown>) {
    this.#panes = panes;
    this.#keys = panes.keys;
    this.#aggregator = aggregator;
  }

  includes(start: number): boolean {
    return start >= this.fromMs && start < this.toMs;
  }

  /**
   * Takes out the panes before `fromMs`, and takes in those before `toMs` but for the last of them, which comes in by takeIn(): after each part of it
   * there are keys to tell. Undefined when there is none. Until all is told no pane may change.
   */
  slideTo(fromMs: number, toMs: number): SlotValues | undefined {
    let last: SlotValues | undefined;
    for (const start of this.#panes.starts) {
      if (start >= toMs) break;
      const isIn = this.includes(start);
      if (start < fromMs && isIn) this.#deduct(this.#panes.read(start)!);
      if (start < fromMs || isIn) continue;
      if (last !== undefined) this.#take(last, 0, last.size);
      last = this.#panes.read(start)!;
    }
    this.fromMs = fromMs;
    this.toMs = toMs;
    return last;
  }

  /** The part of what slideTo() has returned that is in [from, to). Its keys are complete now, and are set aside: not there for `has`. */
  takeIn(pane: SlotValues, from: number, to: number): void {
    this.#take(pane, from, to);
    for (let i = from; i < to; i++) this.#turnOver(pane.slots[i]!);
  }

  /** What was set aside is there again. */
  putBack({ slots, size }: SlotValues): void {
    for (let i = 0; i < size; i++) this.#turnOver(slots[i]!);
  }

  /** The first pane is about to be dropped. */
  leave(start: number): void {
    if (!this.includes(start)) return;
    this.#deduct(this.#panes.read(start)!);
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

  #turnOver(slot: number): void {
    this.#counts[slot] = -this.#counts[slot]!;
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

  #deduct({ slots, values, size }: SlotValues): void {
    const aggregator = this.#aggregator;
    const accumulators = this.#accumulators;
    const counts = this.#counts;
    for (let i = 0; i < size; i++) {
      const slot = slots[i]!;
      if (--counts[slot]! > 0) accumulators[slot] = aggregator.deduct!(accumulators[slot], values[i]);
      else {
        accumulators[slot] = 0;
        this.size--;
      }
    }
  }
}
