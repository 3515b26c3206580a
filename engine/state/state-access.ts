// The state of the key at hand, as the user's functions see it through their handles. On the thread of the actor.
//
// One set of handles serves all keys: enter() says whose cells they stand for. Where a call that throws must leave nothing behind, each cell
// is copied before its first change, and undo() puts the copies back.

import type { KeyEntry } from '../operators/key-table.ts';
import { NO_WATERMARK } from '../time/watermark.ts';
import type { TimeKind } from './key-timers.ts';
import type { KeyedState, KeyState, StoredTimer } from './keyed-state.ts';

/** What is kept for a while: with the time from which on it is gone. */
export interface Expiring<V> {
  readonly value: V;
  readonly expiryMs: number;
}

/** The part of a handle that the engine uses; both are about the key at hand. */
export interface StateHandle {
  readonly ttlTime: TimeKind | undefined;
  /** Drops what is gone by then. Returns when the next item goes, Infinity for never. */
  purge(nowMs: number): number;
  /** As much of a copy of the cell as later changes through the handle require. */
  copy(): unknown;
}

export class StateAccess {
  /** By what states expire. */
  eventMs: number = NO_WATERMARK;
  processingMs = 0;
  entry!: KeyEntry;
  cells!: unknown[];
  readonly keyed: KeyedState;
  readonly handles: StateHandle[] = [];
  readonly #undoable: boolean;
  readonly #copies = new Map<number, unknown>();
  #timers: readonly (StoredTimer & { depth: number })[] | undefined;

  /** @param undoable a call that throws leaves nothing behind */
  constructor(keyed: KeyedState, undoable: boolean) {
    this.keyed = keyed;
    this.#undoable = undoable;
  }

  enter(entry: KeyEntry): void {
    this.entry = entry;
    this.cells = (entry.value as KeyState).cells;
    if (this.#undoable) {
      this.#copies.clear();
      this.#timers = undefined;
    }
  }

  /** Before each change of a cell. */
  touch(slot: number): void {
    if (this.#undoable && !this.#copies.has(slot)) this.#copies.set(slot, this.handles[slot]!.copy());
  }

  nowMs(time: TimeKind): number {
    return time === 'event' ? this.eventMs : this.processingMs;
  }

  /** Has the key looked through when something that was just written goes. */
  expireAt(time: TimeKind, expiryMs: number): void {
    this.keyed[time].expireAt(this.entry.key, this.entry.value as KeyState, expiryMs);
  }

  /**
   * Drops what is gone by then of the states that go by this time. Only what no call will see again: a read leaves what it finds expired, for
   * a record that comes next may have an earlier time.
   */
  expire(time: TimeKind, nowMs: number): void {
    let nextMs = Number.POSITIVE_INFINITY;
    for (const handle of this.handles) if (handle.ttlTime === time) nextMs = Math.min(nextMs, handle.purge(nowMs));
    if (nextMs < Number.POSITIVE_INFINITY) this.expireAt(time, nextMs);
  }

  setTimer(time: TimeKind, timeMs: number, name: string | undefined, depth: number): void {
    this.#rememberTimers();
    this.keyed[time].set(this.entry.key, this.entry.value as KeyState, timeMs, name, depth);
  }

  clearTimer(time: TimeKind, nameOrTime: string | number): void {
    this.#rememberTimers();
    this.keyed[time].clear(this.entry.value as KeyState, nameOrTime);
  }

  /** Forgets all states and timers of the key. */
  forget(): void {
    for (let slot = 0; slot < this.handles.length; slot++) {
      this.touch(slot);
      this.cells[slot] = undefined;
    }
    this.#rememberTimers();
    this.keyed.event.removeAll(this.entry.value as KeyState);
    this.keyed.processing.removeAll(this.entry.value as KeyState);
  }

  /** The key is as it was at enter(). */
  undo(): void {
    for (const [slot, copy] of this.#copies) this.cells[slot] = copy;
    this.#copies.clear();
    if (this.#timers !== undefined) {
      this.keyed.event.removeAll(this.entry.value as KeyState);
      this.keyed.processing.removeAll(this.entry.value as KeyState);
      for (const { time, timeMs, name, depth } of this.#timers) this.setTimer(time, timeMs, name, depth);
    }
    this.keyed.event.clearExpiry(this.entry.value as KeyState);
    this.keyed.processing.clearExpiry(this.entry.value as KeyState);
    this.armExpiry();
  }

  /** Sets the timers by which the states of the key expire. */
  armExpiry(): void {
    this.expire('event', Number.NEGATIVE_INFINITY);
    this.expire('processing', Number.NEGATIVE_INFINITY);
  }

  /** The object that the key at hand has, where its state is one object. */
  objectAtHand(): unknown {
    const [cell] = this.cells;
    return this.handles[0]!.ttlTime === undefined ? cell : (cell as Expiring<object> | undefined)?.value;
  }

  #rememberTimers(): void {
    if (!this.#undoable || this.#timers !== undefined) return;
    this.#timers = (['event', 'processing'] as const).flatMap((time) => {
      const calls = this.keyed[time].callsOf(this.entry.value as KeyState).sort((a, b) => a.order - b.order);
      return calls.map(({ timeMs, name, depth }) => {
        return { time, timeMs, depth, ...(name === undefined ? {} : { name }) };
      });
    });
  }
}
