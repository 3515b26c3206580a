import type { Aggregator } from './aggregator.ts';
import { refuseOption, refuseUnlessFunction } from './refuse.ts';

/** What `aggregator` takes. `A` is the accumulator: plain data that structured clone keeps. */
export interface AggregatorDefinition<T, A, R> {
  /** For plans and errors; `custom` when absent. */
  name?: string;
  /** A new accumulator each time: it will be changed. */
  create: () => A;
  /** Takes one record in. May change the accumulator; returns it. */
  add: (accumulator: A, record: T) => A;
  /** Takes another accumulator in, which it must not change. Must be associative, and `combine(create(), a)` must equal `a`. */
  combine: (accumulator: A, other: A) => A;
  /** Takes one record back out, where that is possible. */
  retract?: (accumulator: A, record: T) => A;
  /** Must not change the accumulator: it may be asked for, and added to again. */
  result: (accumulator: A) => R;
}

/**
 * An aggregate of your own.
 *
 * Throws `ERR_OPTION_INVALID` when one of the functions is missing. What they throw later is subject to the stage's error policy.
 *
 * @example
 * const product = aggregator({
 *   create: () => 1,
 *   add: (accumulator, order: { factor: number }) => accumulator * order.factor,
 *   combine: (accumulator, other) => accumulator * other,
 *   result: (accumulator) => accumulator,
 * });
 */
export function aggregator<T, A, R>(definition: AggregatorDefinition<T, A, R>): Aggregator<T, A, R> {
  if (typeof definition !== 'object' || definition === null) {
    refuseOption('aggregator needs an object of create, add, combine and result', 'definition', definition);
  }
  const { name = 'custom', create, add, combine, retract, result } = definition;
  if (typeof name !== 'string') refuseOption('aggregator needs a name that is a string', 'name', name);
  const functions: Record<string, unknown> = { create, add, combine, result };
  for (const [option, value] of Object.entries(functions)) {
    if (typeof value !== 'function') refuseOption('aggregator needs create, add, combine and result', option, value);
  }
  if (retract !== undefined) refuseUnlessFunction('aggregator', 'retract', retract);
  const custom: Aggregator<T, A, R> = {
    name,
    create,
    add: add as Aggregator<T, A, R>['add'],
    combine,
    // Nobody can know.
    mayShare: true,
    result,
  };
  return retract === undefined ? custom : { ...custom, retract: retract as NonNullable<typeof custom.retract> };
}
