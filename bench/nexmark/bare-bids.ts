// The bids of Hazelcast Jet's benchmark of the same name: four numbers, no text, no other kinds of event. Readers run on workers.
// It is here because Jet's published figure for query 5 was measured with it; the other queries use the whole stream.

import type { Source } from 'millrace';
import { MillraceError } from 'millrace';
import { eventTimeOf } from './generator/event-numbers.ts';
import { interleavedSource } from './interleaved-source.ts';

export interface BareBid {
  readonly id: number;
  readonly dateTime: number;
  readonly auction: number;
  readonly price: number;
}

export interface BareBidOptions {
  readonly bids: number;
  /** Bids per second of event time. */
  readonly rate: number;
  /** How many auctions take turns. */
  readonly keys: number;
}

/**
 * Bid n is (n, its time, n mod keys, 0).
 *
 * @throws {MillraceError} ERR_OPTION_INVALID for a number below 1 or not whole
 * @example
 * flow.from(bareBids({ bids: 100_000_000, rate: 1_000_000, keys: 10_000 }))
 */
export function bareBids(options: BareBidOptions): Source<BareBid> {
  for (const [name, value] of Object.entries(options)) {
    if (Number.isSafeInteger(value) && value >= 1) continue;
    throw new MillraceError('ERR_OPTION_INVALID', `bareBids: ${name} must be a whole number above 0: ${name}=${value}`);
  }
  const { bids, rate, keys } = options;
  return interleavedSource('bareBids', bids, () => (from, count) => {
    const batch = new Array<BareBid>(count);
    for (let i = 0; i < count; i++) {
      const id = from + i;
      batch[i] = { id, dateTime: eventTimeOf(id, rate), auction: id % keys, price: 0 };
    }
    return batch;
  });
}
