// The aggregates that users write in `aggregate({ … })`, and what runs them.

export type { Aggregator, ResultOf } from './aggregator.ts';
export { type ApproxPercentileOptions, approxPercentile, type DistributionSketch } from './approx-percentile.ts';
export { type CollectOptions, collect } from './collect.ts';
export type { Comparable } from './comparable.ts';
export type { CompensatedSum } from './compensated-sum.ts';
export { type CompositeAccumulator, type CompositeResult, composite } from './composite.ts';
export { count } from './count.ts';
export { type AggregatorDefinition, aggregator } from './custom.ts';
export { countDistinct, type DistinctOptions, type Distinguishable, distinct } from './distinct.ts';
export { max } from './max.ts';
export { type MeanAccumulator, mean } from './mean.ts';
export { min } from './min.ts';
export { percentile, percentiles } from './percentile.ts';
export { sum } from './sum.ts';
export { sumBigInt } from './sum-bigint.ts';
export { type TopNAccumulator, type TopNOptions, topN } from './top-n.ts';
export type { ValueMultiset } from './value-multiset.ts';
