import type { Doorbell } from './doorbell.ts';
import type { RingMemory } from './ring-memory.ts';

/** Who is woken how. */
export interface RingDoorbells {
  /** The doorbell on which this side sleeps. */
  self: Doorbell;
  /** The doorbell on which the other side sleeps: rung after each publish, release and close. */
  peer: Doorbell;
}

export interface RingOptions {
  /** By default the ring's own two doorbells. Both sides must agree: what one calls `self` the other calls `peer`. */
  doorbells?: RingDoorbells;
  /** For tests: an object through which every access to shared words goes instead of straight to the buffer. */
  memory?: RingMemory;
}
