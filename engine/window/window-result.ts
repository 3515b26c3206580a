// The record that a window emits. Any thread.

import type { Aggregator } from '../aggregate/aggregator.ts';
import type { StatefulHost } from '../operators/stateful-operator.ts';

/** Emits what an accumulator comes to beside `bounds`; a result that cannot be computed is left to the policy of the operator. */
export function tellResult(
  host: StatefulHost,
  aggregator: Aggregator<unknown>,
  spread: boolean,
  bounds: Readonly<Record<string, unknown>>,
  accumulator: unknown,
  timeMs: number,
): void {
  try {
    const value = aggregator.result(accumulator);
    host.emit(spread ? { ...bounds, ...(value as object) } : { ...bounds, value }, timeMs);
  } catch (error) {
    host.failed(error, bounds);
  }
}
