// What all operators over tables have in common: state by key, deleted rows that are remembered for a while, keys whose results must be told.
// On the thread of the actor that owns the keys.
//
// Kept: one state a key, as long as the key has a row; for a deleted one until the watermark has passed the deletion. What memory does not hold
// leaves it between two batches, when no key waits to be told.

import type { KeyEntry } from '../operators/key-table.ts';
import type { StatefulHost, StatefulLogic } from '../operators/stateful-operator.ts';
import { type Spillable, type StateTable, stateTable } from '../state/spilling-table.ts';
import { TimerHeap } from '../time/timer-heap.ts';
import { END_OF_TIME, NO_WATERMARK } from '../time/watermark.ts';
import type { RowSlot } from './row-slot.ts';

/** Pieces of work after which a firing operator gives the other actors of its worker their turn. */
const PIECES_A_TURN = 64;

export abstract class TableLogic<S> implements StatefulLogic {
  protected readonly host: StatefulHost;
  protected readonly keys: StateTable<S>['table'];
  protected watermarkMs: number = NO_WATERMARK;
  readonly #spilling: StateTable<S>['spilling'];
  readonly #isBlank: (state: S) => boolean;
  /** Keys, each with a deleted row. */
  readonly #deleted = new TimerHeap<unknown>();
  #dirty = new Set<KeyEntry>();

  constructor(host: StatefulHost, of: Spillable<S>) {
    this.host = host;
    this.#isBlank = of.isBlank;
    const { table, spilling } = stateTable(of, host.coldState);
    this.keys = table;
    this.#spilling = spilling;
  }

  abstract onRecord(key: unknown, record: unknown, timeMs: number, input: number): void;

  /** The rows of a key, of all inputs. */
  protected abstract slotsOf(state: S): Iterable<RowSlot>;

  /** Tells what has become of a key since it was marked. */
  protected tell?(key: unknown, state: S): Generator<void>;

  /** What is told when no record follows. */
  protected atEnd?(): Generator<void>;

  /** Keys that something is known of. */
  get size(): number {
    return this.keys.size;
  }

  batch(): void {
    if (this.#dirty.size === 0) this.#spilling?.relieve();
  }

  close(): void | Promise<void> {
    return this.#spilling?.close();
  }

  isDue(watermarkMs: number): boolean {
    if (this.#dirty.size > 0 || this.#deleted.nextMs < watermarkMs || watermarkMs === END_OF_TIME) return true;
    this.watermarkMs = watermarkMs;
    return false;
  }

  *fire(watermarkMs: number): Generator<void> {
    let pieces = 0;
    const dirty = this.#dirty;
    this.#dirty = new Set();
    for (const entry of dirty) {
      yield* this.tell!(entry.key, entry.value as S);
      this.dropIfBlank(entry);
      if (++pieces % PIECES_A_TURN === 0) yield;
    }
    if (watermarkMs > this.watermarkMs) this.watermarkMs = watermarkMs;
    while (this.#deleted.nextMs < watermarkMs) {
      const key = this.#deleted.take();
      if (this.keys.peek(key) !== undefined) {
        const entry = this.keys.find(key);
        for (const slot of this.slotsOf(entry.value as S)) slot.forget(watermarkMs);
        this.dropIfBlank(entry);
      }
      if (++pieces % PIECES_A_TURN !== 0) continue;
      if (this.#dirty.size === 0) this.#spilling?.relieve();
      yield;
    }
    if (watermarkMs === END_OF_TIME && this.atEnd !== undefined) yield* this.atEnd();
  }

  /** To be called when a row was taken: a deleted one is forgotten in time, a key without anything now. */
  protected settle(entry: KeyEntry, slot: RowSlot): void {
    slot.forget(this.watermarkMs);
    if (slot.row === undefined && slot.timeMs > NO_WATERMARK) this.#deleted.set(slot.timeMs, entry.key);
    this.dropIfBlank(entry);
  }

  /** Has tell() called for this key when the present batch is done. */
  protected mark(entry: KeyEntry): void {
    this.#dirty.add(entry);
    this.host.requestFire();
  }

  protected dropIfBlank(entry: KeyEntry): void {
    if (this.#dirty.has(entry) || !this.#isBlank(entry.value as S)) return;
    // It may have been dropped before, and the key have come back.
    if (this.#spilling !== undefined) this.#spilling.discard(entry);
    else if (this.keys.peek(entry.key) === entry) this.keys.delete(entry.key);
  }

  /** Tells a change, if it is one. */
  protected emitChange(key: unknown, before: unknown, after: unknown, timeMs: number): void {
    if (before !== undefined || after !== undefined) this.host.emit({ key, before, after }, this.timeOf(timeMs));
  }

  /** Never behind the watermark: a change that comes late is one of now. */
  protected timeOf(timeMs: number): number {
    return Math.max(timeMs, this.watermarkMs);
  }
}
