// Strings of one column that were read before: a field with the same bytes gets the same string. Workers; shared by all readers of a thread,
// for what is the string of these bytes does not depend on who asks.
//
//   bytes of the field --hash--> two entries --equal bytes?--> the string        no string is made
//                                            \--no----------> decoded, and kept in one of the two
//
// Most columns that records are grouped by repeat themselves. A string that is found here is not cut, not hashed again by whoever
// looks it up in a Map, and keeps no window alive. Where values hardly repeat this is in the way: `misses` says so, and a reader
// then cuts strings from the window instead. Bounded: so many columns of so many entries of so many bytes a thread, whatever the input.

import { isUtf8 } from 'node:buffer';

/** A power of two. A thousand different values rarely displace each other. */
const ENTRIES = 4096;
/** Longer fields are decoded each time. */
const ENTRY_BYTES = 32;
const MOST_COLUMNS = 32;
const VACANT = 255;

export class FieldStrings {
  /** How many had to be decoded. */
  misses = 0;
  readonly #encoding: 'utf8' | 'latin1';
  readonly #bytes: Uint8Array = new Uint8Array(ENTRIES * ENTRY_BYTES);
  readonly #lengths: Uint8Array = new Uint8Array(ENTRIES).fill(VACANT);
  readonly #strings: string[] = new Array<string>(ENTRIES).fill('');

  constructor(encoding: 'utf8' | 'latin1') {
    this.#encoding = encoding;
  }

  /** The text of bytes [start, end); undefined when it is no UTF-8. Equal bytes must come with an equal hash. */
  find(bytes: Buffer, start: number, end: number, hash: number): string | undefined {
    const entry = (hash ^ (hash >>> 13)) & (ENTRIES - 1);
    if (this.#holds(entry, bytes, start, end)) return this.#strings[entry];
    if (this.#holds(entry ^ 1, bytes, start, end)) return this.#strings[entry ^ 1];
    return this.#decode(entry, bytes, start, end);
  }

  #holds(entry: number, bytes: Buffer, start: number, end: number): boolean {
    if (this.#lengths[entry] !== end - start) return false;
    const kept = this.#bytes;
    for (let at = start, key = entry * ENTRY_BYTES; at < end; at++, key++) {
      if (kept[key] !== bytes[at]) return false;
    }
    return true;
  }

  #decode(entry: number, bytes: Buffer, start: number, end: number): string | undefined {
    this.misses++;
    const text = bytes.toString(this.#encoding, start, end);
    if (text.includes('\ufffd') && !isUtf8(bytes.subarray(start, end))) return undefined;
    const length = end - start;
    if (length > ENTRY_BYTES) return text;
    // The other of the two keeps what it has, unless it is the one that is free.
    const place = this.#lengths[entry] !== VACANT && this.#lengths[entry ^ 1] === VACANT ? entry ^ 1 : entry;
    for (let i = 0; i < length; i++) this.#bytes[place * ENTRY_BYTES + i] = bytes[start + i]!;
    this.#lengths[place] = length;
    this.#strings[place] = text;
    return text;
  }
}

const kept = new Map<string, FieldStrings>();

/** Those of the n-th string column of any file; undefined beyond so many. */
export function fieldStrings(encoding: 'utf8' | 'latin1', column: number): FieldStrings | undefined {
  if (column >= MOST_COLUMNS) return undefined;
  const name = `${encoding} ${column}`;
  let strings = kept.get(name);
  if (strings === undefined) {
    strings = new FieldStrings(encoding);
    kept.set(name, strings);
  }
  return strings;
}
