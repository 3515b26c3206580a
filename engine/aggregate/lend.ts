// An accumulator that is still needed, as the second argument of combine(). Any thread.

import type { Aggregator } from './aggregator.ts';

/** The accumulator, or a copy of it where what combine() returns might be it, or hold parts of it, and be changed later. */
export function lend(aggregator: Aggregator<unknown>, accumulator: unknown): unknown {
  const isAtRisk = aggregator.mayShare === true && typeof accumulator === 'object' && accumulator !== null;
  return isAtRisk ? structuredClone(accumulator) : accumulator;
}
