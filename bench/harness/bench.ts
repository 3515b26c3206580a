// What a bench is: the same work done in several ways, in processes of their own, each answer checked. Types and one helper.
//
// A bench is data that two kinds of process read: the command (bench/main.ts), which runs rounds and prints, and the process of one
// variant in one round (variant-process.ts), which runs it once.

/** How much work: `--quick` takes less, and is not to be quoted. */
export interface Scale {
  readonly quick: boolean;
}

/** What one variant did in one round. */
export interface Sample {
  /** By name of the measure. */
  readonly values: Readonly<Record<string, number>>;
  /** What the work came to; plain data, for it crosses processes as JSON. Compared with the expected answer. */
  readonly answer: unknown;
  /** What else the bench wants to know of it, for its files; plain data as well. */
  readonly details?: unknown;
}

/** What `--out` writes. */
export interface OutputFile {
  readonly name: string;
  readonly text: string;
}

export interface Measure {
  readonly name: string;
  readonly unit: string;
  /** Which direction is better. */
  readonly better: 'more' | 'less';
}

export interface Variant {
  readonly name: string;
  /** Threads that are busy at the same time: on fewer cores the figures say little. */
  readonly threads: number;
  /** The variant that this one is compared with, round by round; the bench's own when absent. */
  readonly baseline?: string;
  /** Warms up as far as its work needs, does the work once, measures. Runs in a process of its own. */
  run(scale: Scale): Promise<Sample>;
}

/** A ratio of two variants that the bench exists to show, or one variant's value where that itself has a target. */
export interface Comparison {
  readonly name: string;
  /** The first measure of `variant` divided by the same of `over`, round by round. */
  readonly variant: string;
  /** Absent: the value itself is judged. */
  readonly over?: string;
  /** Name of the measure; the bench's first when absent. */
  readonly measure?: string;
  /** The ratio is divided by this: by the number of workers, it is their efficiency. 1 when absent. */
  readonly divisor?: number;
  /** What the ratio must reach, or for `atMost` stay under. */
  readonly target?: number;
  readonly atMost?: number;
}

export interface Bench {
  readonly name: string;
  /** One line for the list. */
  readonly summary: string;
  /** The first is the one that ratios are made of. */
  readonly measures: readonly Measure[];
  readonly baseline: string;
  readonly variants: readonly Variant[];
  readonly comparisons: readonly Comparison[];
  /** Takes so long, or so much room, that it is left out where benches are not named one by one. */
  readonly onlyWhenNamed?: boolean;
  /** Makes the input files, where there are any. Called once, by the command, before anything runs. */
  prepare?(scale: Scale): Promise<void>;
  /** The answer that `variant` must give. Called once a variant; by the command, not in the measured process. */
  expected(variant: string, scale: Scale): unknown;
  /** What `--out` writes, of all counted rounds. */
  files?(samples: ReadonlyMap<string, readonly Sample[]>): readonly OutputFile[];
}

/** Milliseconds of a clock that all threads and processes of a machine share. `performance.now()` begins anew in each thread. */
export function sharedNowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
