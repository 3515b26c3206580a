// What a job says about itself: while it runs (JobMetrics) and when it is over (JobReport). Types only; any thread.
// Everything is plain data that JSON keeps; what is written to a report file is exactly what a service reads from its handle,
// but for collected results, of which the file holds the counts.

import type { ErrorCode } from '../errors/error-codes.ts';
import type { ErrorPlace } from '../errors/millrace-error.ts';
import type { LatencySummary } from './latency-summary.ts';

/** How much went through, counted since the job began. */
export interface FlowCounters {
  /** Records polled from lanes, or read from the source. */
  recordsIn: number;
  /** Records sent on, or written to the sink. */
  recordsOut: number;
  bytesIn: number;
  bytesOut: number;
  /** Records given up by the error policy `skip`. */
  recordsSkipped: number;
  /** Records handed to a dead-letter sink. */
  recordsDeadLettered: number;
  /** Records left out knowingly: of a branch that nobody reads. */
  recordsDropped: number;
  /** Records that came behind the watermark; they are in no result, but in the stream of late records where there is one. */
  recordsLate: number;
}

/** Where the time went, as shares of the whole: each 0 to 1, together 1 (or all 0 before anything ran). */
export interface TimeShares {
  /** In steps that moved something, or waiting for an asynchronous call of its own. */
  busy: number;
  /** With nothing to do, or while other stages of the same worker ran. */
  idle: number;
  /** Held up by a full lane. */
  backpressured: number;
}

/** One stage on one worker. */
export interface WorkerStageMetrics extends FlowCounters, TimeShares {
  /** Index of the worker thread. */
  worker: number;
  busyMs: number;
  idleMs: number;
  backpressuredMs: number;
}

/** The lanes that lead into a stage, over all its workers. */
export interface LaneMetrics {
  count: number;
  /** Bytes that all of them hold together when full. */
  capacityBytes: number;
  /** Fill at this moment, 0 to 1, over all lanes. */
  occupancy: number;
  /** Mean fill as met at each poll since the job began; absent before the first poll. */
  meanOccupancy?: number;
  /** The fullest lane that any poll met. */
  maxOccupancy?: number;
}

/** How far a bounded source is read, in whatever unit it counts in (bytes, rows). */
export interface ProgressMetrics {
  done: number;
  total: number;
  /** done / total, 0 to 1. */
  fraction: number;
}

/** How far a stage has come in event time. */
export interface EventTimeMetrics {
  /** No watermark yet; on its way; all that it waits for is idle; nothing follows. */
  state: 'starting' | 'running' | 'idle' | 'over';
  /**
   * No record before this comes to the stage any more, on whichever worker: ms since 1970. When the stage is idle or over, the last one
   * that was told. Absent before the first.
   */
  watermarkMs?: number;
  /** How far it is behind the clock on the wall, in ms: now, or of a stage that is over, when it was told. */
  lagMs?: number;
}

/** One stage over all its workers. */
export interface StageMetrics extends FlowCounters, TimeShares {
  stage: string;
  /** The operators fused into it, in order. */
  operators: string[];
  workers: WorkerStageMetrics[];
  /** Frame committed by the stage before, to frame polled here. */
  wait: LatencySummary;
  /** Time spent on a record here: batch time divided by records. */
  service: LatencySummary;
  /** Intake into the job, to done here: of the oldest record of each batch. */
  age: LatencySummary;
  lanes: LaneMetrics;
  /** Where its records have event times. */
  eventTime?: EventTimeMetrics;
  /** Of the source in this stage, where it has one that knows its size. */
  progress?: ProgressMetrics;
}

/** A job at one moment. A live reading is exact to a few microseconds, not across words: out may seem to precede in. */
export interface JobMetrics {
  job: string;
  uptimeMs: number;
  /** Number of worker threads. */
  workers: number;
  /** In the order of the plan, sources first. */
  stages: StageMetrics[];
  /** Of all bounded sources together; absent when one of them does not know its size. */
  progress?: ProgressMetrics;
}

/**
 * How a job ended: all input done; stopped and drained; stopped at once; or by an error.
 */
export type JobOutcome = 'finished' | 'drained' | 'aborted' | 'failed';

/** An error as plain data. */
export interface ReportedError {
  code: ErrorCode;
  message: string;
  place: ErrorPlace;
  /** The message of what caused it. */
  cause?: string;
}

/** A job that is over. */
export interface JobReport extends JobMetrics {
  outcome: JobOutcome;
  /** ISO 8601, UTC. */
  startedAt: string;
  durationMs: number;
  /** `process.version`. */
  node: string;
  /** Cores available to the process, under its cgroup limits. */
  cores: number;
  /** Why it failed, when `outcome` is `failed`. */
  error?: ReportedError;
  /** What each `collect()` sink gathered, by the sink's name. */
  results: Record<string, unknown[]>;
}
