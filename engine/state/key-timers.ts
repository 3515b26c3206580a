// The timers of keys, by key, of one kind of time: an actor has one of these for event time and one for processing time. On the thread
// of the actor.
//
// A key knows a timer by its name, or by its time where it has no name: setting it again moves it, or changes nothing. Most keys have none
// or one, which then stands in the key's state as it is; a Map is made for the second.

import { type Timer, TimerQueue } from './timer-queue.ts';

/** What event time and processing time are called in the API. */
export type TimeKind = 'event' | 'processing';

/** By name, by time, or EXPIRY. */
type TimerId = string | number | typeof EXPIRY;
export type TimersOfKey = undefined | Timer | Map<TimerId, Timer>;

export interface HasTimers {
  event: TimersOfKey;
  processing: TimersOfKey;
}

const EXPIRY: unique symbol = Symbol('expiry');

export class KeyTimers {
  readonly queue: TimerQueue = new TimerQueue();
  readonly #kind: TimeKind;

  constructor(kind: TimeKind) {
    this.#kind = kind;
  }

  set(key: unknown, state: HasTimers, timeMs: number, name: string | undefined, depth: number): void {
    const known = find(state[this.#kind], name ?? timeMs);
    if (known === undefined) this.#add(state, { key, name, use: 'call', timeMs, depth, order: 0, at: -1 });
    else if (known.timeMs !== timeMs) {
      known.depth = depth;
      this.queue.move(known, timeMs);
    }
  }

  clear(state: HasTimers, nameOrTime: string | number): void {
    const known = find(state[this.#kind], nameOrTime);
    if (known !== undefined) this.remove(state, known);
  }

  /** Has the state of the key looked through at `timeMs`, or earlier. */
  expireAt(key: unknown, state: HasTimers, timeMs: number): void {
    const known = find(state[this.#kind], EXPIRY);
    if (known !== undefined) {
      if (timeMs < known.timeMs) this.queue.move(known, timeMs);
      return;
    }
    this.#add(state, { key, name: undefined, use: 'expiry', timeMs, depth: 0, order: 0, at: -1 });
  }

  clearExpiry(state: HasTimers): void {
    const known = find(state[this.#kind], EXPIRY);
    if (known !== undefined) this.remove(state, known);
  }

  remove(state: HasTimers, timer: Timer): void {
    this.queue.remove(timer);
    const timers = state[this.#kind];
    if (timers === timer) state[this.#kind] = undefined;
    else if (timers instanceof Map) {
      timers.delete(idOf(timer));
      if (timers.size === 0) state[this.#kind] = undefined;
    }
  }

  removeAll(state: HasTimers): void {
    for (const timer of timersIn(state[this.#kind])) this.queue.remove(timer);
    state[this.#kind] = undefined;
  }

  /** Those that call the user's function, in no particular order. */
  callsOf(state: HasTimers): Timer[] {
    return timersIn(state[this.#kind]).filter(({ use }) => use === 'call');
  }

  #add(state: HasTimers, timer: Timer): void {
    this.queue.add(timer);
    const timers = state[this.#kind];
    if (timers === undefined) state[this.#kind] = timer;
    else if (timers instanceof Map) timers.set(idOf(timer), timer);
    else {
      state[this.#kind] = new Map([
        [idOf(timers), timers],
        [idOf(timer), timer],
      ]);
    }
  }
}

function idOf({ use, name, timeMs }: Timer): TimerId {
  return use === 'expiry' ? EXPIRY : (name ?? timeMs);
}

function find(timers: TimersOfKey, id: TimerId): Timer | undefined {
  if (timers === undefined) return undefined;
  if (timers instanceof Map) return timers.get(id);
  return idOf(timers) === id ? timers : undefined;
}

function timersIn(timers: TimersOfKey): Timer[] {
  if (timers === undefined) return [];
  return timers instanceof Map ? [...timers.values()] : [timers];
}
