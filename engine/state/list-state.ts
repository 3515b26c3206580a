// A list a key. On the thread of the actor.

import type { TimeKind } from './key-timers.ts';
import type { Expiring, StateAccess, StateHandle } from './state-access.ts';
import { TimeToLive } from './time-to-live.ts';

/** A list of the key at hand, in the order of adding. Its items are replaced, never changed in place. */
export interface ListState<V> {
  readonly length: number;
  add(value: V): void;
  /** A copy. */
  values(): V[];
  /** Takes out the oldest item. */
  shift(): V | undefined;
  /** Replaces all items. */
  set(values: Iterable<V>): void;
  clear(): void;
}

export class ListHandle<V> implements ListState<V>, StateHandle {
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

  get length(): number {
    return this.#living().length;
  }

  add(value: V): void {
    this.#access.touch(this.#slot);
    const item = this.#ttl.keep(value);
    const cell = this.#cell;
    if (cell === undefined) this.#access.cells[this.#slot] = [item];
    else cell.push(item);
  }

  values(): V[] {
    if (this.ttlTime === undefined) return (this.#cell ?? []).slice() as V[];
    return (this.#living() as Expiring<V>[]).map(({ value }) => value);
  }

  shift(): V | undefined {
    const living = this.#living();
    if (living.length === 0) return undefined;
    const [item] = living;
    this.#access.touch(this.#slot);
    const cell = this.#cell!;
    if (this.ttlTime === undefined) cell.shift();
    else cell.splice(cell.indexOf(item), 1);
    if (cell.length === 0) this.#access.cells[this.#slot] = undefined;
    return this.ttlTime === undefined ? (item as V) : (item as Expiring<V>).value;
  }

  set(values: Iterable<V>): void {
    this.#access.touch(this.#slot);
    const items = Array.from(values, (value) => this.#ttl.keep(value));
    this.#access.cells[this.#slot] = items.length === 0 ? undefined : items;
  }

  clear(): void {
    this.#access.touch(this.#slot);
    this.#access.cells[this.#slot] = undefined;
  }

  purge(nowMs: number): number {
    const cell = this.#cell as Expiring<V>[] | undefined;
    if (cell === undefined) return Number.POSITIVE_INFINITY;
    let nextMs = Number.POSITIVE_INFINITY;
    let kept = 0;
    for (const item of cell) {
      if (item.expiryMs <= nowMs) continue;
      nextMs = Math.min(nextMs, item.expiryMs);
      cell[kept++] = item;
    }
    cell.length = kept;
    if (kept === 0) this.#access.cells[this.#slot] = undefined;
    return nextMs;
  }

  copy(): unknown {
    return this.#cell?.slice();
  }

  get #cell(): unknown[] | undefined {
    return this.#access.cells[this.#slot] as unknown[] | undefined;
  }

  /** What is not gone by now. */
  #living(): readonly unknown[] {
    const cell = this.#cell ?? [];
    if (this.ttlTime === undefined) return cell;
    const nowMs = this.#access.nowMs(this.ttlTime);
    return (cell as Expiring<V>[]).filter(({ expiryMs }) => expiryMs > nowMs);
  }
}
