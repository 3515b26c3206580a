/**
 * The ring holds what neither of its two sides can have written: a length outside the ring, a position that ran backwards.
 * Something else wrote into the buffer, or two producers (or two consumers) shared one ring. The ring is not usable any more.
 */
export class RingCorruptError extends RangeError {
  override readonly name = 'RingCorruptError';
  readonly code = 'ERR_RING_CORRUPT';
}

/** Calls in an order that makes no sense, such as a commit without a claim: a mistake in the calling code. */
export class RingUsageError extends TypeError {
  override readonly name = 'RingUsageError';
  readonly code = 'ERR_RING_USAGE';
}
