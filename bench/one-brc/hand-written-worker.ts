// One thread of the hand-written challenge: reads its range of the file, keeps its stations in a hash table of its own.
//
// No string is made but one a station at the end, no number is a fraction, nothing is shared. Names are looked at four bytes at a
// time: a word that holds a semicolon is found by arithmetic (the "has zero byte" test of S. E. Anderson's Bit Twiddling Hacks, with the
// word turned by the semicolon), cut off there, and mixed into the hash. Two stations are told apart by all of their bytes.

import { closeSync, openSync, readSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import type { StationTotal } from './measurements.ts';

export interface Range {
  readonly path: string;
  /** Both behind a newline, or at an end of the file. */
  readonly from: number;
  readonly to: number;
}

const BLOCK_BYTES = 1 << 16;
/** A word may be read that begins in the last line; what it reads there does not matter. */
const SLACK_BYTES = 8;
const SLOTS = 1 << 14;
const NAME_WORDS = 8;
const NEWLINE = 10;
const MINUS = 45;
const ZERO = 48;
const SEMICOLONS = 0x3b3b3b3b;

export function totalsOfRange({ path, from, to }: Range): StationTotal[] {
  const block = Buffer.alloc(BLOCK_BYTES + SLACK_BYTES);
  const view = new DataView(block.buffer, block.byteOffset, block.length);
  const names = new Int32Array(SLOTS * NAME_WORDS);
  const lengths = new Int32Array(SLOTS);
  const mins = new Int32Array(SLOTS).fill(9999);
  const maxs = new Int32Array(SLOTS).fill(-9999);
  const counts = new Int32Array(SLOTS);
  const sums = new Float64Array(SLOTS);

  /** The slot of the name [start, end), whose words but the last are whole and whose last is `last`. */
  function slotOf(hash: number, start: number, end: number, last: number): number {
    const length = end - start;
    const whole = length >> 2;
    for (let slot = (hash ^ (hash >>> 15)) & (SLOTS - 1); ; slot = (slot + 1) & (SLOTS - 1)) {
      const base = slot * NAME_WORDS;
      if (lengths[slot] === 0) {
        if (whole >= NAME_WORDS) throw new RangeError('the loop is made for shorter names');
        lengths[slot] = length + 1;
        for (let word = 0; word < whole; word++) names[base + word] = view.getInt32(start + word * 4, true);
        names[base + whole] = last;
        return slot;
      }
      if (lengths[slot] !== length + 1 || names[base + whole] !== last) continue;
      let word = 0;
      while (word < whole && names[base + word] === view.getInt32(start + word * 4, true)) word++;
      if (word === whole) return slot;
    }
  }

  function addLines(end: number): void {
    let at = 0;
    while (at < end) {
      const start = at;
      let hash = 0;
      let last: number;
      for (;;) {
        const word = view.getInt32(at, true);
        const turned = word ^ SEMICOLONS;
        // The lowest set bit of `found` is the top bit of the first byte that is a semicolon.
        const found = (turned - 0x01010101) & ~turned & 0x80808080;
        if (found !== 0) {
          const bit = 31 - Math.clz32(found & -found);
          last = bit === 7 ? 0 : word & ((1 << (bit - 7)) - 1);
          at += bit >> 3;
          break;
        }
        hash = Math.imul(hash ^ word, 0x9e3779b1);
        hash ^= hash >>> 15;
        at += 4;
      }
      const slot = slotOf(Math.imul(hash ^ last, 0x9e3779b1), start, at, last);
      // Behind the semicolon: a sign or none, one digit or two, the point, one digit, the newline.
      let byte = block[++at]!;
      const negative = byte === MINUS;
      if (negative) byte = block[++at]!;
      let tenths = byte - ZERO;
      byte = block[++at]! - ZERO;
      if (byte >= 0) {
        tenths = tenths * 10 + byte;
        at++;
      }
      tenths = tenths * 10 + block[at + 1]! - ZERO;
      at += 3;
      if (negative) tenths = -tenths;
      if (tenths < mins[slot]!) mins[slot] = tenths;
      if (tenths > maxs[slot]!) maxs[slot] = tenths;
      counts[slot]!++;
      sums[slot]! += tenths;
    }
  }

  const fd = openSync(path, 'r');
  let kept = 0;
  for (let position = from; position < to; ) {
    const read = readSync(fd, block, kept, Math.min(BLOCK_BYTES - kept, to - position), position);
    if (read === 0) break;
    position += read;
    const filled = kept + read;
    const end = block.subarray(0, filled).lastIndexOf(NEWLINE) + 1;
    addLines(end);
    block.copyWithin(0, end, filled);
    kept = filled - end;
  }
  closeSync(fd);

  const totals: StationTotal[] = [];
  const bytes = Buffer.from(names.buffer);
  for (let slot = 0; slot < SLOTS; slot++) {
    if (lengths[slot] === 0) continue;
    const start = slot * NAME_WORDS * 4;
    const station = bytes.toString('utf8', start, start + lengths[slot]! - 1);
    totals.push({ station, min: mins[slot]!, max: maxs[slot]!, sum: sums[slot]!, count: counts[slot]! });
  }
  return totals;
}

const range: unknown = workerData;
if (typeof range === 'object' && range !== null && 'from' in range)
  parentPort!.postMessage(totalsOfRange(range as Range));
