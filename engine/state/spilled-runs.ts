// Accumulators of more keys than memory holds: written out in runs, and combined when their results are due. On the thread of the actor.
//
//   table too large -> it begins anew; what it held is written, a bounded part between two batches
//                      group 0 | partition 0: chunk, chunk ..  | partition 1: chunk ..  | ..             (a group: a pane, or all there is)
//   results due     -> for one partition after the other: its chunks, in the order in which they were written, combined by key
//
// Nothing is read back before: a key that was written out begins with a new accumulator, and `combine` puts the parts together, as it does with
// partial results from before an exchange. So a record costs what it does in memory, a key is written and read once a run, in large pieces,
// and when results are due memory holds one partition of the 256.

import { deserialize } from 'node:v8';
import { LIMITS } from '../limits.ts';
import { type KeyEntry, KeyTable } from '../operators/key-table.ts';
import { partitionOf } from '../partition/key-hash.ts';
import type { ColdChange, ColdState, ColdStore } from './cold-store.ts';
import { MemoryShare, stored } from './memory-share.ts';

export interface RunsOf {
  /** As that of an aggregator; may change and keep both. */
  readonly combine: (accumulator: unknown, other: unknown) => unknown;
  /** combine() threw: throws, or returns to leave out the later part. */
  readonly failed: (error: unknown, key: unknown) => void;
}

/** Keys and accumulators of one partition, side by side, that are written as one value. */
interface Chunk {
  readonly keys: unknown[];
  readonly values: unknown[];
}

/** What is being written. */
interface Run {
  readonly group: number;
  readonly entries: Iterator<KeyEntry>;
  readonly chunks: (Chunk | undefined)[];
  /** Partitions before this one have left, once the entries have. */
  left: number;
}

interface Group {
  /** Never used again: what is dropped may be written anew before it is removed. */
  readonly id: number;
  /** By partition, how many there are. */
  readonly chunks: Uint32Array;
  /** Runs of it that are being written. */
  writing: number;
}

/** Keys with their accumulators. */
export interface Entries {
  readonly size: number;
  entries(): IterableIterator<KeyEntry>;
}

/** combine(create(), a) is a. */
const NOTHING: unique symbol = Symbol('nothing');
/** What a key of a pane takes, of a KeyTable less. Measured (`npm run bench -- state-memory`). */
const ENTRY_BYTES = 125;
/** Written, or removed, between two batches: about a millisecond, and more than a batch brings. */
const ENTRIES_AT_ONCE = 1_024;
const CHUNKS_AT_ONCE = 32;
/** Of a chunk: where a value of the store's begins to be written in pages of its own. */
const CHUNK_BYTES = 8_192;
const MOST_KEYS_A_CHUNK = 512;
/** Batches between two looks at how large entries are. */
const BATCHES_BETWEEN_LOOKS = 16;

export class SpilledRuns {
  readonly #open: () => ColdStore;
  readonly #of: RunsOf;
  readonly #share: MemoryShare;
  /** Opened when it is first needed. */
  #cold: ColdStore | undefined;
  readonly #groups = new Map<number, Group>();
  /** First in, first out: parts of a key are combined in their order. */
  readonly #writing: Run[] = [];
  readonly #removing: Uint8Array[] = [];
  #nextId = 0;
  #sinceLook = 0;

  constructor({ open, memoryBytes }: ColdState, of: RunsOf) {
    this.#open = open;
    this.#of = of;
    // Half for what comes in, half for what is being written.
    this.#share = new MemoryShare(memoryBytes / 2, ENTRY_BYTES);
  }

  /** Between two batches: whether tables of so many keys in all must be taken, of which `sample` is one. */
  isOver(keys: number, sample: Entries): boolean {
    if (keys === 0) return false;
    if (++this.#sinceLook >= BATCHES_BETWEEN_LOOKS || keys >= this.#share.keys) {
      this.#sinceLook = 0;
      this.#share.look(sample.entries(), (entry) => entry);
    }
    return keys >= this.#share.keys;
  }

  /** Takes over a table, to write it as a run of this group. */
  take(group: number, table: Entries): void {
    if (table.size === 0) return;
    let of = this.#groups.get(group);
    if (of === undefined) {
      of = { id: this.#nextId++, chunks: new Uint32Array(LIMITS.partitions), writing: 0 };
      this.#groups.set(group, of);
    }
    of.writing++;
    this.#writing.push({ group, entries: table.entries(), chunks: new Array(LIMITS.partitions), left: 0 });
  }

  /** Does a bounded part of what is to be done; to be called between two batches. False when all is. */
  write(): boolean {
    const run = this.#writing[0];
    if (run === undefined && this.#removing.length === 0) return false;
    const changes: ColdChange[] = this.#removing.splice(-CHUNKS_AT_ONCE).map((key) => ({ key }));
    if (run !== undefined && this.#writeRun(run, changes)) this.#writing.shift();
    this.#cold ??= this.#open();
    this.#cold.write(changes);
    return this.#writing.length > 0;
  }

  /** Whether anything of this group was taken. */
  has(group: number): boolean {
    return this.#groups.has(group);
  }

  /**
   * All keys of these groups, each once, with what its parts come to: in the order of groups, and within a group of time. Nothing may be taken
   * meanwhile. Undefined stands for a pause, after every bounded piece of work.
   */
  *combined(groups: readonly number[]): Generator<KeyEntry | undefined> {
    while (this.write()) yield undefined;
    for (let partition = 0; partition < LIMITS.partitions; partition++) {
      const table = new KeyTable(() => NOTHING);
      for (const _ of this.#fill(table, groups, partition)) yield undefined;
      yield* table.entries();
    }
  }

  /** As combined(), of some keys alone. Those that are in none of the groups are left out. */
  *picked(groups: readonly number[], keys: Iterable<KeyEntry>): Generator<KeyEntry | undefined> {
    while (this.write()) yield undefined;
    const wanted = new Map<number, unknown[]>();
    for (const { key } of keys) {
      const partition = partitionOf(key);
      const others = wanted.get(partition);
      if (others === undefined) wanted.set(partition, [key]);
      else others.push(key);
    }
    for (const [partition, keysOfIt] of wanted) {
      const table = new KeyTable(() => NOTHING);
      for (const _ of this.#fill(table, groups, partition)) yield undefined;
      for (const key of keysOfIt) {
        const entry = table.peek(key);
        if (entry !== undefined) yield entry;
      }
    }
  }

  /** Forgets a group. */
  drop(group: number): void {
    const of = this.#groups.get(group);
    if (of === undefined) return;
    this.#groups.delete(group);
    for (let at = this.#writing.length - 1; at >= 0; at--) {
      if (this.#writing[at]!.group === group) this.#writing.splice(at, 1);
    }
    for (let partition = 0; partition < LIMITS.partitions; partition++) {
      for (let at = 0; at < of.chunks[partition]!; at++) this.#removing.push(chunkKey(of.id, partition, at));
    }
  }

  close(): void | Promise<void> {
    return this.#cold?.close();
  }

  /** Combines the chunks of one partition into a table; yields after each. */
  *#fill(table: KeyTable, groups: readonly number[], partition: number): Generator<void> {
    const { combine, failed } = this.#of;
    for (const name of groups) {
      const group = this.#groups.get(name);
      const chunks = group === undefined ? 0 : group.chunks[partition]!;
      for (let at = 0; at < chunks; at++) {
        const { keys, values } = deserialize(this.#cold!.get(chunkKey(group!.id, partition, at))!) as Chunk;
        for (let i = 0; i < keys.length; i++) {
          const entry = table.find(keys[i]);
          try {
            entry.value = entry.value === NOTHING ? values[i] : combine(entry.value, values[i]);
          } catch (error) {
            failed(error, entry.key);
          }
        }
        yield;
      }
    }
  }

  /** True when that was the rest of it. */
  #writeRun(run: Run, changes: ColdChange[]): boolean {
    const group = this.#groups.get(run.group)!;
    const keysAChunk = Math.max(1, Math.min(MOST_KEYS_A_CHUNK, Math.floor(CHUNK_BYTES / this.#share.bytesAKey)));
    for (let taken = 0; taken < ENTRIES_AT_ONCE; taken++) {
      const step = run.entries.next();
      if (step.done === true) return this.#writeRest(run, group, changes);
      const { key, value } = step.value;
      const partition = partitionOf(key);
      const chunk = (run.chunks[partition] ??= { keys: [], values: [] });
      chunk.keys.push(key);
      chunk.values.push(value);
      if (chunk.keys.length < keysAChunk) continue;
      changes.push(change(group, partition, chunk));
      run.chunks[partition] = undefined;
    }
    return false;
  }

  #writeRest(run: Run, group: Group, changes: ColdChange[]): boolean {
    for (let written = 0; run.left < LIMITS.partitions; run.left++) {
      const chunk = run.chunks[run.left];
      if (chunk === undefined) continue;
      if (written++ === CHUNKS_AT_ONCE) return false;
      changes.push(change(group, run.left, chunk));
    }
    return true;
  }
}

function change(group: Group, partition: number, chunk: Chunk): ColdChange {
  return { key: chunkKey(group.id, partition, group.chunks[partition]!++), value: bytesOf(chunk) };
}

function bytesOf(chunk: Chunk): Uint8Array {
  try {
    return stored(chunk, undefined);
  } catch {
    // Which of them it is.
    for (const [i, key] of chunk.keys.entries()) stored(chunk.values[i], key);
    throw new TypeError('each of a chunk can be stored, and all together cannot');
  }
}

function chunkKey(group: number, partition: number, at: number): Uint8Array {
  const key = Buffer.allocUnsafe(9);
  key.writeUInt32BE(group, 0);
  key[4] = partition;
  key.writeUInt32BE(at, 5);
  return key;
}
