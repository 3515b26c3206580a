// Reads the lines that are made as the one before, one after the other, in one loop compiled for their template. Workers.
//
// Such a line has the template's text between its values, to the byte, and values that are plain (value-scan.ts). At the first line
// that is anything else, malformed ones among them, the loop stops in front of it, and JSON.parse takes that one; so this is a short cut
// to what JSON.parse gives, and a test holds the two to each other. Reading lines of eight values took 0.4 of the time.
//
// The template's text is compared four bytes at a time. A word may reach behind the limit, where the newline makes it differ, and the
// window has bytes to spare. Where code generation from strings is switched off there is no such loop.

import { CompiledReaders } from '../files/compiled-readers.ts';
import type { LineTemplate } from './line-template.ts';
import type { ValueScan } from './value-scan.ts';

/**
 * Appends records from byte `at` on until `records` holds `room` of them, notes where each starts, and returns where it stopped: in
 * front of a line that is not plain, or behind the last it took. `view` and `scan` look at the same bytes.
 */
export type PlainLines = (
  bytes: Buffer,
  view: DataView,
  scan: ValueScan,
  at: number,
  limit: number,
  records: unknown[],
  starts: Int32Array,
  room: number,
  maxRecordBytes: number,
) => number;

const compiled = new CompiledReaders<PlainLines>();

/** Undefined where code generation from strings is switched off. */
export function plainLines(template: LineTemplate, encoding: 'utf8' | 'latin1'): PlainLines | undefined {
  return compiled.get(sourceOf(template, encoding), (source) => new Function(source)() as PlainLines);
}

function sourceOf({ literals, kinds, object }: LineTemplate, encoding: 'utf8' | 'latin1'): string {
  const literal = (index: number): string => passLiteral(Buffer.from(literals[index]!, encoding));
  const values = kinds.map((kind, index) => `${literal(index)}\n${readValue(index, kind)}`);
  return `return function plainLines(bytes, view, scan, at, limit, records, starts, room, maxRecordBytes) {
let count = records.length;
while (count < room && at < limit) {
const record = at;
${values.join('\n')}
${literal(kinds.length)}
const end = at;
if (bytes[at] === 13) at++;
if (bytes[at] !== 10 || at >= limit || end - record > maxRecordBytes) return record;
at++;
starts[count++] = record;
records.push(${object});
}
return at;
};`;
}

/** The last word overlaps the one before, where the length is no multiple of four. */
function passLiteral(literal: Buffer): string {
  const checks: string[] = [];
  for (let i = 0; i < literal.length; i += literal.length < 4 ? 1 : 4) {
    const offset = Math.min(i, Math.max(0, literal.length - 4));
    if (literal.length < 4) checks.push(`bytes[at + ${i}] !== ${literal[i]}`);
    else checks.push(`view.getInt32(at + ${offset}, true) !== ${literal.readInt32LE(offset)}`);
  }
  return `if (${checks.join(' || ')}) return record;\nat += ${literal.length};`;
}

/** Most values are of the kind that they were in the template's line; the scan looks for that one first. */
function readValue(index: number, kind: LineTemplate['kinds'][number]): string {
  const read = kind === 'word' ? 'any' : kind;
  return `const v${index} = scan.${read}(${index}, at);\nat = scan.at;\nif (at < 0) return record;`;
}
