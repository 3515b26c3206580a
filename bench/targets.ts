// What Millrace must show: one line a target, in the order in which `npm run bench -- targets` judges them. Any process.
//
// A target's figure stands with its comparison, in the bench; this list says which comparisons there must be, so that none is lost without
// notice when a bench changes.

import type { ComparisonResult } from './harness/results.ts';

/** A row of the table of targets: some have several figures. */
export interface Target {
  readonly row: string;
  readonly bench: string;
  /** Name of the comparison that judges it. */
  readonly comparison: string;
}

const targetsOf = (row: string, bench: string, ...comparisons: string[]): Target[] =>
  comparisons.map((comparison) => ({ row, bench, comparison }));

export const TARGETS: readonly Target[] = [
  ...targetsOf(
    'keyed sum, numbers',
    'keyed-sum',
    'millrace / hand-written, 2 workers',
    'millrace, 2 workers / postMessage arrays',
    'millrace, 2 workers / piscina over chunks',
  ),
  ...targetsOf('keyed sum, strings', 'keyed-sum-string', 'millrace / hand-written, 2 workers'),
  ...targetsOf('scaling', 'keyed-sum', 'millrace, 2 workers / 1 worker'),
  ...targetsOf('queue', 'queue', 'frames of 512 / bare loop', 'frames of 512 / ringbuf.js per record'),
  ...targetsOf('frames', 'frames', 'v8 / millrace', 'JSON / millrace', 'msgpackr / millrace'),
  ...targetsOf('CSV scan', 'csv-scan', 'millrace, 2 workers / byte loop'),
  ...targetsOf('NDJSON scan', 'ndjson-scan', 'millrace, 2 workers / plain loop'),
  ...targetsOf('latency at 50 % load', 'latency', 'postMessage / millrace, p50 age', 'postMessage / millrace, p99 age'),
  ...targetsOf('idle job', 'idle', 'percent of a core when idle', 'wake, millrace / bare round trip'),
  ...targetsOf('start of a job', 'start-up', 'millrace / two bare threads'),
  ...targetsOf('memory', 'memory', 'five stages, 2 workers', 'five stages, 32 workers'),
];

export interface JudgedTarget extends Target {
  readonly met: boolean;
  /** Undefined when its bench failed or has no such comparison any more: that is not met either. */
  readonly result: ComparisonResult | undefined;
}

export function judgeTargets(targets: readonly Target[], compared: readonly ComparisonResult[]): JudgedTarget[] {
  return targets.map((target) => {
    const result = compared.find(({ bench, variant }) => bench === target.bench && variant === target.comparison);
    return { ...target, met: result?.met === true, result };
  });
}
