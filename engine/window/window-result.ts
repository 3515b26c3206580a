// The record that a window emits. Any thread.

import type { Aggregator } from '../aggregate/aggregator.ts';
import type { StatefulHost } from '../operators/stateful-operator.ts';

/** From when to when a window is, in milliseconds; the end is not in it. */
export interface WindowSpan {
  readonly windowStart: number;
  readonly windowEnd: number;
}

/**
 * Emits what an accumulator comes to beside `bounds`; a result that cannot be computed is left to the policy of the operator.
 *
 * @returns whether it was emitted
 */
export function tellResult(
  host: StatefulHost,
  aggregator: Aggregator<unknown>,
  spread: boolean,
  bounds: Readonly<Record<string, unknown>>,
  accumulator: unknown,
  timeMs: number,
): boolean {
  try {
    const value = aggregator.result(accumulator);
    host.emit(spread ? { ...bounds, ...(value as object) } : { ...bounds, value }, timeMs);
    return true;
  } catch (error) {
    host.failed(error, bounds);
    return false;
  }
}
