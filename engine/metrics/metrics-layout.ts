// Where every number of a job's metrics lies in shared memory. Any thread; the only file that knows an offset.
//
// One SharedArrayBuffer holds a block for every stage on every worker:
//
//   | stage 0, worker 0 | stage 0, worker 1 | ... | stage 1, worker 0 | ...
//
// A block has one writer, the worker that runs the stage, and is read by the main thread at any time, also after that worker died.
// Words are Float64, written plainly: a counter is exact at some moment of the last microseconds, two counters of one reading may
// belong to two moments. Blocks are multiples of 128 bytes, so no two workers write to neighbouring cache lines.
//
// | word               | unit      | what it holds                                                                |
// |--------------------|-----------|------------------------------------------------------------------------------|
// | RECORDS_IN / OUT   | records   | polled or read from the source / sent on or written to the sink              |
// | BYTES_IN / OUT     | bytes     | of frames, or of what a source read and a sink wrote                         |
// | RECORDS_SKIPPED    | records   | given up by the error policy `skip`                                          |
// | RECORDS_DEAD_LETTERED | records | handed to the dead-letter sink                                              |
// | RECORDS_DROPPED    | records   | left out knowingly: of a branch that nobody reads                            |
// | RECORDS_LATE       | records   | came behind the watermark of an operator with event time                     |
// | BUSY / IDLE / BACKPRESSURED | ns | where the time went, up to the last change                                  |
// | STEP_STARTED       | ns        | when the step under way began; 0 outside a step                              |
// | STEP_ENDED         | ns        | when the last step ended, or recording began; 0 before that                  |
// | LAST_OUTCOME       | code      | what the last step came to: one of OUTCOME_*                                 |
// | CLOSED             | ns        | when the stage ended on this worker; 0 while it may still run                |
// | OPERATOR           | index     | the operator of the stage that runs user code now; -1 when none              |
// | PROGRESS_DONE / TOTAL | units  | how far the stage's source is read; TOTAL 0 when unknown                     |
// | OCCUPANCY_SUM / SAMPLES / MAX | share | fill of the input lanes as met at each poll                          |
// | EVENT_TIME         | code      | how far event time has come at the inputs: one of TIME_*                     |
// | WATERMARK          | ms        | the last watermark that was a time; 0 before that                            |
// | WATERMARK_TOLD     | ns        | when that was told                                                           |
// | WAIT, SERVICE, AGE | histogram | see histogram-layout.ts                                                      |
//
// Size: 111 232 bytes a block (108.6 KiB). Five stages on 2 workers take 1.06 MiB, on 32 workers 17 MiB.

import { HISTOGRAM_WORDS } from './histogram-layout.ts';

const WORD_BYTES = Float64Array.BYTES_PER_ELEMENT;

export const RECORDS_IN = 0;
export const RECORDS_OUT = 1;
export const BYTES_IN = 2;
export const BYTES_OUT = 3;
export const RECORDS_SKIPPED = 4;
export const RECORDS_DEAD_LETTERED = 5;
export const RECORDS_DROPPED = 6;
export const BUSY_NS = 7;
export const IDLE_NS = 8;
export const BACKPRESSURED_NS = 9;
export const STEP_STARTED_NS = 10;
export const STEP_ENDED_NS = 11;
export const LAST_OUTCOME = 12;
export const CLOSED_NS = 13;
export const OPERATOR = 14;
export const PROGRESS_DONE = 15;
export const PROGRESS_TOTAL = 16;
export const OCCUPANCY_SUM = 17;
export const OCCUPANCY_SAMPLES = 18;
export const OCCUPANCY_MAX = 19;
export const RECORDS_LATE = 20;
export const EVENT_TIME = 21;
export const WATERMARK_MS = 22;
export const WATERMARK_TOLD_NS = 23;

/** The header is padded to two cache-line pairs: 256 bytes. */
const COUNTER_WORDS = 32;

/**
 * What a step of an actor came to. A step that moved anything has `made`, even if it then met a full lane. `waiting` is for an
 * asynchronous call of its own: work of this stage, though no thread does it.
 */
export type StepOutcome = 'made' | 'idle' | 'blocked' | 'waiting';

/** How LAST_OUTCOME spells it. */
export const OUTCOME_IDLE = 0;
export const OUTCOME_BLOCKED = 1;
export const OUTCOME_MADE = 2;
export const OUTCOME_WAITING = 3;

/** How EVENT_TIME spells it. A stage without event time leaves it at none. */
export const TIME_NONE = 0;
export const TIME_STARTING = 1;
export const TIME_RUNNING = 2;
export const TIME_IDLE = 3;
export const TIME_OVER = 4;

/** The histograms that a stage keeps, in the order in which they lie. */
export const HISTOGRAM_NAMES = ['wait', 'service', 'age'] as const;
export type HistogramName = (typeof HISTOGRAM_NAMES)[number];

export const BLOCK_WORDS: number = COUNTER_WORDS + HISTOGRAM_NAMES.length * HISTOGRAM_WORDS;
export const BLOCK_BYTES: number = BLOCK_WORDS * WORD_BYTES;

/** Bytes of shared memory that the metrics of a job take. */
export function metricsBytes(stageCount: number, workerCount: number): number {
  return stageCount * workerCount * BLOCK_BYTES;
}

/** Makes the memory for all blocks of a job, zero-filled. On the main thread, once a job. */
export function allocateMetrics(stageCount: number, workerCount: number): SharedArrayBuffer {
  return new SharedArrayBuffer(metricsBytes(stageCount, workerCount));
}

/** The words of one stage on one worker. `workerCount` is that of the whole job. */
export function blockOf(buffer: SharedArrayBuffer, stage: number, worker: number, workerCount: number): Float64Array {
  return new Float64Array(buffer, (stage * workerCount + worker) * BLOCK_BYTES, BLOCK_WORDS);
}

/** The words of one histogram of a block. */
export function histogramOf(block: Float64Array, name: HistogramName): Float64Array {
  const firstWord = COUNTER_WORDS + HISTOGRAM_NAMES.indexOf(name) * HISTOGRAM_WORDS;
  return new Float64Array(block.buffer, block.byteOffset + firstWord * WORD_BYTES, HISTOGRAM_WORDS);
}
