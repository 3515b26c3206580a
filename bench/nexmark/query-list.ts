// The queries, and the figures that others published for them. Main thread.

export interface Query {
  readonly number: number;
  /** For people, and of its folder: `q5`. */
  readonly name: string;
  /** The compiled module of its job. */
  readonly module: URL;
  /** Events per second and core of two published runs of nexmark/nexmark on Apache Flink; undefined where none was published. */
  readonly flink: readonly [number, number] | undefined;
  /** Its answer is files: they are written also where only its speed is asked for. */
  readonly writesFiles: boolean;
}

export const QUERY_NUMBERS: readonly number[] = Array.from({ length: 23 }, (_, number) => number);

/** On 8 and on 16 cores, exactly-once, into a black hole. */
const FLINK: Readonly<Record<number, readonly [number, number]>> = {
  0: [155_000, 379_000],
  1: [158_000, 395_000],
  2: [175_000, 414_000],
  3: [152_000, 219_000],
  4: [34_000, 28_000],
  5: [22_000, 74_000],
  7: [12_000, 23_000],
  8: [146_000, 162_000],
  9: [14_000, 14_000],
  11: [40_000, 46_000],
  14: [161_000, 259_000],
  17: [117_000, 161_000],
  20: [19_000, 18_000],
  22: [130_000, 212_000],
};

export const QUERIES: readonly Query[] = QUERY_NUMBERS.map((number) => ({
  number,
  name: `q${number}`,
  module: new URL(`./queries/q${String(number).padStart(2, '0')}.job.js`, import.meta.url),
  flink: FLINK[number],
  writesFiles: number === 10,
}));

/** Query 5 on Jet's bids. No event of it is in the stream of the others, so there is no oracle's answer for it. */
export const BARE_QUERY: Query = {
  number: 5,
  name: 'q5-bare',
  module: new URL('./queries/q05-bare.job.js', import.meta.url),
  flink: undefined,
  writesFiles: false,
};

/** Hazelcast Jet's figure for it: 25 million events a second on 16 virtual processors. */
export const JET_EVENTS_PER_SECOND_PER_CORE = 25e6 / 16;
