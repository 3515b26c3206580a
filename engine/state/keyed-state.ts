// What an actor remembers of each of its keys: its states, and its timers, grouped by partition. On the thread of the actor.
//
//   key -> partition -> table -> { cells: one a declared state, timers }
//
// A partition can be dumped as plain data and restored in another actor: between any two calls of the user's functions the dump says all
// that there is to say about its keys. A key of which nothing is left is forgotten.

import { inspect } from 'node:util';
import { MillraceError, messageOf } from '../errors/millrace-error.ts';
import { LIMITS } from '../limits.ts';
import { type KeyEntry, KeyTable } from '../operators/key-table.ts';
import { partitionOf } from '../partition/key-hash.ts';
import { type HasTimers, KeyTimers, type TimeKind } from './key-timers.ts';
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
  readonly #tables: (KeyTable | undefined)[] = new Array(LIMITS.partitions).fill(undefined);
  readonly #create: () => KeyState;

  /** @param names of the states, for errors */
  constructor(names: readonly string[]) {
    this.#names = names;
    const empty = names.map(() => undefined);
    this.#create = () => ({ cells: empty.slice(), texts: undefined, event: undefined, processing: undefined });
  }

  /** The entry of a key, made when there is none. @throws MillraceError ERR_OPERATOR for what cannot be a key */
  find(key: unknown): KeyEntry {
    const partition = partitionOf(key);
    const table = (this.#tables[partition] ??= new KeyTable(this.#create));
    return table.find(key);
  }

  /** A timer is about to be called: it is set no longer. */
  timerFired(time: TimeKind, { value }: KeyEntry, timer: Timer): void {
    this[time].remove(value as KeyState, timer);
  }

  /** Forgets a key that has nothing left. */
  release({ key, value }: KeyEntry): void {
    const state = value as KeyState;
    if (state.event !== undefined || state.processing !== undefined) return;
    for (const cell of state.cells) if (cell !== undefined) return;
    this.#tables[partitionOf(key)]!.delete(key);
  }

  get size(): number {
    return this.#tables.reduce((sum, table) => sum + (table?.size ?? 0), 0);
  }

  /** The partitions that have keys. */
  get partitions(): number[] {
    return this.#tables.flatMap((table, partition) => (table !== undefined && table.size > 0 ? [partition] : []));
  }

  /** @throws MillraceError ERR_OPERATOR when a state holds what structured clone refuses */
  dump(partition: number): PartitionState {
    const keys: { key: unknown; cells: readonly unknown[] }[] = [];
    const timers: { timer: Timer; time: TimeKind; of: number }[] = [];
    for (const { key, value } of this.#tables[partition]?.entries() ?? []) {
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

  /** Takes over a partition that was dumped; it must be empty here. Returns its keys, whose expiry the caller sets. */
  restore(partition: number, stored: PartitionState): KeyEntry[] {
    if ((this.#tables[partition]?.size ?? 0) > 0) {
      throw new MillraceError('ERR_INTERNAL', `a partition is restored where it has keys: partition ${partition}`);
    }
    const { keys, timers } = structuredClone(stored);
    const entries = keys.map(({ key, cells }) => {
      if (partitionOf(key) !== partition || cells.length !== this.#names.length) {
        const rule = `what is restored belongs to another partition or other states: partition ${partition}`;
        throw new MillraceError('ERR_INTERNAL', rule);
      }
      const entry = this.find(key);
      (entry.value as KeyState).cells = [...cells];
      return entry;
    });
    for (const { time, timeMs, name, of } of timers) {
      const { key, value } = entries[of]!;
      this[time].set(key, value as KeyState, timeMs, name, 0);
    }
    return entries;
  }

  /** Forgets a partition: its state lives elsewhere now. */
  drop(partition: number): void {
    for (const { value } of this.#tables[partition]?.entries() ?? []) {
      this.event.removeAll(value as KeyState);
      this.processing.removeAll(value as KeyState);
    }
    this.#tables[partition] = undefined;
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
