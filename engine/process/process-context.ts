// The context that onRecord and onTimer are called with: one for all keys of an actor, valid until the call returns. On the thread of the
// actor.

import { MillraceError } from '../errors/millrace-error.ts';
import { LIMITS } from '../limits.ts';
import type { StatefulHost } from '../operators/stateful-operator.ts';
import type { TimeKind } from '../state/key-timers.ts';
import type { ObjectHandle } from '../state/object-state.ts';
import type { StateAccess } from '../state/state-access.ts';
import { END_OF_TIME, NO_WATERMARK } from '../time/watermark.ts';
import type { ProcessContext, StateDefinition } from './process-definition.ts';

/** Which timer is being called: what it sets without time passing counts as one more in a row. */
export interface Firing {
  readonly time: TimeKind;
  readonly depth: number;
  /** A timer for this time or before would fire at once. */
  readonly reachedMs: number;
}

type UntypedContext = ProcessContext<unknown, StateDefinition, unknown>;

export class CallContext implements UntypedContext {
  timeMs: number = Number.NaN;
  watermarkMs: number = NO_WATERMARK;
  readonly #access: StateAccess;
  readonly #host: StatefulHost;
  readonly #timed: boolean;
  readonly #firesTimers: boolean;
  /** The handles by name, or the one that makes the object of a key. */
  readonly #state: object | ObjectHandle | undefined;
  readonly #isObject: boolean;
  #firing: Firing | undefined;
  #open = false;
  /** Held back until the call has returned, where one that throws must leave nothing behind. */
  readonly #held: unknown[] = [];
  readonly #heldTimes: number[] = [];

  constructor(
    access: StateAccess,
    host: StatefulHost,
    timed: boolean,
    firesTimers: boolean,
    state: object | ObjectHandle | undefined,
    isObject: boolean,
  ) {
    this.#access = access;
    this.#host = host;
    this.#timed = timed;
    this.#firesTimers = firesTimers;
    this.#state = state;
    this.#isObject = isObject;
  }

  begin(timeMs: number, watermarkMs: number, firing: Firing | undefined): void {
    this.timeMs = timeMs;
    this.watermarkMs = watermarkMs;
    this.#firing = firing;
    this.#open = true;
  }

  /** The call has returned, or thrown. */
  end(): void {
    this.#open = false;
  }

  /** Emits what was held back. */
  commit(): void {
    for (let i = 0; i < this.#held.length; i++) this.#host.emit(this.#held[i], this.#heldTimes[i]!);
    this.discard();
  }

  discard(): void {
    this.#held.length = 0;
    this.#heldTimes.length = 0;
  }

  get key(): unknown {
    this.#check();
    return this.#access.entry.key;
  }

  get state(): never {
    this.#check();
    return (this.#isObject ? (this.#state as ObjectHandle).open() : this.#state) as never;
  }

  get nowMs(): number {
    return this.#host.startedAtMs + this.#host.nowMs();
  }

  // Properties, not methods: they may be taken out of the context.

  readonly emit = (record: unknown, timeMs: number = this.timeMs): void => {
    this.#check();
    if (this.#timed && !Number.isFinite(timeMs)) throw invalid('emit needs an event time in ms', timeMs);
    // The object of the key will change: what leaves must not.
    const sent = this.#isObject && record === this.#access.objectAtHand() ? structuredClone(record) : record;
    if (!this.#host.forgives) {
      this.#host.emit(sent, timeMs);
      return;
    }
    this.#held.push(sent);
    this.#heldTimes.push(timeMs);
  };

  readonly setTimer = (timeMs: number, name?: string): void => {
    if (!this.#timed && timeMs !== END_OF_TIME) {
      const rule = 'setTimer needs event time: call .eventTime() behind the source, or use setProcessingTimer';
      throw new MillraceError('ERR_OPERATOR', rule);
    }
    this.#set('event', timeMs, name);
    if (timeMs <= this.watermarkMs && this.#firing?.time !== 'event') this.#host.requestFire();
  };

  readonly clearTimer = (nameOrTimeMs: string | number): void => {
    this.#check();
    this.#access.clearTimer('event', nameOrTimeMs);
  };

  readonly setProcessingTimer = (nowMs: number, name?: string): void => {
    this.#set('processing', nowMs, name);
  };

  readonly clearProcessingTimer = (nameOrTimeMs: string | number): void => {
    this.#check();
    this.#access.clearTimer('processing', nameOrTimeMs);
  };

  readonly forget = (): void => {
    this.#check();
    this.#access.forget();
  };

  #set(time: TimeKind, timeMs: number, name: string | undefined): void {
    this.#check();
    if (typeof timeMs !== 'number' || !(timeMs > NO_WATERMARK)) throw invalid('a timer needs a time in ms', timeMs);
    if (name !== undefined && typeof name !== 'string') throw invalid('the name of a timer must be a string', name);
    if (!this.#firesTimers) throw new MillraceError('ERR_OPERATOR', 'a timer needs onTimer(context, timer) in process');
    this.#access.setTimer(time, timeMs, name, this.#depth(time, timeMs));
  }

  #depth(time: TimeKind, timeMs: number): number {
    const firing = this.#firing;
    if (firing === undefined) return 0;
    const isEnding = this.watermarkMs === END_OF_TIME;
    if (!isEnding && !(firing.time === time && timeMs <= firing.reachedMs)) return 0;
    if (firing.depth + 1 < LIMITS.timersInARow) return firing.depth + 1;
    const why = isEnding
      ? 'onTimer must come to an end when the input has: do not set a timer again where context.watermarkMs is Infinity'
      : 'onTimer must not set timers for no later than its own time for ever';
    throw new MillraceError('ERR_OPERATOR', `${why}: ${LIMITS.timersInARow} in a row`);
  }

  #check(): void {
    if (this.#open) return;
    const rule =
      'the context of process is valid only until onRecord or onTimer returns; for asynchronous calls use mapAsync';
    throw new MillraceError('ERR_OPERATOR', rule);
  }
}

function invalid(rule: string, value: unknown): MillraceError {
  return new MillraceError('ERR_OPERATOR', `${rule}: got ${String(value)}`);
}
