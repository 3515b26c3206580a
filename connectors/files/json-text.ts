// JSON that holds all of a value, or an error that names the field. Any thread.
// JSON.stringify drops and changes values without a word: NaN becomes null, a Map becomes {}. Such values leave a trace in the text,
// `null` or `{}`, so only records with one of these in them are looked through.

import { MillraceError } from '../../engine/errors/millrace-error.ts';

/** What becomes of a bigint, NaN, Infinity or an invalid date. */
export type Unrepresentable = 'fail' | 'string' | 'null';

const SUSPECT = /null|\{\}/;

/** One line of JSON that holds all of the value. */
export function encodeJson(value: unknown, unrepresentable: Unrepresentable, file: string): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
    if (text !== undefined && !SUSPECT.test(text)) return text;
  } catch (error) {
    // Only a bigint can be written another way. A cycle, or a toJSON that throws, is found again below.
    if (!(error instanceof TypeError)) throw cannotHold(file, '', 'a value whose toJSON throws', error);
  }
  return stringifyChecked(value, unrepresentable, file);
}

function stringifyChecked(value: unknown, unrepresentable: Unrepresentable, file: string): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value, function replace(this: unknown, name: string, member: unknown): unknown {
      const original = (this as Record<string, unknown>)[name];
      const problem = problemOf(original, member);
      if (problem === undefined) return member;
      if (unrepresentable === 'fail' || problem.hopeless) {
        throw cannotHold(file, fieldPath(value, original, name), problem.what);
      }
      return unrepresentable === 'string' ? String(original) : null;
    });
  } catch (error) {
    if (error instanceof MillraceError) throw error;
    throw cannotHold(file, '', 'a cycle, or a value whose toJSON throws', error);
  }
  if (text === undefined)
    throw cannotHold(file, '', `a record that is ${value === undefined ? 'undefined' : `a ${typeof value}`}`);
  return text;
}

function problemOf(original: unknown, member: unknown): { what: string; hopeless: boolean } | undefined {
  if (typeof original === 'bigint' && typeof member === 'bigint') return { what: 'a bigint', hopeless: false };
  if (typeof member === 'number' && !Number.isFinite(member)) return { what: String(member), hopeless: false };
  if (original instanceof Date && member === null) return { what: 'an invalid date', hopeless: false };
  if (member instanceof Map || member instanceof Set) {
    return { what: `a ${member.constructor.name}: make it an array first`, hopeless: true };
  }
  return undefined;
}

/** `user.ids[2]`: where a value stands in a record. Only for errors, so the record is simply searched. */
function fieldPath(record: unknown, wanted: unknown, name: string): string {
  const seen = new Set<unknown>();
  const search = (value: unknown, path: string): string | undefined => {
    if (value === null || typeof value !== 'object' || seen.has(value)) return undefined;
    seen.add(value);
    for (const [key, member] of Object.entries(value)) {
      const here = Array.isArray(value) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`;
      if (key === name && Object.is(member, wanted)) return here;
      const found = search(member, here);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return search(record, '') ?? name;
}

function cannotHold(file: string, field: string, what: string, cause?: unknown): MillraceError {
  const where = field === '' ? 'a record holds' : `field '${field}' holds`;
  return new MillraceError(
    'ERR_SINK',
    `JSON cannot hold all values, and ${where} ${what} (for ${file}). Convert it with map, or set unrepresentable: 'string' where that fits`,
    cause === undefined ? {} : { cause },
  );
}
