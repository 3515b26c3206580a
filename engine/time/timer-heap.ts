// What is to happen at which time, earliest first; of equal times, the one that was set first. Any thread.
// A binary heap in two arrays: setting and taking cost the logarithm of how many are set.

export class TimerHeap<T> {
  readonly #times: number[] = [];
  /** Order of setting, beside #times: makes equal times come out in a definite order. */
  readonly #orders: number[] = [];
  readonly #payloads: T[] = [];
  #set = 0;

  get size(): number {
    return this.#times.length;
  }

  /** The time of the earliest; Infinity when there is none. */
  get nextMs(): number {
    return this.#times.length === 0 ? Number.POSITIVE_INFINITY : this.#times[0]!;
  }

  /** All that is set, in the order in which it will be taken. */
  all(): { readonly timeMs: number; readonly payload: T }[] {
    const places = this.#times.map((_, at) => at);
    places.sort((a, b) => this.#times[a]! - this.#times[b]! || this.#orders[a]! - this.#orders[b]!);
    return places.map((at) => ({ timeMs: this.#times[at]!, payload: this.#payloads[at]! }));
  }

  set(timeMs: number, payload: T): void {
    let at = this.#times.length;
    const order = this.#set++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#times[parent]! <= timeMs) break;
      this.#move(parent, at);
      at = parent;
    }
    this.#put(at, timeMs, order, payload);
  }

  /** Takes the earliest. Not for an empty heap. */
  take(): T {
    const taken = this.#payloads[0]!;
    const timeMs = this.#times.pop()!;
    const order = this.#orders.pop()!;
    const payload = this.#payloads.pop()!;
    const size = this.#times.length;
    if (size === 0) return taken;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && this.#isBefore(child + 1, child)) child++;
      if (!this.#comesBefore(child, timeMs, order)) break;
      this.#move(child, at);
      at = child;
    }
    this.#put(at, timeMs, order, payload);
    return taken;
  }

  #comesBefore(at: number, timeMs: number, order: number): boolean {
    const other = this.#times[at]!;
    return other < timeMs || (other === timeMs && this.#orders[at]! < order);
  }

  #isBefore(a: number, b: number): boolean {
    return this.#comesBefore(a, this.#times[b]!, this.#orders[b]!);
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#times[from]!, this.#orders[from]!, this.#payloads[from]!);
  }

  #put(at: number, timeMs: number, order: number, payload: T): void {
    this.#times[at] = timeMs;
    this.#orders[at] = order;
    this.#payloads[at] = payload;
  }
}
