// The frame around every operator that remembers: windows, sessions, joins, process(). On the thread of the actor that owns the keys.
//
//   chain -- onRecord --> logic -- emit --> batch --> the chain behind
//            advance  --> fire(watermark), drawn as far as the batch has room; records wait meanwhile
//
// The logic knows keys, records and time. What is here is the same for all of them: the watermark of several inputs, results that do not
// fit one batch, backpressure, the end. A watermark leaves behind the results that it caused, never before.

import { LIMITS } from '../limits.ts';
import { END_OF_TIME, NO_WATERMARK, WatermarkMerge } from '../time/watermark.ts';
import type { Feed, Outlet, Refill } from './outlet.ts';

export interface StatefulLogic {
  /** A record of one of the inputs. May emit; throws what the user's functions throw, having changed nothing. */
  onRecord(key: unknown, record: unknown, timeMs: number, input: number): void;
  /** Whether fire() has anything to do at this watermark. */
  isDue(watermarkMs: number): boolean;
  /** Emits what is due, in order of time. Yields after every bounded piece of work once the host is full. */
  fire(watermarkMs: number): Iterator<unknown>;
  /** When tick() is next due by the job's clock; Infinity for never. */
  readonly tickAtMs?: number;
  /** Emits what the clock on the wall makes due. */
  tick?(nowMs: number): Iterator<unknown>;
}

/** What a logic may ask of the operator around it. */
export interface StatefulHost {
  emit(record: unknown, timeMs: number): void;
  /** The batch is full: a firing logic should yield. */
  readonly full: boolean;
  /** A record that came too late to count. */
  late(record: unknown, timeMs: number): void;
  /** A user's function threw while something fired: throws, or by policy returns to leave it out. */
  failed(error: unknown, context: unknown): void;
  /** The job's clock in ms. */
  nowMs(): number;
  /** Has the logic fire again at the present watermark. */
  requestFire(): void;
}

export interface StatefulSurroundings {
  readonly late: (record: unknown, timeMs: number) => void;
  readonly failed: (error: unknown, context: unknown) => void;
  readonly nowNs: () => number;
}

export class StatefulOperator implements Outlet, Feed, StatefulHost {
  full = false;
  readonly holdup = 'lane';
  readonly port = 0;
  records: unknown[] = [];
  times: number[] = [];
  cursor = 0;
  count = 0;
  intakeNs = 0;
  watermarkMs: number = NO_WATERMARK;
  readonly logic: StatefulLogic;
  readonly #surroundings: StatefulSurroundings;
  readonly #merge = new WatermarkMerge();
  #emitted: unknown[] = [];
  #emittedTimes: number[] = [];
  #firing: Iterator<unknown> | undefined;
  /** The watermark that it fires for. */
  #firingMs: number = NO_WATERMARK;
  /** A fire was asked for. */
  #wanted = false;
  /** Holds once #emitted is processed. */
  #reachedMs: number = NO_WATERMARK;
  #openInputs = 0;

  constructor(make: (host: StatefulHost) => StatefulLogic, surroundings: StatefulSurroundings) {
    this.#surroundings = surroundings;
    this.logic = make(this);
  }

  addInput(): number {
    this.#openInputs++;
    return this.#merge.addInput();
  }

  push(): void {
    throw new TypeError('the compiled chain calls the logic itself');
  }

  onRecord(key: unknown, record: unknown, timeMs: number, input: number): void {
    this.logic.onRecord(key, record, timeMs, input);
  }

  emit(record: unknown, timeMs: number): void {
    this.#emitted.push(record);
    this.#emittedTimes.push(timeMs);
    if (this.#emitted.length >= LIMITS.frameRecords) this.full = true;
  }

  late(record: unknown, timeMs: number): void {
    this.#surroundings.late(record, timeMs);
  }

  failed(error: unknown, context: unknown): void {
    this.#surroundings.failed(error, context);
  }

  nowMs(): number {
    return this.#surroundings.nowNs() / 1e6;
  }

  requestFire(): void {
    this.#wanted = true;
  }

  intake(intakeNs: number): void {
    // A result is as old as the last record that went into it.
    this.intakeNs = intakeNs;
  }

  /** Only refill() makes room: by handing on what was emitted, and what is due. */
  drain(): boolean {
    return !this.full;
  }

  flush(): boolean {
    return false;
  }

  advance(watermarkMs: number, input: number): void {
    this.#merge.advance(input, watermarkMs);
    this.#take();
  }

  end(input: number): boolean {
    this.#openInputs--;
    this.advance(END_OF_TIME, input);
    return true;
  }

  /** Records that come behind a due watermark must wait until it has fired. */
  #take(): void {
    const reached = this.#merge.current;
    if (this.#firing !== undefined || Object.is(reached, this.#reachedMs)) return;
    if (!this.logic.isDue(reached)) {
      this.#reachedMs = reached;
      return;
    }
    this.#firing = this.logic.fire(reached);
    this.#firingMs = reached;
    this.full = true;
  }

  refill(): Refill {
    this.#fire();
    const used = this.records;
    const usedTimes = this.times;
    this.records = this.#emitted;
    this.times = this.#emittedTimes;
    this.count = this.records.length;
    this.cursor = 0;
    this.watermarkMs = this.#reachedMs;
    used.length = 0;
    usedTimes.length = 0;
    this.#emitted = used;
    this.#emittedTimes = usedTimes;
    this.full = this.#firing !== undefined;
    if (this.count > 0) return 'made';
    if (this.full) return 'empty';
    return this.#openInputs === 0 ? 'done' : 'none';
  }

  #fire(): void {
    if (this.#firing === undefined) this.#begin();
    while (this.#firing !== undefined && this.#emitted.length < LIMITS.frameRecords) {
      if (this.#firing.next().done !== true) continue;
      this.#firing = undefined;
      this.#reachedMs = this.#firingMs;
      // What has come meanwhile.
      this.#take();
    }
  }

  #begin(): void {
    const { logic } = this;
    if (this.#wanted) {
      this.#wanted = false;
      this.#firing = logic.fire(this.#reachedMs);
      this.#firingMs = this.#reachedMs;
    } else if (logic.tick !== undefined && logic.tickAtMs! < Number.POSITIVE_INFINITY) {
      const nowMs = this.nowMs();
      if (nowMs < logic.tickAtMs!) return;
      this.#firing = logic.tick(nowMs);
      this.#firingMs = this.#reachedMs;
    }
  }
}
