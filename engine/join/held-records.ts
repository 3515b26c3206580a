// The records of one key on one side of an interval join, by time. On the thread of the actor that owns the key.
//
// Records mostly come in about the order of their time: one is added at the end or a few places before it, and dropped from the front.

export interface Held {
  readonly record: unknown;
  readonly timeMs: number;
  /** The last moment at which a partner of it can be. */
  readonly lastMs: number;
  /** No partner can come any more once the watermark is behind this. */
  readonly completeMs: number;
  matched: boolean;
  /** What it has met, where that is told at once; else undefined. */
  readonly partners: Held[] | undefined;
}

/** Dropped records before the array is cut: fewer are not worth the copy. */
const CUT_FROM = 32;

export class HeldRecords {
  #items: Held[] = [];
  /** Those before this are dropped. */
  #first = 0;

  /** The way back from toData(). */
  static of(items: Held[]): HeldRecords {
    const records = new HeldRecords();
    records.#items = items;
    return records;
  }

  toData(): Held[] {
    return this.#first === 0 ? this.#items : this.#items.slice(this.#first);
  }

  get size(): number {
    return this.#items.length - this.#first;
  }

  /** `index` counts from the earliest that is held. */
  at(index: number): Held {
    return this.#items[this.#first + index]!;
  }

  add(held: Held): void {
    const items = this.#items;
    // A literal takes as much as it holds; push() into an empty array makes room for 17.
    if (this.size === 0) {
      this.#items = [held];
      this.#first = 0;
      return;
    }
    let at = items.length;
    while (at > this.#first && items[at - 1]!.timeMs > held.timeMs) at--;
    if (at === items.length) items.push(held);
    else items.splice(at, 0, held);
  }

  /** How many from the earliest on `holds` is true of; it must be true of all before one of which it is true. */
  countWhile(holds: (held: Held) => boolean): number {
    let low = this.#first;
    let high = this.#items.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (holds(this.#items[middle]!)) low = middle + 1;
      else high = middle;
    }
    return low - this.#first;
  }

  /** Takes out the earliest one. */
  takeFirst(): Held {
    const held = this.#items[this.#first]!;
    // The array would keep it alive until it is cut.
    this.#items[this.#first++] = undefined as unknown as Held;
    if (this.#first >= CUT_FROM && this.#first * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#first);
      this.#first = 0;
    }
    return held;
  }

  /** Takes out all that have become complete, wherever they stand. */
  takeComplete(watermarkMs: number): Held[] {
    const taken: Held[] = [];
    const kept: Held[] = [];
    for (let at = this.#first; at < this.#items.length; at++) {
      const held = this.#items[at]!;
      if (held.completeMs < watermarkMs) taken.push(held);
      else kept.push(held);
    }
    this.#items = kept;
    this.#first = 0;
    return taken;
  }
}
