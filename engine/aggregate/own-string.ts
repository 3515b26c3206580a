// A copy of a string that shares memory with no other. Any thread.
//
// Records that came through a lane hold strings cut from one blob a frame, and V8 keeps the whole blob alive for a cut of 13
// characters or more. That is right for records that pass, and a leak for a value that an aggregate keeps.

/** V8 copies cuts shorter than this by itself (SlicedString::kMinLength). */
const SHORTEST_CUT = 13;
const WIDE = /[\u0100-\uffff]/;

/** `value` itself, or an equal string of its own memory where it might be cut from a larger one. Other types pass. */
export function owned<V>(value: V): V {
  if (typeof value !== 'string' || value.length < SHORTEST_CUT) return value;
  const encoding = WIDE.test(value) ? 'utf16le' : 'latin1';
  return Buffer.from(value, encoding).toString(encoding) as V;
}
