// How much has a figure changed between two builds, and how sure is that? Any process; pure.
//
// From the logarithms of ratios, one a pair of runs: the estimate of Hodges and Lehmann (the median of all averages of two), with the
// interval that belongs to Wilcoxon's signed-rank test. The interval is exact for any noise whose log-ratios lie evenly about their middle,
// which those of identical builds do whatever their noise is; nothing is assumed normal, and a few wild runs move it little. Ties make it wider.
//
// Source: Hodges & Lehmann, Estimates of location based on rank tests, 1963; Hollander & Wolfe, Nonparametric Statistical Methods, 3.2-3.3.

export interface PairedEstimate {
  readonly estimate: number;
  /** The true change is below `low` with a probability of `tail` at most, and above `high` likewise. Infinite where pairs are too few. */
  readonly low: number;
  readonly high: number;
}

/**
 * @param changes one for each pair of runs
 * @param tail probability that may lie beyond each end of the interval, in (0, 0.5)
 * @throws RangeError for no pair, or a change that is not finite
 *
 *     const { low } = estimateChange(ratios.map(Math.log), 0.01); // low > 0: grown, wrongly so once in a hundred
 */
export function estimateChange(changes: readonly number[], tail: number): PairedEstimate {
  if (changes.length === 0) throw new RangeError('an estimate needs one pair of runs or more');
  const strange = changes.find((change) => !Number.isFinite(change));
  if (strange !== undefined) throw new RangeError(`changes must be finite: ${strange}`);
  const averages = walshAverages(changes);
  const count = averages.length;
  const middle = count >> 1;
  const estimate = count % 2 === 1 ? averages[middle]! : (averages[middle - 1]! + averages[middle]!) / 2;
  const depth = signedRankDepth(changes.length, tail);
  if (depth === 0) return { estimate, low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };
  return { estimate, low: averages[depth - 1]!, high: averages[count - depth]! };
}

/** The fewest pairs of which an interval with this tail has an end: with fewer, no figures however far apart would show a change. */
export function fewestPairs(tail: number): number {
  return Math.ceil(-Math.log2(tail) - 1e-9);
}

/** Averages of all pairs of changes, each with itself too; sorted. */
function walshAverages(changes: readonly number[]): Float64Array {
  const averages = new Float64Array((changes.length * (changes.length + 1)) / 2);
  let at = 0;
  for (let i = 0; i < changes.length; i++) {
    for (let j = i; j < changes.length; j++) averages[at++] = (changes[i]! + changes[j]!) / 2;
  }
  return averages.sort();
}

/** How many averages lie beyond each end: the largest d for which the sum of positive ranks stays below d with `tail` at most. */
function signedRankDepth(pairs: number, tail: number): number {
  // probability[s]: that the ranks of positive changes add up to s, each sign being a fair coin's.
  const probability = new Float64Array((pairs * (pairs + 1)) / 2 + 1);
  probability[0] = 1;
  for (let rank = 1; rank <= pairs; rank++) {
    for (let sum = probability.length - 1; sum >= 0; sum--) {
      probability[sum] = (probability[sum]! + (sum >= rank ? probability[sum - rank]! : 0)) / 2;
    }
  }
  let depth = 0;
  // The tolerance is for 2^-n against a tail of exactly that.
  for (let below = probability[0]!; below <= tail * (1 + 1e-9); below += probability[depth]!) depth++;
  return depth;
}
