import { hashKey } from './key-hash.ts';

/** The key that sends a record without one somewhere, where its fault is found again. Any thread. */
export function forgivingKey(key: (record: unknown) => unknown): (record: unknown) => unknown {
  return (record) => {
    try {
      const found = key(record);
      hashKey(found);
      return found;
    } catch {
      return undefined;
    }
  };
}
