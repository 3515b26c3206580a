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

/** Gives the strings in the fields of a plain object memory of their own, in place: for an object that nobody else has. */
export function ownFields<V extends object>(record: V): V {
  for (const name of Object.keys(record) as (keyof V)[]) {
    const field = record[name];
    if (typeof field === 'string' && field.length >= SHORTEST_CUT) record[name] = ownString(field) as V[keyof V];
  }
  return record;
}

/**
 * The same for a value that may be a string, or a plain object with strings in its fields: the object is copied when one of them needs it,
 * never changed. Deeper strings come out of structured clone, which cuts none; other types pass as they are.
 */
export function owned<V>(value: V): V {
  if (typeof value === 'string') return ownString(value) as V;
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  let copy: Record<string, unknown> | undefined;
  for (const name of Object.keys(value)) {
    const field = (value as Record<string, unknown>)[name];
    if (typeof field !== 'string' || field.length < SHORTEST_CUT) continue;
    // By then the field is the copy's own, so that assigning to it is safe even where it is called __proto__. (defineProperty: half a µs more.)
    copy ??= { ...(value as Record<string, unknown>) };
    copy[name] = ownString(field);
  }
  return (copy as V | undefined) ?? value;
}
