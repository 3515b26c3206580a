// A histogram as the text that HdrHistogram calls a percentile distribution (.hgrm): its plotter and every spreadsheet read it. Any process.

import type { JsHistogram } from 'hdr-histogram-js';

/** Lines for each halving of the distance to 100 %: what HdrHistogram's own writers use. */
const TICKS_PER_HALF_DISTANCE = 5;

/** Values in units of `unitNs` nanoseconds: 1e6 for milliseconds. */
export function percentileDistribution(histogram: JsHistogram, unitNs = 1e6): string {
  return histogram.outputPercentileDistribution(TICKS_PER_HALF_DISTANCE, unitNs);
}
