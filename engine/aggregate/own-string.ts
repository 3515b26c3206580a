// A copy of a string that shares memory with no other. Any thread.
//
// Records that came through a lane hold strings cut from one blob a frame, and V8 keeps the whole blob alive for a cut of 13
// characters or more. That is right for records that pass, and a leak for a value that an aggregate keeps.

/** V8 copies cuts shorter than this by itself (SlicedString::kMinLength). */
const SHORTEST_CUT = 13;
const WIDE = /[\u0100-\uffff]/;

/** `text` itself, or an equal string in memory of its own where it might be cut from a larger one. */
export function ownString(text: string): string {
  if (text.length < SHORTEST_CUT) return text;
  const encoding = WIDE.test(text) ? 'utf16le' : 'latin1';
  return Buffer.from(text, encoding).toString(encoding);
}

/** The same for a value that may be a string; other types pass as they are. */
export function owned<V>(value: V): V {
  return typeof value === 'string' ? (ownString(value) as V) : value;
}
