// The frame around every operator that remembers: windows, sessions, joins, process(). On the thread of the actor that owns the keys.
//
//   chain -- onRecord --> logic -- emit --> batch --> the chain behind
//            advance  --> fire(watermark), drawn as far as the batch has room; records wait meanwhile
//
// The logic knows keys, records and time. What is here is the same for all of them: the watermark of several inputs, results that do not
// fit one batch, backpressure, the end. A watermark leaves behind the results that it caused, never before.

import { LIMITS } from '../limits.ts';
import type { ColdState } from '../state/cold-store.ts';
import { END_OF_TIME, NO_WATERMARK, WatermarkMerge } from '../time/watermark.ts';
import type { Feed, Outlet, Refill } from './outlet.ts';

export interface StatefulLogic {
  /** A record of one of the inputs. May emit; throws what the user's functions throw, having changed nothing. */
  onRecord(key: unknown, record: unknown, timeMs: number, input: number): void;
  /** Whether fire() has anything to do at this watermark, which only grows. If not, it takes note of the watermark here. */
  isDue(watermarkMs: number): boolean;
  /** A batch of records follows. */
  batch?(): void;
  /** Emits what is due, in order of time. Yields after every bounded piece of work once the host is full. Never called for idle. */
  fire(watermarkMs: number): Iterator<unknown>;
  /** Whether an input must wait for another to end first (stateful-input.ts). */
  holds?(input: number): boolean;
  /** No record of this input follows. */
  inputEnded?(input: number): void;
  /** When tick() is next due by the job's clock; Infinity for never. */
  readonly tickAtMs?: number;
  /** Emits what the clock on the wall makes due. */
  tick?(nowMs: number): Iterator<unknown>;
  /** All about the keys of one partition as plain data, between any two calls; and the way back, into a logic that has none of them. */
  dump?(partition: number): unknown;
  restore?(partition: number, stored: unknown): void;
  /** Gives back what must not outlive the actor. */
  close?(): void | Promise<void>;
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
  /** The time on the wall at the zero of the job's clock, in ms since 1970. The same on all threads. */
  readonly startedAtMs: number;
  /** What fails is given up and the job goes on: what it had changed by then must be undone. */
  readonly forgives: boolean;
  /** Where state goes that memory does not hold; absent where it must all be in memory. */
  readonly coldState?: ColdState | undefined;
  /** Has the logic fire again at the present watermark. */
  requestFire(): void;
}

export interface StatefulSurroundings {
  readonly late: (record: unknown, timeMs: number) => void;
  readonly failed: (error: unknown, context: unknown) => void;
  /** All that was due is told: of all moments this one is the farthest from the next. */
  readonly fired: () => void;
  readonly clock: { readonly nowNs: () => number; readonly startedAtMs: number };
  readonly forgives: boolean;
  readonly coldState?: ColdState | undefined;
}

/**
 * Pieces of work of a firing logic in one step, at most: those that emit nothing leave dead letters, which need room, and keep others waiting. A
 * firing begins with one a step and doubles them: first results leave soon, and what makes the same due on other workers is not kept from them meanwhile.
 */
const MOST_PIECES = 16;

/** What a logic sees of its operator, and what it has emitted for the next batch. */
class Emitting implements StatefulHost {
  records: unknown[] = [];
  times: number[] = [];
  wantsFire = false;
  readonly #surroundings: StatefulSurroundings;

  constructor(surroundings: StatefulSurroundings) {
    this.#surroundings = surroundings;
  }

  get full(): boolean {
    return this.records.length >= LIMITS.frameRecords;
  }

  emit(record: unknown, timeMs: number): void {
    this.records.push(record);
    this.times.push(timeMs);
  }

  late(record: unknown, timeMs: number): void {
    this.#surroundings.late(record, timeMs);
  }

  failed(error: unknown, context: unknown): void {
    this.#surroundings.failed(error, context);
  }

  nowMs(): number {
    return this.#surroundings.clock.nowNs() / 1e6;
  }

  get startedAtMs(): number {
    return this.#surroundings.clock.startedAtMs;
  }

  get forgives(): boolean {
    return this.#surroundings.forgives;
  }

  get coldState(): ColdState | undefined {
    return this.#surroundings.coldState;
  }

  requestFire(): void {
    this.wantsFire = true;
  }
}

export class StatefulOperator implements Outlet, Feed {
  readonly holdup = 'lane';
  readonly port = 0;
  records: unknown[] = [];
  times: number[] = [];
  cursor = 0;
  count = 0;
  intakeNs = 0;
  watermarkMs: number = NO_WATERMARK;
  readonly logic: StatefulLogic;
  readonly #host: Emitting;
  readonly #fired: () => void;
  readonly #merge = new WatermarkMerge();
  #firing: Iterator<unknown> | undefined;
  /** The watermark that holds once it has fired. */
  #firedMs: number = NO_WATERMARK;
  /** Holds once what was emitted is processed; NaN while all inputs are idle. */
  #reachedMs: number = NO_WATERMARK;
  /** The last one that was no idleness. */
  #promisedMs: number = NO_WATERMARK;
  #openInputs = 0;
  /** Of what fires, in the next step. */
  #pieces = 1;

  constructor(make: (host: StatefulHost) => StatefulLogic, surroundings: StatefulSurroundings) {
    this.#host = new Emitting(surroundings);
    this.#fired = surroundings.fired;
    this.logic = make(this.#host);
  }

  addInput(): number {
    this.#openInputs++;
    return this.#merge.addInput();
  }

  /** Records wait while something fires: they come behind the watermark that made it due. */
  get full(): boolean {
    return this.#firing !== undefined || this.#host.full;
  }

  /** An input that has no event time: the operator's is that of the others. */
  addTimeless(): void {
    this.#openInputs++;
  }

  endTimeless(): void {
    this.#openInputs--;
  }

  /** First results of what fires leave at once, in small batches; the rest in full ones. */
  get caughtUp(): boolean {
    return this.#firing !== undefined && this.#pieces < MOST_PIECES;
  }

  push(): void {
    throw new TypeError('the compiled chain calls the logic itself');
  }

  onRecord(key: unknown, record: unknown, timeMs: number, input: number): void {
    this.logic.onRecord(key, record, timeMs, input);
  }

  late(record: unknown, timeMs: number): void {
    this.#host.late(record, timeMs);
  }

  intake(intakeNs: number): void {
    // A result is as old as the last record that went into it.
    this.intakeNs = intakeNs;
    this.logic.batch?.();
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

  #take(): void {
    const reached = this.#merge.current;
    if (this.#firing !== undefined || Object.is(reached, this.#reachedMs)) return;
    // What the logic still has to tell comes before the watermark, also where that is none.
    if (this.#host.wantsFire) {
      this.#askLogic();
      return;
    }
    if (Number.isNaN(reached) || reached === this.#promisedMs) {
      this.#reachedMs = reached;
      return;
    }
    this.#promisedMs = reached;
    if (this.logic.isDue(reached)) this.#fire(this.logic.fire(reached), reached);
    else this.#reachedMs = reached;
  }

  #fire(firing: Iterator<unknown>, firedMs: number): void {
    this.#firing = firing;
    this.#pieces = 1;
    this.#firedMs = firedMs;
  }

  close(): void | Promise<void> {
    return this.logic.close?.();
  }

  get dueNs(): number {
    return this.logic.tick === undefined ? Number.POSITIVE_INFINITY : this.logic.tickAtMs! * 1e6;
  }

  refill(): Refill {
    if (this.#firing === undefined) this.#askLogic();
    this.#draw();
    const used = this.records;
    const usedTimes = this.times;
    const host = this.#host;
    this.records = host.records;
    this.times = host.times;
    this.count = this.records.length;
    this.cursor = 0;
    this.watermarkMs = this.#reachedMs;
    used.length = 0;
    usedTimes.length = 0;
    host.records = used;
    host.times = usedTimes;
    if (this.count > 0) return 'made';
    if (this.#firing !== undefined) return 'empty';
    return this.#openInputs === 0 ? 'done' : 'none';
  }

  #draw(): void {
    const host = this.#host;
    const most = this.#pieces;
    this.#pieces = Math.min(MOST_PIECES, most * 2);
    for (let pieces = 0; pieces < most && this.#firing !== undefined && !host.full; pieces++) {
      if (this.#firing.next().done !== true) continue;
      this.#firing = undefined;
      this.#reachedMs = this.#firedMs;
      // What has come meanwhile.
      this.#take();
      if (this.#firing === undefined) this.#fired();
    }
  }

  /** What the logic wants to do of its own accord. */
  #askLogic(): void {
    const { logic } = this;
    if (this.#host.wantsFire) {
      this.#host.wantsFire = false;
      this.#fire(logic.fire(this.#promisedMs), this.#reachedMs);
    } else if (logic.tick !== undefined && logic.tickAtMs! < Number.POSITIVE_INFINITY) {
      const nowMs = this.#host.nowMs();
      if (nowMs >= logic.tickAtMs!) this.#fire(logic.tick(nowMs), this.#reachedMs);
    }
  }
}
