// Which figures of two builds differ beyond noise. Any process; pure.
//
//   screening     all figures, some rounds        -> those that seem to have changed by LEAST_CHANGE or more: suspects
//   confirmation  suspects only, new rounds       -> worse, better, or unclear
//
// The confirmation forgets the rounds of the screening, so that figures picked for looking bad are not judged by what made them look bad.
// Its suspects share one allowance (Bonferroni's division of FALSE_ALARMS): that any figure is called worse though nothing has changed
// happens in one comparison out of twenty at most, however many figures were screened. Screening is what keeps their number, and with it
// the rounds that a sure answer takes, small.

import type { Measure } from '../harness/bench.ts';
import { pairwiseRatios, type Spread, spreadOf } from '../harness/statistics.ts';
import { estimateChange, fewestPairs, type PairedEstimate } from './paired-estimate.ts';

/** At most this share of comparisons of identical builds calls a figure worse; at most as many call one better. */
export const FALSE_ALARMS = 0.05;
/** Smaller changes are not worth a failed check: the layout of code in memory alone can make some percent. */
export const LEAST_CHANGE = 0.05;

/**
 * - `worse`, `better`: changed beyond noise, and by LEAST_CHANGE or more
 * - `level`: the screening saw no change of LEAST_CHANGE, or the confirmation rules one out
 * - `unclear`: the screening saw one, and the confirmation can neither show nor rule it out
 */
export type Verdict = 'worse' | 'better' | 'level' | 'unclear';

/** The figures of one measure, round by round: `base[r]` and `head[r]` ran one after the other. */
export interface PairedFigures {
  readonly bench: string;
  readonly variant: string;
  readonly measure: Measure;
  readonly base: readonly number[];
  readonly head: readonly number[];
}

/** What became of one figure. */
export interface Change {
  readonly bench: string;
  readonly variant: string;
  readonly measure: string;
  readonly unit: string;
  readonly better: Measure['better'];
  readonly rounds: number;
  readonly base: Spread;
  readonly head: Spread;
  /** Head divided by base: Hodges-Lehmann estimate, and the interval it lies in. Infinite ends, of too few rounds, are null in JSON. */
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
  readonly verdict: Verdict;
}

/** Whether a figure seems to have changed, in either direction, enough to be looked at again. */
export function isSuspect(figures: PairedFigures): boolean {
  return Math.abs(estimate(figures, FALSE_ALARMS).estimate) >= Math.log(1 + LEAST_CHANGE);
}

/** Rounds without which no difference, however large, could be told from noise. */
export function fewestRounds(suspects: number): number {
  return fewestPairs(FALSE_ALARMS / Math.max(1, suspects));
}

/** Of figures that the screening did not suspect. */
export function describeLevel(figures: PairedFigures): Change {
  return changeOf(figures, estimate(figures, FALSE_ALARMS), 'level');
}

/** Of all suspects together, by figures of new rounds. */
export function judgeSuspects(suspects: readonly PairedFigures[]): Change[] {
  return suspects.map((figures) => {
    const change = estimate(figures, FALSE_ALARMS / suspects.length);
    return changeOf(figures, change, verdictOf(change, figures.measure));
  });
}

function estimate({ base, head }: PairedFigures, tail: number): PairedEstimate {
  return estimateChange(pairwiseRatios(head, base).map(Math.log), tail);
}

function verdictOf({ estimate, low, high }: PairedEstimate, { better }: Measure): Verdict {
  const least = Math.log(1 + LEAST_CHANGE);
  if (low > -least && high < least) return 'level';
  const beyondNoise = low > 0 || high < 0;
  if (!beyondNoise || Math.abs(estimate) < least) return 'unclear';
  return estimate > 0 === (better === 'more') ? 'better' : 'worse';
}

function changeOf(
  { bench, variant, measure, base, head }: PairedFigures,
  logs: PairedEstimate,
  verdict: Verdict,
): Change {
  return {
    bench,
    variant,
    measure: measure.name,
    unit: measure.unit,
    better: measure.better,
    rounds: base.length,
    base: spreadOf(base),
    head: spreadOf(head),
    ratio: Math.exp(logs.estimate),
    low: Math.exp(logs.low),
    high: Math.exp(logs.high),
    verdict,
  };
}
