// The bytes under which a key is in a cold store: its partition first, so that a partition lies together. Any thread.
//
//   partition | kind | strings: their text as Latin-1 or UTF-16; numbers: their eight bytes; other keys: their composite text

import { compositeKey, partitionOf } from '../partition/key-hash.ts';

const LATIN1 = 0;
const UTF16 = 1;
const NUMBER = 2;
/** Added to the kind of the text. */
const COMPOSITE = 3;

/** Longer keys do not fit the stores that there are. */
const LONGEST_BYTES = 1_900;

/** Equal for equal keys, different for others; undefined for a key that is too long. */
export function coldKey(key: unknown): Uint8Array | undefined {
  if (typeof key === 'string') return textKey(key, partitionOf(key), 0);
  if (typeof key === 'number') {
    const bytes = Buffer.allocUnsafe(10);
    bytes[0] = partitionOf(key);
    bytes[1] = NUMBER;
    // -0 is 0, and every NaN the same.
    bytes.writeDoubleBE(key === 0 ? 0 : Number.isNaN(key) ? Number.NaN : key, 2);
    return bytes;
  }
  return textKey(compositeKey([key]), partitionOf(key), COMPOSITE);
}

/** The key that these bytes stand for, where they say it: of strings and numbers. */
export function keyOf(bytes: Uint8Array): { readonly key: string | number } | undefined {
  const { buffer, byteOffset, byteLength } = bytes;
  const view = Buffer.from(buffer, byteOffset, byteLength);
  switch (view[1]) {
    case LATIN1:
      return { key: view.toString('latin1', 2) };
    case UTF16:
      return { key: view.toString('utf16le', 2) };
    case NUMBER:
      return { key: view.readDoubleBE(2) };
    default:
      return undefined;
  }
}

function textKey(text: string, partition: number, kind: number): Uint8Array | undefined {
  const { length } = text;
  if (length > LONGEST_BYTES) return undefined;
  let units = 0;
  for (let i = 0; i < length; i++) units |= text.charCodeAt(i);
  const isWide = units > 255;
  if (isWide && 2 * length > LONGEST_BYTES) return undefined;
  const bytes = Buffer.allocUnsafe(2 + (isWide ? 2 * length : length));
  bytes[0] = partition;
  bytes[1] = kind + (isWide ? UTF16 : LATIN1);
  bytes.write(text, 2, isWide ? 'utf16le' : 'latin1');
  return bytes;
}
