// A map a key. On the thread of the actor.

import { owned } from '../aggregate/own-string.ts';
import { MillraceError } from '../errors/millrace-error.ts';
import type { TimeKind } from './key-timers.ts';
import type { Expiring, StateAccess, StateHandle } from './state-access.ts';
import { TimeToLive } from './time-to-live.ts';

/** A map of the key at hand, in the order of adding. Its values are replaced by set(), never changed in place. */
export interface MapState<K, V> {
  readonly size: number;
  get(key: K): V | undefined;
  has(key: K): boolean;
  set(key: K, value: V): void;
  /** True when it was there. */
  delete(key: K): boolean;
  /** A copy. */
  entries(): [K, V][];
  clear(): void;
}

export class MapHandle<K, V> implements MapState<K, V>, StateHandle {
  readonly ttlTime: TimeKind | undefined;
  readonly #ttl: TimeToLive;
  readonly #access: StateAccess;
  readonly #slot: number;

  constructor(access: StateAccess, slot: number, ttlMs: number | undefined, ttlTime: TimeKind | undefined) {
    this.#access = access;
    this.#slot = slot;
    this.#ttl = new TimeToLive(access, ttlMs, ttlTime);
    this.ttlTime = this.#ttl.time;
  }

  get size(): number {
    return this.ttlTime === undefined ? (this.#cell?.size ?? 0) : this.entries().length;
  }

  get(key: K): V | undefined {
    const held = this.#cell?.get(key);
    if (this.ttlTime === undefined || held === undefined) return held as V | undefined;
    const { value, expiryMs } = held as Expiring<V>;
    return expiryMs > this.#access.nowMs(this.ttlTime) ? value : undefined;
  }

  has(key: K): boolean {
    const held = this.#cell?.get(key);
    if (this.ttlTime === undefined) return this.#cell?.has(key) === true;
    return held !== undefined && (held as Expiring<V>).expiryMs > this.#access.nowMs(this.ttlTime);
  }

  set(key: K, value: V): void {
    if ((typeof key === 'object' && key !== null) || typeof key === 'function' || typeof key === 'symbol') {
      const rule = 'keys of a map state must be strings, numbers, bigints, booleans or null';
      throw new MillraceError('ERR_OPERATOR', `${rule}: got ${typeof key}`);
    }
    const access = this.#access;
    access.touch(this.#slot);
    const held = this.#ttl.keep(value);
    const cell = this.#cell;
    if (cell === undefined) {
      access.cells[this.#slot] = new Map([[owned(key), held]]);
      return;
    }
    const isThere = cell.has(key);
    // What has expired stands last when it comes back, whether it was cleaned away meanwhile or not.
    if (isThere && this.ttlTime !== undefined && !this.has(key)) cell.delete(key);
    cell.set(isThere ? key : owned(key), held);
  }

  delete(key: K): boolean {
    const was = this.has(key);
    this.#access.touch(this.#slot);
    const cell = this.#cell;
    cell?.delete(key);
    if (cell?.size === 0) this.#access.cells[this.#slot] = undefined;
    return was;
  }

  entries(): [K, V][] {
    const entries = [...(this.#cell ?? [])] as [K, unknown][];
    if (this.ttlTime === undefined) return entries as [K, V][];
    const nowMs = this.#access.nowMs(this.ttlTime);
    const living = (entries as [K, Expiring<V>][]).filter(([, { expiryMs }]) => expiryMs > nowMs);
    return living.map(([key, { value }]) => [key, value]);
  }

  clear(): void {
    this.#access.touch(this.#slot);
    this.#access.cells[this.#slot] = undefined;
  }

  purge(nowMs: number): number {
    const cell = this.#cell as Map<K, Expiring<V>> | undefined;
    if (cell === undefined) return Number.POSITIVE_INFINITY;
    let nextMs = Number.POSITIVE_INFINITY;
    for (const [key, { expiryMs }] of cell) {
      if (expiryMs <= nowMs) cell.delete(key);
      else nextMs = Math.min(nextMs, expiryMs);
    }
    if (cell.size === 0) this.#access.cells[this.#slot] = undefined;
    return nextMs;
  }

  copy(): unknown {
    return this.#cell === undefined ? undefined : new Map(this.#cell);
  }

  get #cell(): Map<K, unknown> | undefined {
    return this.#access.cells[this.#slot] as Map<K, unknown> | undefined;
  }
}
