import type { Aggregator } from './aggregator.ts';
import { refuse, refuseUnlessFunction } from './refuse.ts';

/**
 * The exact sum of a bigint of each record; `0n` when there is none. Apart from `sum`, because a sum of nothing must know its type.
 *
 * `null` and `undefined` are skipped; anything else that is not a bigint is an error (`ERR_OPERATOR`).
 *
 * @example
 * transfers.keyBy((t) => t.account).aggregate({ wei: sumBigInt((t) => t.wei) })
 */
export function sumBigInt<T>(select: (record: T) => bigint | null | undefined): Aggregator<T, bigint, bigint> {
  refuseUnlessFunction('sumBigInt', 'select', select);
  return { name: 'sumBigInt', select, create, check, add, combine: add, retract, result: (accumulator) => accumulator };
}

function create(): bigint {
  return 0n;
}

function check(_accumulator: bigint, value: unknown): void {
  if (typeof value === 'bigint' || value === null || value === undefined) return;
  refuse('sumBigInt', 'takes bigints', value, 'use sum for numbers, or convert it with BigInt(…)');
}

function add(accumulator: bigint, value: unknown): bigint {
  if (typeof value === 'bigint') return accumulator + value;
  check(accumulator, value);
  return accumulator;
}

function retract(accumulator: bigint, value: unknown): bigint {
  if (typeof value === 'bigint') return accumulator - value;
  check(accumulator, value);
  return accumulator;
}
