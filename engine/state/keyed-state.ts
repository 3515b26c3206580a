// What an actor remembers of each of its keys: its states, and its timers, grouped by partition. On the thread of the actor.
//
//   key -> partition -> table -> { cells: one a declared state, timers }
//
// Where the tables are, in memory or beyond a bound elsewhere, is the key store's matter (key-store.ts).
//
// A partition can be dumped as plain data and restored in another actor: between any two calls of the user's functions the dump says all
// that there is to say about its keys. A key of which nothing is left is forgotten.

import { inspect } from 'node:util';
import { MillraceError, messageOf } from '../errors/millrace-error.ts';
import type { KeyEntry } from '../operators/key-table.ts';
import { partitionOf } from '../partition/key-hash.ts';
import type { ColdState } from './cold-store.ts';
import { type KeyStore, MemoryKeyStore } from './key-store.ts';
import { type HasTimers, KeyTimers, type TimeKind } from './key-timers.ts';
import { type Spillable, SpillingTable } from './spilling-table.ts';
import type { Timer } from './timer-queue.ts';

export interface KeyState extends HasTimers {
  /** By position of the state; undefined where it is empty. */
  cells: unknown[];
  /** Strings of an object state in memory of their own (object-state.ts); not stored. */
  texts: string[] | undefined;
}

/** A timer as it is stored. */
export interface StoredTimer {
  readonly time: TimeKind;
  readonly timeMs: number;
  readonly name?: string;
}

/** All about the keys of one partition: plain data, and nobody else's. */
export interface PartitionState {
  readonly keys: ReadonlyArray<{ readonly key: unknown; readonly cells: readonly unknown[] }>;
  /** In the order in which they were set, each with the index of its key. */
  readonly timers: ReadonlyArray<StoredTimer & { readonly of: number }>;
}

export class KeyedState {
  readonly event: KeyTimers = new KeyTimers('event');
  readonly processing: KeyTimers = new KeyTimers('processing');
  readonly #names: readonly string[];
  readonly #store: KeyStore;

  /**
   * @param names of the states, for errors
   * @param cold where states go that memory does not hold; without it, all are in memory
   */
  constructor(names: readonly string[], cold: ColdState | undefined) {
    this.#names = names;
    const empty = names.map(() => undefined);
    const create = (): KeyState => ({
      cells: empty.slice(),
      texts: undefined,
      event: undefined,
      processing: undefined,
    });
    this.#store = cold === undefined ? new MemoryKeyStore(create) : new SpillingTable(spillable(create), cold);
  }

  /** The entry of a key, made when there is none. @throws MillraceError ERR_OPERATOR for what cannot be a key */
  find(key: unknown): KeyEntry {
    return this.#store.find(key);
  }

  /** To be called before each find(): what was found before may leave memory. */
  relieve(): void {
    this.#store.relieve();
  }

  /** A timer is about to be called: it is set no longer. */
  timerFired(time: TimeKind, { value }: KeyEntry, timer: Timer): void {
    this[time].remove(value as KeyState, timer);
  }

  /** Forgets a key that has nothing left. */
  release(entry: KeyEntry): void {
    const state = entry.value as KeyState;
    if (state.event !== undefined || state.processing !== undefined) return;
    for (const cell of state.cells) if (cell !== undefined) return;
    this.#store.delete(entry.key);
  }

  get size(): number {
    return this.#store.size;
  }

  /** @throws MillraceError ERR_OPERATOR when a state holds what structured clone refuses */
  dump(partition: number): PartitionState {
    const keys: { key: unknown; cells: readonly unknown[] }[] = [];
    const timers: { timer: Timer; time: TimeKind; of: number }[] = [];
    for (const { key, value } of this.#store.entriesOf(partition)) {
      const state = value as KeyState;
      const of = keys.length;
      for (const time of ['event', 'processing'] as const) {
        timers.push(...this[time].callsOf(state).map((timer) => ({ timer, time, of })));
      }
      keys.push({ key, cells: state.cells.map((cell, slot) => this.#copy(cell, slot, key)) });
    }
    timers.sort((a, b) => a.timer.order - b.timer.order);
    return {
      keys,
      timers: timers.map(({ timer: { name, timeMs }, time, of }) => {
        return { time, timeMs, of, ...(name === undefined ? {} : { name }) };
      }),
    };
  }

  /** Takes over a partition that was dumped; it must be empty here. `arm` is called with each of its keys, to set when its states expire. */
  restore(partition: number, stored: PartitionState, arm: (entry: KeyEntry) => void): void {
    for (const _ of this.#store.entriesOf(partition)) {
      throw new MillraceError('ERR_INTERNAL', `a partition is restored where it has keys: partition ${partition}`);
    }
    const { keys, timers } = structuredClone(stored);
    for (const { key, cells } of keys) {
      if (partitionOf(key) !== partition || cells.length !== this.#names.length) {
        const rule = `what is restored belongs to another partition or other states: partition ${partition}`;
        throw new MillraceError('ERR_INTERNAL', rule);
      }
      (this.find(key).value as KeyState).cells = [...cells];
    }
    for (const { time, timeMs, name, of } of timers) {
      const { key, value } = this.find(keys[of]!.key);
      this[time].set(key, value as KeyState, timeMs, name, 0);
    }
    for (const { key } of keys) arm(this.find(key));
  }

  /** Forgets a partition: its state lives elsewhere now. */
  drop(partition: number): void {
    for (const { value } of this.#store.entriesOf(partition)) {
      this.event.removeAll(value as KeyState);
      this.processing.removeAll(value as KeyState);
    }
    this.#store.drop(partition);
  }

  close(): void | Promise<void> {
    return this.#store.close();
  }

  #copy(cell: unknown, slot: number, key: unknown): unknown {
    try {
      return structuredClone(cell);
    } catch (error) {
      const rule = `state must be data that structured clone keeps: '${this.#names[slot]}' of key ${inspect(key, { breakLength: Number.POSITIVE_INFINITY })} is not`;
      throw new MillraceError('ERR_OPERATOR', `${rule} (${messageOf(error)})`, { cause: error });
    }
  }
}

/** Timers stay in memory. */
function spillable(create: () => KeyState): Spillable<KeyState> {
  return {
    create,
    toData: ({ cells }) => cells,
    fromData: (cells) => ({ cells: cells as unknown[], texts: undefined, event: undefined, processing: undefined }),
    isBlank: ({ cells, event, processing }) =>
      event === undefined && processing === undefined && cells.every((cell) => cell === undefined),
    residue: ({ event, processing }) =>
      event === undefined && processing === undefined ? undefined : { event, processing },
    rejoin: (state, timers) => {
      Object.assign(state, timers);
    },
  };
}
