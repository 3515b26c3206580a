// Every bound of the engine, with its unit and the reason for its value. Any thread.

export const LIMITS = {
  /** Threads in one job. Lanes grow with its square: 64 workers have 4096 lanes an exchange. */
  maxWorkers: 256,
  /** Slices of the key space. Fixed: stored state depends on it. */
  partitions: 256,
  /** Records in one frame. Longer frames gain nothing measurable and make the first record wait for the last. */
  frameRecords: 512,
  /** Smallest and largest ring between two actors. The smallest still holds two frames of a few small records. */
  minLaneBytes: 4_096,
  maxLaneBytes: 268_435_456,
  /** Ring between two actors when its edge's budget allows it. */
  defaultLaneBytes: 262_144,
  /** Budget of one edge, divided over its lanes: 32 workers have 1024 lanes an edge, of 16 KiB each. */
  edgeBytes: 16_777_216,
  /** Keys in a local pre-aggregation table at first: small enough to stay near the cache. */
  preaggregateKeys: 4096,
  /** Keys that it grows to where keys come again: a key with a count and a sum takes some 250 bytes, so 16 MiB a table. */
  mostPreaggregateKeys: 65_536,
  /** The same of all senders of an edge together, some 64 MiB: 8 workers have 32 768 each, from 64 on nobody grows. */
  edgePreaggregateKeys: 262_144,
  maxAsyncConcurrency: 65_536,
  maxRetries: 1_000,
  /** Timers that set one another without time passing, or at the end of the input, before that is called endless. */
  timersInARow: 10_000,
  /** The longest delay that Node's timers take. */
  maxTimerMs: 2_147_483_647,
  /** Records that collect() keeps before it fails the job: the main thread's heap is the user's. */
  defaultCollectLimit: 10_000_000,
} as const;
