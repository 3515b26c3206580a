// What a stream says about its event time: a watermark W promises that no record before W follows. Any thread.
//
//   -Infinity   nothing is known yet            NaN        idle: others need not wait for this one
//   a number    milliseconds of event time      Infinity   nothing follows at all
//
// An operator with several inputs is where the slowest of them is: WatermarkMerge. Its watermark never goes back, also not when an input
// that was idle comes back behind the others: what it then brings is late.

export const NO_WATERMARK: number = Number.NEGATIVE_INFINITY;
export const END_OF_TIME: number = Number.POSITIVE_INFINITY;
export const IDLE: number = Number.NaN;

/** Where several are together: at the slowest that is not idle; NaN when all that have not ended are idle. */
export function slowestOf(watermarks: readonly number[]): number {
  let slowest = END_OF_TIME;
  let idle = false;
  // By index: workers ask a million times a second, and an iterator would be made each time.
  for (let i = 0; i < watermarks.length; i++) {
    const watermark = watermarks[i]!;
    if (Number.isNaN(watermark)) idle = true;
    else if (watermark < slowest) slowest = watermark;
  }
  return idle && slowest === END_OF_TIME ? IDLE : slowest;
}

export class WatermarkMerge {
  readonly #inputs: number[] = [];
  /** The highest promise made so far. */
  #reached = NO_WATERMARK;
  #current = NO_WATERMARK;

  /** One more input; returns its number. */
  addInput(): number {
    return this.#inputs.push(NO_WATERMARK) - 1;
  }

  /** The watermark of all inputs together; NaN when all that have not ended are idle. */
  get current(): number {
    return this.#current;
  }

  /** Tells where one input is; returns where all of them are. */
  advance(input: number, watermarkMs: number): number {
    if (Object.is(this.#inputs[input], watermarkMs)) return this.#current;
    this.#inputs[input] = watermarkMs;
    return this.#update();
  }

  #update(): number {
    const slowest = slowestOf(this.#inputs);
    if (slowest > this.#reached) this.#reached = slowest;
    this.#current = Number.isNaN(slowest) ? IDLE : this.#reached;
    return this.#current;
  }
}
