// An open-loop load: records are due by the clock, whether the job keeps up or not. Readers run on workers.
//
// Closed-loop load asks for the next record when the last one is done: a job that stalls is asked less, and its stall is measured once
// ("coordinated omission", G. Tene). Here every record has a time at which it is due, fixed beforehand; that time is its intake, so a
// stall counts against every record that it delayed. Records are never skipped: behind schedule, they come as fast as they are taken.

import type { ReaderContext, ReadResult, Source, Split, SplitReader } from '../../engine/connector/source.ts';
import { MillraceError, messageOf } from '../../engine/errors/millrace-error.ts';
import { ConstantSchedule, PoissonSchedule, type Schedule } from './arrivals.ts';
import { type CheckedRateOptions, checkRateOptions, type RateOptions } from './rate-options.ts';

export interface RateSplit extends Split {
  readonly stream: number;
  readonly streams: number;
}

export interface RateReader<T> extends SplitReader<T> {
  read(maxRecords: number): ReadResult<T>;
  progress(): number;
  locate(index: number): string;
  intakeMs(): number;
  close(): void;
  /** By how much the oldest record that is not handed out yet is overdue; 0 when it is not due. */
  lagMs(): number;
}

export interface RateSource<T> extends Source<T> {
  splits(hint: { readonly workers: number }): readonly RateSplit[];
  open(split: Split, context: ReaderContext): RateReader<T>;
}

/** Timers are not trusted to be more exact than this. */
const TIMER_GRAIN_MS = 2;
/** Below the longest time a timer takes (2^31 - 1). */
const LONGEST_TIMER_MS = 1_000_000_000;

/**
 * Records at a fixed rate by the job's clock: record `index` is due at start + index / rate, and `intake` is that time, not the
 * time at which the job came to take it.
 *
 * The function gets the index and the time at which the record was due (ms of the job's clock). Start is when a split is opened. Throws
 * `ERR_OPTION_INVALID` naming every option out of its range; what the function throws fails the job with `ERR_SOURCE`.
 *
 * @example
 * flow.from(ratePerSecond(50_000, (index, scheduledMs) => ({ index, scheduledMs }), { durationMs: 60_000, arrival: 'poisson' }))
 */
export function ratePerSecond<T>(
  rate: number,
  make: (index: number, scheduledMs: number) => T,
  options: RateOptions = {},
): RateSource<T> {
  const checked = checkRateOptions(rate, make, options);
  const { name, splits: streams, count, durationMs } = checked;
  return {
    name,
    bounded: count < Number.POSITIVE_INFINITY || durationMs < Number.POSITIVE_INFINITY,
    splits({ workers }) {
      // A worker reads a split to its end; one without a worker would start when another has ended, and be late from its first record.
      if (streams > workers) {
        throw new MillraceError(
          'ERR_OPTION_INVALID',
          `${name}: splits must not exceed the workers: splits=${streams}, workers=${workers}`,
        );
      }
      return Array.from({ length: streams }, (_, stream) => splitOf(name, stream, streams, count));
    },
    open: (split, context) => new ScheduledReader<T>(checked, make, split as RateSplit, context),
  };
}

function splitOf(name: string, stream: number, streams: number, count: number): RateSplit {
  const id = streams === 1 ? name : `${name}[${stream} of ${streams}]`;
  return count === Number.POSITIVE_INFINITY
    ? { id, stream, streams }
    : { id, stream, streams, size: Math.max(0, Math.ceil((count - stream) / streams)) };
}

class ScheduledReader<T> implements RateReader<T> {
  readonly #options: CheckedRateOptions;
  readonly #make: (index: number, scheduledMs: number) => T;
  readonly #context: ReaderContext;
  readonly #schedule: Schedule;
  readonly #streams: number;
  readonly #startMs: number;
  #index: number;
  #readCount = 0;
  #batchStart = 0;
  #intakeMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #failure: MillraceError | undefined;
  readonly #onAbort = (): void => this.close();

  constructor(
    options: CheckedRateOptions,
    make: (index: number, scheduledMs: number) => T,
    split: RateSplit,
    context: ReaderContext,
  ) {
    const { stream, streams } = split;
    this.#options = options;
    this.#make = make;
    this.#context = context;
    this.#streams = streams;
    this.#index = stream;
    this.#batchStart = stream;
    this.#schedule =
      options.arrival === 'constant'
        ? new ConstantSchedule(options.rate, stream, streams)
        : new PoissonSchedule(options.rate, stream, streams, options.seed);
    this.#startMs = context.nowMs();
    context.signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  read(maxRecords: number): ReadResult<T> {
    if (this.#failure !== undefined) throw this.#failure;
    const nowMs = this.#context.nowMs() - this.#startMs;
    let dueMs = this.#schedule.dueMs();
    if (this.#isOver(dueMs)) return 'done';
    if (dueMs > nowMs) return this.#wait(dueMs - nowMs);
    this.#refuseIfTooLate(nowMs - dueMs);
    const batch: T[] = [];
    this.#batchStart = this.#index;
    this.#intakeMs = this.#startMs + dueMs;
    try {
      while (batch.length < maxRecords && dueMs <= nowMs && !this.#isOver(dueMs)) {
        batch.push(this.#make(this.#index, this.#startMs + dueMs));
        this.#index += this.#streams;
        this.#schedule.advance();
        dueMs = this.#schedule.dueMs();
      }
    } catch (error) {
      const rule = `${this.#options.name} failed at index ${this.#index}: ${messageOf(error)}`;
      this.#failure = new MillraceError('ERR_SOURCE', rule, { cause: error });
      // What was made before goes first.
      if (batch.length === 0) throw this.#failure;
    }
    this.#readCount += batch.length;
    return batch;
  }

  progress(): number {
    return this.#readCount;
  }

  locate(index: number): string {
    return `${this.#options.name} index ${this.#batchStart + index * this.#streams}`;
  }

  intakeMs(): number {
    return this.#intakeMs;
  }

  lagMs(): number {
    const dueMs = this.#schedule.dueMs();
    return this.#isOver(dueMs) ? 0 : Math.max(0, this.#context.nowMs() - this.#startMs - dueMs);
  }

  close(): void {
    this.#context.signal.removeEventListener('abort', this.#onAbort);
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #isOver(dueMs: number): boolean {
    return this.#index >= this.#options.count || dueMs >= this.#options.durationMs;
  }

  #wait(forMs: number): ReadResult<T> {
    if (this.#options.spin && forMs <= TIMER_GRAIN_MS) return [];
    const timerMs = Math.min(this.#options.spin ? forMs - TIMER_GRAIN_MS : Math.ceil(forMs), LONGEST_TIMER_MS);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#context.wake();
    }, timerMs);
    return 'idle';
  }

  #refuseIfTooLate(behindMs: number): void {
    const { maxBehindMs, name } = this.#options;
    if (behindMs <= maxBehindMs) return;
    const advice = 'the job is slower than the load; lower the rate, or raise maxBehindMs';
    throw new MillraceError(
      'ERR_SOURCE',
      `${name} must not be more than maxBehindMs=${maxBehindMs} behind: record ${this.#index} is ${behindMs.toFixed(1)} ms late; ${advice}`,
    );
  }
}
