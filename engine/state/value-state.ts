// One value a key. On the thread of the actor.

import type { TimeKind } from './key-timers.ts';
import type { Expiring, StateAccess, StateHandle } from './state-access.ts';
import { TimeToLive } from './time-to-live.ts';

/** One value of the key at hand. Replace it by set(): a value that is changed in place may be lost. */
export interface ValueState<V> {
  get(): V;
  set(value: Exclude<V, undefined>): void;
  /** Sets what `fn` makes of the present value, and returns it. */
  update(fn: (value: V) => Exclude<V, undefined>): Exclude<V, undefined>;
  /** It is again what it was before anything was set. */
  clear(): void;
}

export class ValueHandle<V> implements ValueState<V>, StateHandle {
  readonly ttlTime: TimeKind | undefined;
  readonly #ttl: TimeToLive;
  readonly #access: StateAccess;
  readonly #slot: number;
  readonly #initial: V;

  constructor(access: StateAccess, slot: number, initial: V, ttlMs: number | undefined, ttlTime: TimeKind | undefined) {
    this.#access = access;
    this.#slot = slot;
    this.#initial = initial;
    this.#ttl = new TimeToLive(access, ttlMs, ttlTime);
    this.ttlTime = this.#ttl.time;
  }

  get(): V {
    const cell = this.#access.cells[this.#slot];
    if (cell === undefined) return this.#fresh();
    if (this.ttlTime === undefined) return cell as V;
    const { value, expiryMs } = cell as Expiring<V>;
    return expiryMs > this.#access.nowMs(this.ttlTime) ? value : this.#fresh();
  }

  set(value: Exclude<V, undefined>): void {
    const access = this.#access;
    access.touch(this.#slot);
    access.cells[this.#slot] = this.#ttl.keep(value);
  }

  update(fn: (value: V) => Exclude<V, undefined>): Exclude<V, undefined> {
    const value = fn(this.get());
    this.set(value);
    return value;
  }

  clear(): void {
    this.#access.touch(this.#slot);
    this.#access.cells[this.#slot] = undefined;
  }

  purge(nowMs: number): number {
    const cell = this.#access.cells[this.#slot] as Expiring<V> | undefined;
    if (cell === undefined) return Number.POSITIVE_INFINITY;
    if (cell.expiryMs > nowMs) return cell.expiryMs;
    this.#access.cells[this.#slot] = undefined;
    return Number.POSITIVE_INFINITY;
  }

  copy(): unknown {
    return this.#access.cells[this.#slot];
  }

  #fresh(): V {
    const initial = this.#initial;
    return typeof initial === 'object' && initial !== null ? structuredClone(initial) : initial;
  }
}
