// A histogram as the points of a percentile spectrum. Any process.

import type { JsHistogram } from 'hdr-histogram-js';

export interface SpectrumPoint {
  /** 0 to below 1: the share of records that took no longer than `valueNs`. */
  readonly share: number;
  readonly valueNs: number;
}

export interface Spectrum {
  readonly name: string;
  /** Rising in both. The last is the maximum, at the share that one record less than all makes. */
  readonly points: readonly SpectrumPoint[];
}

/** Points for each halving of the distance to all records. */
const POINTS_PER_HALF_DISTANCE = 8;

export function spectrumOf(name: string, histogram: JsHistogram): Spectrum {
  const count = histogram.totalCount;
  if (count === 0) return { name, points: [] };
  const points: SpectrumPoint[] = [];
  // Beyond this distance to 1 no further record lies.
  const halvings = Math.log2(count);
  for (let step = 0; step < halvings * POINTS_PER_HALF_DISTANCE; step++) {
    const share = 1 - 2 ** (-step / POINTS_PER_HALF_DISTANCE);
    // A percentile is the upper end of its bucket, which can lie above the largest value there was.
    points.push({ share, valueNs: Math.min(histogram.getValueAtPercentile(share * 100), histogram.maxValue) });
  }
  points.push({ share: 1 - 1 / count, valueNs: histogram.maxValue });
  return { name, points };
}
