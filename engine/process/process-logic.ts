// process(): calls the user's functions for each record and timer of a key, with the key's state at hand. On the thread of the actor that
// owns the keys.
//
//   record -> onRecord(context, record) ---- state, timers, emit
//   watermark, clock -> timers that are due, in order of their time -> onTimer(context, timer)
//
// State expires in the same order: a timer sees what had not expired at its own time, however far the watermark has jumped. At the end of
// the input all timers fire, those of processing time as well: nothing else will come for them.

import { MillraceError } from '../errors/millrace-error.ts';
import type { KeyEntry } from '../operators/key-table.ts';
import type { StatefulHost, StatefulLogic } from '../operators/stateful-operator.ts';
import type { TimeKind } from '../state/key-timers.ts';
import { KeyedState, type PartitionState } from '../state/keyed-state.ts';
import { ObjectHandle } from '../state/object-state.ts';
import { StateAccess } from '../state/state-access.ts';
import { handlesFor } from '../state/state-handles.ts';
import type { Timer } from '../state/timer-queue.ts';
import { END_OF_TIME, NO_WATERMARK } from '../time/watermark.ts';
import { CallContext, type Firing } from './process-context.ts';
import type { AnyProcess } from './process-definition.ts';

/** The state of one partition, and the latest event time that its actor had seen. */
interface StoredPartition extends PartitionState {
  readonly latestMs: number;
}

const YIELD_CALLS = 64;

export class ProcessLogic implements StatefulLogic {
  readonly keyed: KeyedState;
  readonly #definition: AnyProcess;
  readonly #host: StatefulHost;
  readonly #timed: boolean;
  readonly #access: StateAccess;
  readonly #context: CallContext;
  readonly #object: ObjectHandle | undefined;
  /** Some state expires by processing time. */
  readonly #readsClock: boolean;
  #watermarkMs: number = NO_WATERMARK;
  #latestMs: number = NO_WATERMARK;

  constructor(definition: AnyProcess, timed: boolean, host: StatefulHost) {
    this.#definition = definition;
    this.#timed = timed;
    this.#host = host;
    const { state, onTimer, ttlMs, ttlTime } = definition;
    const names = typeof state === 'function' ? ['state'] : Object.keys(state ?? {});
    this.keyed = new KeyedState(names, host.coldState);
    this.#access = new StateAccess(this.keyed, host.forgives);
    const byName = handlesFor(this.#access, state, { ttlMs, ttlTime });
    const [only] = this.#access.handles;
    this.#object = only instanceof ObjectHandle ? only : undefined;
    this.#readsClock = this.#access.handles.some((handle) => handle.ttlTime === 'processing');
    const handles = this.#object ?? byName;
    this.#context = new CallContext(
      this.#access,
      host,
      timed,
      onTimer !== undefined,
      handles,
      this.#object !== undefined,
    );
  }

  get tickAtMs(): number {
    return this.keyed.processing.queue.nextMs - this.#host.startedAtMs;
  }

  onRecord(key: unknown, record: unknown, timeMs: number): void {
    this.keyed.relieve();
    const entry = this.keyed.find(key);
    const access = this.#access;
    access.eventMs = this.#watermarkMs;
    // False without event time, where it is NaN.
    if (timeMs > access.eventMs) access.eventMs = timeMs;
    if (timeMs > this.#latestMs) this.#latestMs = timeMs;
    if (this.#readsClock) access.processingMs = this.#wallMs();
    this.#call(entry, timeMs, record, undefined, undefined);
  }

  isDue(watermarkMs: number): boolean {
    const { event, processing } = this.keyed;
    if (event.queue.nextMs <= watermarkMs && event.queue.size > 0) return true;
    if (watermarkMs === END_OF_TIME && processing.queue.size > 0) return true;
    if (watermarkMs > this.#watermarkMs) this.#watermarkMs = watermarkMs;
    return false;
  }

  *fire(watermarkMs: number): Generator<void> {
    // Idle: no further than before.
    const toMs = Number.isNaN(watermarkMs) ? this.#watermarkMs : watermarkMs;
    this.#access.processingMs = this.#wallMs();
    const isEnd = toMs === END_OF_TIME;
    // Before event time comes to its end, and all that expires by it with it.
    if (isEnd) yield* this.#fireProcessing(END_OF_TIME, END_OF_TIME);
    yield* this.#fireEvents(toMs);
    if (toMs > this.#watermarkMs) this.#watermarkMs = toMs;
    while (isEnd && this.keyed.processing.queue.size > 0) {
      yield* this.#fireProcessing(END_OF_TIME, END_OF_TIME);
      yield* this.#fireEvents(END_OF_TIME);
    }
  }

  *tick(nowMs: number): Generator<void> {
    const toMs = this.#host.startedAtMs + nowMs;
    this.#access.processingMs = toMs;
    yield* this.#fireProcessing(toMs, this.#watermarkMs);
  }

  dump(partition: number): StoredPartition {
    return { ...this.keyed.dump(partition), latestMs: this.#latestMs };
  }

  restore(partition: number, stored: unknown): void {
    const { latestMs, ...state } = stored as StoredPartition;
    if (latestMs > this.#latestMs) this.#latestMs = latestMs;
    this.keyed.restore(partition, state, (entry) => {
      this.#access.enter(entry);
      this.#access.armExpiry();
    });
  }

  close(): void | Promise<void> {
    return this.keyed.close();
  }

  *#fireEvents(toMs: number): Generator<void> {
    const { queue } = this.keyed.event;
    for (let fired = 1; queue.first !== undefined && queue.nextMs <= toMs; fired++) {
      const timer = queue.first;
      this.#access.eventMs = Math.max(this.#watermarkMs, timer.timeMs);
      this.#fireOne('event', timer, timer.timeMs, toMs);
      if (fired % YIELD_CALLS === 0 || this.#host.full) yield;
    }
  }

  *#fireProcessing(toMs: number, watermarkMs: number): Generator<void> {
    const { queue } = this.keyed.processing;
    for (let fired = 1; queue.first !== undefined && queue.nextMs <= toMs; fired++) {
      this.#access.eventMs = this.#watermarkMs < END_OF_TIME ? this.#presentMs() : END_OF_TIME;
      this.#fireOne('processing', queue.first, toMs, watermarkMs);
      if (fired % YIELD_CALLS === 0 || this.#host.full) yield;
    }
  }

  #fireOne(time: TimeKind, timer: Timer, reachedMs: number, watermarkMs: number): void {
    this.keyed.relieve();
    const entry = this.keyed.find(timer.key);
    this.keyed.timerFired(time, entry, timer);
    const { name, timeMs, depth } = timer;
    if (timer.use === 'expiry') {
      this.#access.enter(entry);
      // At the end of the input what has not expired needs no timer any more.
      if (time === 'event' || watermarkMs !== END_OF_TIME) this.#access.expire(time, this.#access.nowMs(time));
      this.keyed.release(entry);
      return;
    }
    try {
      const atMs = time === 'event' && timeMs < END_OF_TIME ? timeMs : this.#presentMs();
      this.#call(entry, atMs, { name, timeMs, time }, { time, depth, reachedMs }, watermarkMs);
    } catch (error) {
      this.#host.failed(error, { key: entry.key, timer: { name, timeMs, time } });
    }
  }

  /** The event time of what fires by processing time, or at the end: not late, and one that has been. */
  #presentMs(): number {
    if (!this.#timed) return Number.NaN;
    return this.#watermarkMs < END_OF_TIME ? Math.max(this.#watermarkMs, this.#latestMs) : this.#latestMs;
  }

  /** `about` is the record, or with `firing` the timer. */
  #call(
    entry: KeyEntry,
    timeMs: number,
    about: unknown,
    firing: Firing | undefined,
    watermarkMs: number = this.#watermarkMs,
  ): void {
    const context = this.#context;
    const access = this.#access;
    access.enter(entry);
    context.begin(timeMs, watermarkMs, firing);
    try {
      const definition = this.#definition;
      const returned: unknown =
        firing === undefined ? definition.onRecord(context, about) : definition.onTimer!(context, about as never);
      if (returned !== undefined) refusePromise(returned);
      this.#object?.settle();
    } catch (error) {
      context.end();
      context.discard();
      if (this.#host.forgives) access.undo();
      this.keyed.release(entry);
      throw error;
    }
    context.end();
    if (this.#host.forgives) context.commit();
    this.keyed.release(entry);
  }

  #wallMs(): number {
    return this.#host.startedAtMs + this.#host.nowMs();
  }
}

function refusePromise(returned: unknown): void {
  if (!(returned instanceof Promise)) return;
  returned.catch(() => {});
  const rule =
    'onRecord and onTimer must not be async: the state would change while other records come. Use mapAsync before or behind';
  throw new MillraceError('ERR_OPERATOR', rule);
}
