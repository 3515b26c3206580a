// What a user says to process(): functions of his own over the records, the state and the timers of one key. Any thread.

import type { TimeKind } from '../state/key-timers.ts';
import type { HandlesOf, StateSpecs, TimeToLive } from '../state/state-spec.ts';

/** A plain object a key, made by a function, or states by name. */
export type StateDefinition = StateSpecs | (() => object);

export type StateOf<S> = S extends () => infer O ? O : S extends StateSpecs ? HandlesOf<S> : never;

/** What onRecord and onTimer may do; about one key, and only until they return. */
export interface ProcessContext<K, S, U> {
  readonly key: K;
  /** The state of the key. */
  readonly state: StateOf<S>;
  /** Event time of the record, or of the timer, in ms since 1970. NaN where the stream has none. */
  readonly timeMs: number;
  /** No record before this event time follows; Infinity when none follows at all. A record with an earlier time is late. */
  readonly watermarkMs: number;
  /** Processing time: the clock on the wall in ms since 1970, which never goes back within a job. */
  readonly nowMs: number;
  /** Passes a record on, with the event time at hand or another one. */
  emit(record: U, timeMs?: number): void;
  /**
   * Has onTimer called when the watermark reaches `timeMs`, after all timers before it; at once when it already has. With a name: the timer
   * of this name moves. Without: one that is set for the same time is left as it is. Infinity is the end of the input.
   */
  setTimer(timeMs: number, name?: string): void;
  clearTimer(nameOrTimeMs: string | number): void;
  /** The same by the clock on the wall; a timer still set when the input ends fires then, with `watermarkMs` at Infinity. */
  setProcessingTimer(nowMs: number, name?: string): void;
  clearProcessingTimer(nameOrTimeMs: string | number): void;
  /** Drops all state and all timers of the key. */
  forget(): void;
}

export interface FiredTimer {
  /** As it was set; undefined for one without a name. */
  readonly name: string | undefined;
  /** What it was set for. */
  readonly timeMs: number;
  readonly time: TimeKind;
}

/** A type, given as a value. */
export interface TypeWitness<T> {
  readonly type?: T;
}

export interface ProcessDefinition<K, T, S extends StateDefinition, U> extends TimeToLive {
  /** What it emits: `typeOf<Alert>()`. */
  readonly emits?: TypeWitness<U>;
  /**
   * A function that makes the state of a key, a plain object that onRecord and onTimer change in place; or states by name. `ttlMs` holds for
   * all states that do not say otherwise; an object lives anew with every call that looks at it.
   */
  readonly state?: S;
  onRecord(context: ProcessContext<K, S, U>, record: T): void;
  onTimer?(context: ProcessContext<K, S, U>, timer: FiredTimer): void;
}

export interface ProcessOptions {
  /**
   * onRecord is called in the order of event time, once the watermark allows it, with all timers before a record's time fired before it: so
   * nothing depends on how records came. Those behind the watermark are late, and not processed. Default false: as they come.
   */
  readonly inTimeOrder?: boolean;
}

/** A definition whose types are forgotten: as the engine runs it. */
export type AnyProcess = ProcessDefinition<unknown, unknown, StateDefinition, unknown>;

/**
 * Says which records a process() emits, where the compiler cannot know.
 *
 * @example
 * keyed.process({ emits: typeOf<{ user: string; clicks: number }>(), … })
 */
export function typeOf<T>(): TypeWitness<T> {
  return {};
}
