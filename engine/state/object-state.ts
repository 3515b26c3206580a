// One object a key, made by the user's function and changed in place: `state: () => ({ count: 0 })`. On the thread of the actor.
//
// Strings that the user's function puts into its fields may be cut from the text of a whole frame, which they would keep alive; settle()
// gives them memory of their own. Deeper strings it does not see.

import { ownString } from '../aggregate/own-string.ts';
import { MillraceError, messageOf } from '../errors/millrace-error.ts';
import type { TimeKind } from './key-timers.ts';
import type { KeyState } from './keyed-state.ts';
import type { Expiring, StateAccess, StateHandle } from './state-access.ts';

/** V8 copies shorter cuts by itself. */
const SHORTEST_CUT = 13;

export class ObjectHandle implements StateHandle {
  readonly ttlTime: TimeKind | undefined;
  readonly #access: StateAccess;
  readonly #create: () => object;
  readonly #ttlMs: number;
  #checked = false;

  constructor(access: StateAccess, create: () => object, ttlMs: number | undefined, ttlTime: TimeKind | undefined) {
    this.#access = access;
    this.#create = create;
    this.#ttlMs = ttlMs ?? Number.POSITIVE_INFINITY;
    this.ttlTime = ttlMs === undefined ? undefined : (ttlTime ?? 'event');
  }

  /** The object of the key at hand, made when there is none. Its time to live begins anew. */
  open(): object {
    const access = this.#access;
    access.touch(0);
    const cell = access.cells[0];
    if (this.ttlTime === undefined) return (cell ?? (access.cells[0] = this.#make())) as object;
    const nowMs = access.nowMs(this.ttlTime);
    const held = cell as Expiring<object> | undefined;
    const value = held !== undefined && held.expiryMs > nowMs ? held.value : this.#make();
    const expiryMs = nowMs + this.#ttlMs;
    access.cells[0] = { value, expiryMs };
    access.expireAt(this.ttlTime, expiryMs);
    return value;
  }

  /** Once the user's function has returned. */
  settle(): void {
    const cell = this.#access.cells[0];
    if (cell === undefined) return;
    const object = (this.ttlTime === undefined ? cell : (cell as Expiring<object>).value) as Record<string, unknown>;
    let texts = 0;
    for (const name in object) {
      const field = object[name];
      if (typeof field !== 'string' || field.length < SHORTEST_CUT) continue;
      const state = this.#access.entry.value as KeyState;
      state.texts ??= [];
      // Equal to what it was: that one needs no other copy.
      if (state.texts[texts] !== field) state.texts[texts] = ownString(field);
      object[name] = state.texts[texts++];
    }
  }

  purge(nowMs: number): number {
    const cell = this.#access.cells[0] as Expiring<object> | undefined;
    if (cell === undefined) return Number.POSITIVE_INFINITY;
    if (cell.expiryMs > nowMs) return cell.expiryMs;
    this.#access.cells[0] = undefined;
    return Number.POSITIVE_INFINITY;
  }

  copy(): unknown {
    return structuredClone(this.#access.cells[0]);
  }

  #make(): object {
    const made = this.#create();
    if (!this.#checked) check(made);
    this.#checked = true;
    return made;
  }
}

/** The first one is checked in full: what cannot be stored should not be found out by the first snapshot. */
function check(made: unknown): void {
  const rule = 'state() must return a plain object that structured clone keeps';
  const prototype = typeof made === 'object' && made !== null ? Object.getPrototypeOf(made) : undefined;
  if (prototype !== Object.prototype && prototype !== null) {
    const what = typeof made === 'object' && made !== null ? (made.constructor?.name ?? 'object') : String(made);
    throw new MillraceError('ERR_OPERATOR', `${rule}: it returned ${what}`);
  }
  try {
    structuredClone(made);
  } catch (error) {
    throw new MillraceError('ERR_OPERATOR', `${rule}: ${messageOf(error)}`, { cause: error });
  }
}
