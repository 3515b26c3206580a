// Who steps next, by a seed: the same seed gives the same order. Any thread.
//
// Taking turns evenly finds few mistakes. So each actor has a speed, drawn anew now and then over two orders of magnitude: workers
// that fall far behind, lanes that stay full or empty, ends that arrive early.

/** Numbers that look random and depend on the seed alone (mulberry32, T. Ettinger, public domain). */
export class SeededRandom {
  #state: number;

  /** @param seed an integer; its low 32 bits count */
  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** From 0 up to but not including 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** A whole number from 0 up to but not including `below`. */
  below(below: number): number {
    return Math.floor(this.next() * below);
  }
}

const SPEEDS = [1, 1, 4, 16, 64];
/** Turns between two draws of the speeds. */
const LEAST_TURNS = 16;
const MOST_TURNS = 1024;

export class Interleaving {
  readonly #random: SeededRandom;
  readonly #speeds: number[];
  #turnsLeft = 0;

  constructor(seed: number, actors: number) {
    this.#random = new SeededRandom(seed);
    this.#speeds = new Array<number>(actors).fill(1);
  }

  /** One of `candidates`, which are indexes of actors; there must be one. */
  choose(candidates: readonly number[]): number {
    if (this.#turnsLeft-- <= 0) this.#drawSpeeds();
    let total = 0;
    for (const actor of candidates) total += this.#speeds[actor]!;
    let ticket = this.#random.below(total);
    for (const actor of candidates) {
      ticket -= this.#speeds[actor]!;
      if (ticket < 0) return actor;
    }
    return candidates[candidates.length - 1]!;
  }

  /** True once in `n` times. */
  oneIn(n: number): boolean {
    return this.#random.below(n) === 0;
  }

  #drawSpeeds(): void {
    for (let actor = 0; actor < this.#speeds.length; actor++)
      this.#speeds[actor] = SPEEDS[this.#random.below(SPEEDS.length)]!;
    this.#turnsLeft = LEAST_TURNS + this.#random.below(MOST_TURNS - LEAST_TURNS);
  }
}
