// The timers of all keys of one actor, earliest first; of equal times, the one that was set first. On the thread of the actor.
//
// A binary heap in which each timer knows its place: one that is set anew moves, one that is cleared leaves, both in the logarithm of how
// many there are. So the queue holds what is set and nothing else, also when every record of a key moves the key's timer.

export interface Timer {
  readonly key: unknown;
  /** Undefined for a timer that is known by its time. */
  readonly name: string | undefined;
  /** Calls the user's function, or lets state expire. */
  readonly use: 'call' | 'expiry';
  timeMs: number;
  /** How many timers in a row were set by one another without time passing. */
  depth: number;
  /** Kept by the queue: order of setting, and place in the heap, -1 when it is in none. */
  order: number;
  at: number;
}

export class TimerQueue {
  readonly #heap: Timer[] = [];
  #set = 0;

  get size(): number {
    return this.#heap.length;
  }

  /** The earliest; undefined when there is none. */
  get first(): Timer | undefined {
    return this.#heap[0];
  }

  /** The time of the earliest; Infinity when there is none. */
  get nextMs(): number {
    return this.#heap.length === 0 ? Number.POSITIVE_INFINITY : this.#heap[0]!.timeMs;
  }

  add(timer: Timer): void {
    timer.order = this.#set++;
    this.#heap.push(timer);
    this.#rise(this.#heap.length - 1, timer);
  }

  /** Sets a timer of this queue to another time; counts as set just now. */
  move(timer: Timer, timeMs: number): void {
    timer.timeMs = timeMs;
    timer.order = this.#set++;
    this.#settle(timer.at, timer);
  }

  /** Takes out a timer of this queue. */
  remove(timer: Timer): void {
    const { at } = timer;
    timer.at = -1;
    const last = this.#heap.pop()!;
    if (last !== timer) this.#settle(at, last);
  }

  #settle(at: number, timer: Timer): void {
    if (at > 0 && isBefore(timer, this.#heap[(at - 1) >> 1]!)) this.#rise(at, timer);
    else this.#sink(at, timer);
  }

  #rise(at: number, timer: Timer): void {
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(timer, this.#heap[parent]!)) break;
      this.#put(at, this.#heap[parent]!);
      at = parent;
    }
    this.#put(at, timer);
  }

  #sink(at: number, timer: Timer): void {
    const size = this.#heap.length;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && isBefore(this.#heap[child + 1]!, this.#heap[child]!)) child++;
      if (!isBefore(this.#heap[child]!, timer)) break;
      this.#put(at, this.#heap[child]!);
      at = child;
    }
    this.#put(at, timer);
  }

  #put(at: number, timer: Timer): void {
    this.#heap[at] = timer;
    timer.at = at;
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.timeMs < b.timeMs || (a.timeMs === b.timeMs && a.order < b.order);
}
