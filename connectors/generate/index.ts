// millrace/connectors/generate: records that are computed, as fast as possible or by the clock.

export type { Arrival } from './arrivals.ts';
export { type GeneratedSource, type GenerateOptions, generate, type IndexRange } from './generate.ts';
export type { RateOptions } from './rate-options.ts';
export {
  type RateReader,
  type RateSource,
  type RateSplit,
  ratePerSecond,
} from './rate-per-second.ts';
