// What a stage writes down about itself while it runs. On the worker that runs it, and on no other thread.
//
//   enterStep(t0)  ... recordsIn(512), service.record(...), recordsOut(490) ...  leaveStep(t1, 'made')
//
// Every moment from begin() to close() is credited to exactly one of busy, idle and backpressured:
//   inside a step    to what the step came to: made and waiting -> busy, idle -> idle, blocked -> backpressured;
//   between steps    to what the last step came to: blocked -> backpressured, waiting -> busy, else idle.
// Time in which another stage of the same worker runs lies between the steps of this one.
//
// Words are written plainly, each by this thread only (see metrics-layout.ts). Nothing here allocates, locks or throws.

import { END_OF_TIME, NO_WATERMARK, slowestOf } from '../time/watermark.ts';
import { HistogramRecorder } from './histogram-recorder.ts';
import {
  BACKPRESSURED_NS,
  BUSY_NS,
  BYTES_IN,
  BYTES_OUT,
  blockOf,
  CLOSED_NS,
  EVENT_TIME,
  histogramOf,
  IDLE_NS,
  LAST_OUTCOME,
  OCCUPANCY_MAX,
  OCCUPANCY_SAMPLES,
  OCCUPANCY_SUM,
  OPERATOR,
  OUTCOME_BLOCKED,
  OUTCOME_IDLE,
  OUTCOME_MADE,
  OUTCOME_WAITING,
  PROGRESS_DONE,
  PROGRESS_TOTAL,
  RECORDS_DEAD_LETTERED,
  RECORDS_DROPPED,
  RECORDS_IN,
  RECORDS_LATE,
  RECORDS_OUT,
  RECORDS_SKIPPED,
  STEP_ENDED_NS,
  STEP_STARTED_NS,
  type StepOutcome,
  TIME_IDLE,
  TIME_OVER,
  TIME_RUNNING,
  TIME_STARTING,
  WATERMARK_MS,
  WATERMARK_TOLD_NS,
} from './metrics-layout.ts';

export class StageRecorder {
  /** Frame committed to frame polled; once a frame, weighted by its records. */
  readonly wait: HistogramRecorder;
  /** Time of a batch divided by its records; once a batch, weighted by its records. */
  readonly service: HistogramRecorder;
  /** Intake of the oldest record of a batch into the job, to the batch being done here; weighted by its records. */
  readonly age: HistogramRecorder;
  readonly #words: Float64Array;
  /** By input. */
  readonly #watermarks: number[] = [];

  /** @param block the zero-filled words of this stage on this worker, from `blockOf` */
  constructor(block: Float64Array) {
    this.#words = block;
    this.wait = new HistogramRecorder(histogramOf(block, 'wait'));
    this.service = new HistogramRecorder(histogramOf(block, 'service'));
    this.age = new HistogramRecorder(histogramOf(block, 'age'));
    block[OPERATOR] = -1;
  }

  /** The recorder of `stage` on `worker`, over the memory that the main thread allocated for `workerCount` workers. */
  static over(buffer: SharedArrayBuffer, stage: number, worker: number, workerCount: number): StageRecorder {
    return new StageRecorder(blockOf(buffer, stage, worker, workerCount));
  }

  recordsIn(count: number): void {
    this.#words[RECORDS_IN]! += count;
  }

  recordsOut(count: number): void {
    this.#words[RECORDS_OUT]! += count;
  }

  bytesIn(bytes: number): void {
    this.#words[BYTES_IN]! += bytes;
  }

  bytesOut(bytes: number): void {
    this.#words[BYTES_OUT]! += bytes;
  }

  recordsSkipped(count: number): void {
    this.#words[RECORDS_SKIPPED]! += count;
  }

  recordsDeadLettered(count: number): void {
    this.#words[RECORDS_DEAD_LETTERED]! += count;
  }

  recordsDropped(count: number): void {
    this.#words[RECORDS_DROPPED]! += count;
  }

  recordsLate(count: number): void {
    this.#words[RECORDS_LATE]! += count;
  }

  /** The stage has one more input with event time. Returns its number. */
  timeInput(): number {
    this.#words[EVENT_TIME] = TIME_STARTING;
    return this.#watermarks.push(NO_WATERMARK) - 1;
  }

  /** How far event time has come at an input; the stage is where the slowest is. */
  watermark(input: number, watermarkMs: number, nowNs: number): void {
    const words = this.#words;
    this.#watermarks[input] = watermarkMs;
    const slowest = this.#watermarks.length === 1 ? watermarkMs : slowestOf(this.#watermarks);
    if (Number.isNaN(slowest)) words[EVENT_TIME] = TIME_IDLE;
    else if (slowest === END_OF_TIME) words[EVENT_TIME] = TIME_OVER;
    else if (slowest !== NO_WATERMARK) {
      // A reader between the two stores sees an older watermark as told just now, for the time of a store.
      words[WATERMARK_TOLD_NS] = nonZero(nowNs);
      words[WATERMARK_MS] = slowest;
      words[EVENT_TIME] = TIME_RUNNING;
    }
  }

  /** How far the source of this stage is read on this worker, in the source's units. `total` is 0 as long as it is unknown. */
  progress(done: number, total: number): void {
    this.#words[PROGRESS_DONE] = done;
    this.#words[PROGRESS_TOTAL] = total;
  }

  /** How full an input lane was when it was polled, 0 to 1. Once a poll is enough. */
  occupancy(share: number): void {
    const words = this.#words;
    words[OCCUPANCY_SUM]! += share;
    words[OCCUPANCY_SAMPLES]! += 1;
    if (share > words[OCCUPANCY_MAX]!) words[OCCUPANCY_MAX] = share;
  }

  /** Which operator of the stage runs now, so that a stage that never returns can be explained; -1 for none. */
  operator(index: number): void {
    this.#words[OPERATOR] = index;
  }

  /** Starts the account of time. Time before this call belongs to nobody. */
  begin(nowNs: number): void {
    this.#words[STEP_ENDED_NS] = nonZero(nowNs);
  }

  enterStep(nowNs: number): void {
    const words = this.#words;
    const endedNs = words[STEP_ENDED_NS]!;
    if (endedNs !== 0 && nowNs > endedNs) {
      const last = words[LAST_OUTCOME];
      if (last === OUTCOME_BLOCKED) words[BACKPRESSURED_NS]! += nowNs - endedNs;
      else if (last === OUTCOME_WAITING) words[BUSY_NS]! += nowNs - endedNs;
      else words[IDLE_NS]! += nowNs - endedNs;
    }
    words[STEP_STARTED_NS] = nonZero(nowNs);
  }

  /** Ends the step that `enterStep` began. A step that moved anything reports `made`, even if it then met a full lane. */
  leaveStep(nowNs: number, outcome: StepOutcome): void {
    const words = this.#words;
    const insideNs = nowNs - words[STEP_STARTED_NS]!;
    if (outcome === 'made') {
      words[BUSY_NS]! += insideNs;
      words[LAST_OUTCOME] = OUTCOME_MADE;
    } else if (outcome === 'blocked') {
      words[BACKPRESSURED_NS]! += insideNs;
      words[LAST_OUTCOME] = OUTCOME_BLOCKED;
    } else if (outcome === 'waiting') {
      words[BUSY_NS]! += insideNs;
      words[LAST_OUTCOME] = OUTCOME_WAITING;
    } else {
      words[IDLE_NS]! += insideNs;
      words[LAST_OUTCOME] = OUTCOME_IDLE;
    }
    // In this order a reader may miss that a step ended, but never takes a step that ended for one under way since then.
    words[STEP_ENDED_NS] = nonZero(nowNs);
    words[STEP_STARTED_NS] = 0;
  }

  /** The stage has ended on this worker: the account of time stops here. */
  close(nowNs: number): void {
    this.enterStep(nowNs);
    this.leaveStep(nowNs, 'idle');
    this.#words[CLOSED_NS] = nonZero(nowNs);
  }
}

/** Zero means "none" in the words that hold a moment; only a virtual clock can be at zero. */
function nonZero(nowNs: number): number {
  return nowNs === 0 ? Number.MIN_VALUE : nowNs;
}
