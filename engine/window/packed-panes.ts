// Panes that hardly any record comes to any more: keys and accumulators side by side, without an index. On the thread of the actor.
//
// A hopping window may have a thousand panes: entries that live as long as the window would be copied by each young collection and marked by each
// old one. Numbers are kept outside V8's heap: 12 bytes a key. Arrays are used again, for in a window that slides one pane goes as one comes.

import type { Pane, SlotValues } from './pane.ts';

interface PackedNumbers extends SlotValues {
  readonly values: Float64Array;
  size: number;
}

/** Arrays that wait to be used again. */
const MOST_SPARE = 4;
/** Room for panes that are a little larger, in parts of the size. */
const EXTRA = 1 / 8;
/** Arrays with more room than this many times what is to be kept are no use. */
const MOST_SPACIOUS = 4;

export class PackedPanes {
  readonly #panes = new Map<number, SlotValues>();
  readonly #spare: PackedNumbers[] = [];

  has(start: number): boolean {
    return this.#panes.has(start);
  }

  get(start: number): SlotValues | undefined {
    return this.#panes.get(start);
  }

  /** Takes over what the pane holds. */
  pack(start: number, { slots, values, size }: Pane): void {
    const numbers = this.#numbersFor(size);
    for (let i = 0; i < size; i++) {
      const value = values[i];
      if (typeof value !== 'number') {
        this.#keep(numbers);
        this.#panes.set(start, { slots: slots.slice(0, size), values: values.slice(0, size), size });
        return;
      }
      numbers.slots[i] = slots[i]!;
      numbers.values[i] = value;
    }
    numbers.size = size;
    this.#panes.set(start, numbers);
  }

  /** Puts it into an open pane, which then holds its slots. */
  unpack(start: number, into: Pane): void {
    const { slots, values, size } = this.#panes.get(start)!;
    for (let i = 0; i < size; i++) into.restore(slots[i]!, values[i]);
    this.drop(start);
  }

  /** Whoever wants its slots released has done so. */
  drop(start: number): void {
    const packed = this.#panes.get(start);
    if (packed?.values instanceof Float64Array) this.#keep(packed as PackedNumbers);
    this.#panes.delete(start);
  }

  #keep(packed: PackedNumbers): void {
    this.#spare.push(packed);
    if (this.#spare.length > MOST_SPARE) this.#spare.shift();
  }

  /** For so many numbers: what waits, where it is not far too large. */
  #numbersFor(size: number): PackedNumbers {
    const at = this.#spare.findIndex(({ slots }) => slots.length >= size && slots.length <= MOST_SPACIOUS * size);
    if (at >= 0) return this.#spare.splice(at, 1)[0]!;
    const room = Math.ceil(size * (1 + EXTRA));
    return { slots: new Int32Array(room), values: new Float64Array(room), size };
  }
}
