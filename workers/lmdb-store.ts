// State outside the heap, in a file of LMDB's. On a worker.
//
// One database an actor and operator, so that there is one writer and no lock is waited for. Nothing in it is needed once the job is over: it is
// never synced to disk, and deleted with the job's folder. What matters of state is what snapshots store.
//
// `useWritemap` would halve the cost of a write; with it an assertion of lmdb 3.5's fails now and then (mdb_freelist_save), and the process ends.

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { getHeapStatistics } from 'node:v8';
import { MillraceError, messageOf } from '../engine/errors/millrace-error.ts';
import type { DiskState } from '../engine/protocol/deployment.ts';
import type { ColdChange, ColdState, ColdStore } from '../engine/state/cold-store.ts';

/** Of the heap's limit, what state may take where the job does not say. */
const DEFAULT_MEMORY_SHARE = 0.25;

/** For the operators of one worker, each of which opens its own. @throws MillraceError ERR_OPTION_INVALID when lmdb is not installed */
export async function lmdbState(
  { directory, memoryBytes }: DiskState,
  worker: number,
  operators: number,
): Promise<ColdState> {
  const lmdb = await import('lmdb').catch((error: unknown) => {
    const rule = `stateDirectory needs the package lmdb, which cannot be loaded (${messageOf(error)}): npm install lmdb`;
    throw new MillraceError('ERR_OPTION_INVALID', rule, { cause: error });
  });
  let opened = 0;
  const wholeBytes = memoryBytes ?? getHeapStatistics().heap_size_limit * DEFAULT_MEMORY_SHARE;
  return {
    memoryBytes: wholeBytes / Math.max(1, operators),
    open: () => new LmdbStore(lmdb, join(directory, `worker-${worker}-${opened++}`)),
  };
}

/**
 * With few free pages a commit of lmdb 3.5 looks at a value that it has not found (mdb_freelist_save): by chance it is then refused, with nothing written,
 * and goes through the next time.
 */
const MOST_TRIES = 5;

class LmdbStore implements ColdStore {
  readonly #path: string;
  readonly #database: import('lmdb').RootDatabase<Uint8Array, Uint8Array>;

  constructor(lmdb: typeof import('lmdb'), path: string) {
    this.#path = path;
    this.#database = lmdb.open<Uint8Array, Uint8Array>({
      path,
      keyEncoding: 'binary',
      encoding: 'binary',
      noSync: true,
      overlappingSync: false,

      compression: false,
    });
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#database.get(key);
  }

  write(changes: readonly ColdChange[]): void {
    if (changes.length === 0) return;
    for (let tries = 1; ; tries++) {
      try {
        this.#writeAll(changes);
        return;
      } catch (error) {
        if (tries === MOST_TRIES || !messageOf(error).includes('freelist')) throw error;
      }
    }
  }

  #writeAll(changes: readonly ColdChange[]): void {
    const database = this.#database;
    database.transactionSync(() => {
      for (const { key, value } of changes) {
        if (value === undefined) database.removeSync(key);
        else database.putSync(key, value);
      }
    });
  }

  range(start: Uint8Array, end: Uint8Array | undefined): Iterable<{ key: Uint8Array; value: Uint8Array }> {
    return this.#database.getRange({ start, ...(end === undefined ? {} : { end }) });
  }

  get size(): number {
    return (this.#database.getStats() as { entryCount: number }).entryCount;
  }

  async close(): Promise<void> {
    await this.#database.close();
    rmSync(this.#path, { recursive: true, force: true });
  }
}
