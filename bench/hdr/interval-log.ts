// Histograms of consecutive intervals as a log (.hlog) that HdrHistogram's log processors and analyzers read. Any process.
//
//   #[Histogram log format version 1.3]
//   #[StartTime: 1441812279.474 (seconds since epoch), 2015-09-09T15:24:39.474Z]
//   "StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"
//   Tag=totals-wait,0.127,1.007,2.769,HISTFAAAAEV42p...
//
// Times in seconds since StartTime, maxima in milliseconds.

import type { JsHistogram } from 'hdr-histogram-js';
import { encodeHistogram } from './encoding.ts';

export interface Interval {
  /** What was measured; several tags may share one log. */
  readonly tag: string;
  readonly startSeconds: number;
  readonly lengthSeconds: number;
  /** In nanoseconds. */
  readonly histogram: JsHistogram;
}

const NS_PER_MS = 1e6;

export function intervalLog(startedAt: Date, intervals: readonly Interval[]): string {
  const epochSeconds = (startedAt.getTime() / 1000).toFixed(3);
  return [
    '#[Histogram log format version 1.3]',
    `#[StartTime: ${epochSeconds} (seconds since epoch), ${startedAt.toISOString()}]`,
    `#[BaseTime: ${epochSeconds} (seconds since epoch)]`,
    '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"',
    ...intervals.map(lineOf),
    '',
  ].join('\n');
}

/** A name as a tag: the format has no escapes, so what would end a tag becomes a hyphen. */
export function tagOf(name: string): string {
  return name.replace(/[\s,]+/g, '-');
}

function lineOf({ tag, startSeconds, lengthSeconds, histogram }: Interval): string {
  if (tag === '' || /[\s,]/.test(tag)) {
    throw new RangeError(
      `a tag must be one word without commas: tag=${JSON.stringify(tag)}; tagOf() makes one of a name`,
    );
  }
  const fields = [startSeconds, lengthSeconds, histogram.maxValue / NS_PER_MS].map((value) => value.toFixed(3));
  return [`Tag=${tag}`, ...fields, encodeHistogram(histogram)].join(',');
}
