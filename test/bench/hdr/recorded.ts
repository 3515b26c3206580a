import { createRequire } from 'node:module';
import type { Float64Histogram } from 'hdr-histogram-js';

const { Float64Histogram: Histogram } = createRequire(import.meta.url)('hdr-histogram-js') as {
  Float64Histogram: typeof Float64Histogram;
};

/** A histogram of the engine's layout that holds these values (ns). */
export function recorded(values: readonly number[]): Float64Histogram {
  const histogram = new Histogram(1, 2 ** 42 - 1, 2);
  for (const value of values) histogram.recordValue(value);
  return histogram;
}
