// Medians and ratios. Any process.
//
// Ratios are made round by round and then reduced to a median: two runs of one round are seconds apart and share what the machine was
// busy with, while the fastest run of one variant and the fastest of another do not.

export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** @throws RangeError for an empty list: no rounds, no figure */
export function spreadOf(values: readonly number[]): Spread {
  if (values.length === 0) throw new RangeError('a spread needs one value or more');
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
  return { min: sorted[0]!, median, max: sorted.at(-1)! };
}

/** values[r] / over[r] for each round r. */
export function pairwiseRatios(values: readonly number[], over: readonly number[]): number[] {
  if (values.length !== over.length)
    throw new RangeError(`pairs need equal lengths: ${values.length} and ${over.length}`);
  return values.map((value, round) => value / over[round]!);
}
