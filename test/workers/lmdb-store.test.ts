// What a commit refuses by chance is written again; what fails for good is said.

import { afterEach, describe, expect, it, vi } from 'vitest';
import { lmdbState } from '../../workers/lmdb-store.ts';

const failures: string[] = [];
const written: [Uint8Array, Uint8Array][] = [];

vi.mock('lmdb', () => ({
  open: () => ({
    putSync: (key: Uint8Array, value: Uint8Array) => written.push([key, value]),
    removeSync: () => undefined,
    transactionSync: (callback: () => void) => {
      const failure = failures.shift();
      if (failure !== undefined) throw new Error(failure);
      callback();
    },
  }),
}));

const REFUSED = 'MDB_BAD_TXN: Transaction must abort: reserved freelist had a data entry with zero-size, last id 1';

describe('a store of lmdb', () => {
  afterEach(() => {
    failures.length = 0;
    written.length = 0;
  });

  const write = async (): Promise<void> => {
    const { open } = await lmdbState({ directory: 'nowhere', memoryBytes: 1 }, 0, 1);
    open().write([{ key: Uint8Array.of(1), value: Uint8Array.of(2) }]);
  };

  it('writes again what was refused for its list of free pages', async () => {
    failures.push(REFUSED, REFUSED);
    await write();
    expect(written).toEqual([[Uint8Array.of(1), Uint8Array.of(2)]]);
  });

  it('does not try for ever, nor again what fails for another reason', async () => {
    failures.push(...Array.from({ length: 20 }, () => REFUSED));
    await expect(write()).rejects.toThrow('freelist');
    failures.length = 0;
    failures.push('MDB_MAP_FULL: Environment mapsize limit reached');
    await expect(write()).rejects.toThrow('MDB_MAP_FULL');
    expect(written).toEqual([]);
  });
});
