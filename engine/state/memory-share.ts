// How many keys fit into an operator's share of memory, judged by the size of some of them. On the thread of the actor.
//
// An estimate: what a value takes in the heap is not to be had, what it takes when serialised is. State may exceed its share by what a batch brings.

import { inspect } from 'node:util';
import { serialize } from 'node:v8';
import { MillraceError, messageOf } from '../errors/millrace-error.ts';
import type { KeyEntry } from '../operators/key-table.ts';

/** How many are looked at. */
const LOOKED_AT = 8;
/** What a key and its value take in bytes, until the first look. */
const ASSUMED_BYTES = 100;
/** What a byte of them takes in the heap, for objects are wider than their bytes. Measured. */
const HEAP_BYTES_A_BYTE = 3;
/** A Map takes no more than 2 ** 24. */
const MOST_KEYS = 2 ** 23;

export class MemoryShare {
  readonly #memoryBytes: number;
  readonly #entryBytes: number;
  /** Of a key and its value, serialised. */
  bytesAKey: number = ASSUMED_BYTES;

  /** @param entryBytes what an entry takes in the heap beside its key and value */
  constructor(memoryBytes: number, entryBytes: number) {
    this.#memoryBytes = memoryBytes;
    this.#entryBytes = entryBytes;
  }

  /** How many keys fit: one at least. */
  get keys(): number {
    const fit = Math.floor(this.#memoryBytes / (this.#entryBytes + HEAP_BYTES_A_BYTE * this.bytesAKey));
    return Math.min(MOST_KEYS, Math.max(1, fit));
  }

  /** Looks at some entries, the first that it is given. @throws MillraceError ERR_OPERATOR for what cannot be stored */
  look<T>(entries: Iterable<T>, entryOf: (one: T) => KeyEntry): void {
    let bytes = 0;
    let looked = 0;
    for (const one of entries) {
      const entry = entryOf(one);
      bytes += stored([entry.key, entry.value], entry.key).length;
      if (++looked === LOOKED_AT) break;
    }
    if (looked > 0) this.bytesAKey = bytes / looked;
  }
}

/** The bytes of state. @throws MillraceError ERR_OPERATOR that names the key, for what structured clone refuses */
export function stored(data: unknown, key: unknown): Uint8Array {
  try {
    return serialize(data);
  } catch (error) {
    throw notStorable(key, error);
  }
}

/** Structured clone has refused the state of this key. */
export function notStorable(key: unknown, error: unknown): MillraceError {
  const rule = 'state must be data that structured clone keeps: that of key';
  return new MillraceError('ERR_OPERATOR', `${rule} ${inspect(key)} is not (${messageOf(error)})`, { cause: error });
}
