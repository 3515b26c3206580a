import type { Aggregator } from './aggregator.ts';

/**
 * How many records. The accumulator is a number.
 *
 * @example
 * flights.keyBy((f) => f.origin).aggregate({ flights: count() })
 */
export function count<T>(): Aggregator<T, number, number> {
  return COUNT;
}

// One object for the whole process: what it does depends on nothing but how often it is called.
const COUNT: Aggregator<unknown, number, number> = {
  name: 'count',
  create: () => 0,
  add: (accumulator) => accumulator + 1,
  combine: (accumulator, other) => accumulator + other,
  retract: (accumulator) => accumulator - 1,
  deduct: (accumulator, other) => accumulator - other,
  result: (accumulator) => accumulator,
};
