// All benches, in the order in which `--list` shows them.

import type { Bench } from './harness/bench.ts';
import { keyedSum } from './keyed-sum/keyed-sum.ts';

export const BENCHES: readonly Bench[] = [keyedSum('number'), keyedSum('string')];

export function benchNamed(name: string): Bench | undefined {
  return BENCHES.find((bench) => bench.name === name);
}
