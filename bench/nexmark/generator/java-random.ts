// The generator of java.util.Random: a linear congruential one of 48 bits (its documentation fixes the algorithm, so that every Java
// draws the same). Any thread; one object is seeded anew for each event.
//
//   state' = (state * 0x5DEECE66D + 11) mod 2^48;   next(bits) = the highest `bits` of the 48
//
// The state lies in two integers, so that neither BigInt nor a rounded double is needed: `high` has its upper 32 bits, which are
// next(32) as they stand, `low` the lower 16. With the multiplier m = 0x5DEEC * 2^16 + 0xE66D
//
//   low * 0xE66D + 11          fits 32 bits: its low half is the new `low`, its high half the carry
//   high * m + low * 0x5DEEC + carry    is wanted modulo 2^32 only, which is what Math.imul and | 0 give

const MULTIPLIER_LOW_32 = 0xdeece66d | 0;
const MULTIPLIER_ABOVE_16 = 0x5deec;
const MULTIPLIER_LOW_16 = 0xe66d;
const INCREMENT = 11;

/** What java.util.Random scrambles a seed with: its multiplier, as the same two parts. */
const SCRAMBLE_HIGH = 0x5deec;
const SCRAMBLE_LOW = 0xe66d;

const BITS_16 = 0x1_0000;

export class JavaRandom {
  /** Bits 16 to 47 of the state, signed: what nextInt() returned last. */
  high = 0;
  /** Bits 0 to 15. */
  low = 0;

  /** @param seed an integer from 0 to 2^48 - 1 */
  constructor(seed = 0) {
    this.seed(seed, 0, 0);
  }

  /** As `new Random(seed)`, with its 48 bits changed by those of a salt; a salt of zeros changes none. */
  seed(seed: number, saltHigh: number, saltLow: number): void {
    this.high = (seed / BITS_16) ^ SCRAMBLE_HIGH ^ saltHigh;
    this.low = (seed & 0xffff) ^ SCRAMBLE_LOW ^ saltLow;
  }

  /** Any 32 bits, signed. */
  nextInt(): number {
    const { low } = this;
    const product = (Math.imul(low, MULTIPLIER_LOW_16) + INCREMENT) | 0;
    this.low = product & 0xffff;
    return (this.high =
      (Math.imul(this.high, MULTIPLIER_LOW_32) + Math.imul(low, MULTIPLIER_ABOVE_16) + (product >>> 16)) | 0);
  }

  /** An integer from 0 to bound - 1; `bound` is a whole number from 1 to 2^31 - 1. */
  below(bound: number): number {
    let bits = this.nextInt() >>> 1;
    // The high bits for a power of two: the low ones have a short period.
    if ((bound & -bound) === bound) return bits >>> Math.clz32(bound);
    let value = bits % bound;
    // 2^31 is no multiple of the bound: what lies above the highest is drawn again, so that all values are equally likely.
    const highest = 0x8000_0000 - bound;
    while (bits - value > highest) {
      bits = this.nextInt() >>> 1;
      value = bits % bound;
    }
    return value;
  }

  /** A double from 0 up to, but not including, 1: 53 bits of two draws. */
  nextDouble(): number {
    const upper = this.nextInt() >>> 6;
    return (upper * 0x800_0000 + (this.nextInt() >>> 5)) / 2 ** 53;
  }
}
