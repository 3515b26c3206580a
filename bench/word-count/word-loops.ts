// The word count on one thread: a loop, Node streams, and RxJS. Main thread.

import { closeSync, openSync, readSync } from 'node:fs';
import { concatMap, from, lastValueFrom, map } from 'rxjs';
import { linesOf, scanByStreams } from '../peers/file-lines.ts';
import type { WordCount } from './text.ts';

const BLOCK_BYTES = 1 << 16;
const NEWLINE = 10;

class Counts {
  readonly #counts = new Map<string, number>();

  add(word: string): void {
    this.#counts.set(word, (this.#counts.get(word) ?? 0) + 1);
  }

  toArray(): WordCount[] {
    return Array.from(this.#counts, ([word, count]) => ({ word, count }));
  }
}

/**
 * A block of text at a time, cut into words and counted in a Map whose values are counters, so that a word that is known costs one
 * look-up. Splitting lines and then words was slower.
 */
export function countByLoop(path: string): WordCount[] {
  const counts = new Map<string, { count: number }>();
  const block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  const fd = openSync(path, 'r');
  let kept = 0;
  for (;;) {
    const read = readSync(fd, block, kept, BLOCK_BYTES - kept, null);
    if (read === 0) break;
    const filled = kept + read;
    const end = block.subarray(0, filled).lastIndexOf(NEWLINE) + 1;
    const text = block.toString('utf8', 0, end);
    let start = 0;
    for (let at = 0; at < text.length; at++) {
      // Letters are above the space, both separators are not.
      if (text.charCodeAt(at) > 32) continue;
      const word = text.substring(start, at);
      const counter = counts.get(word);
      if (counter === undefined) counts.set(word, { count: 1 });
      else counter.count++;
      start = at + 1;
    }
    block.copyWithin(0, end, filled);
    kept = filled - end;
  }
  closeSync(fd);
  return Array.from(counts, ([word, { count }]) => ({ word, count }));
}

export async function countByStreams(path: string): Promise<WordCount[]> {
  const counts = new Counts();
  await scanByStreams(
    path,
    (line) => line.split(' '),
    (words) => words.forEach((word) => void counts.add(word)),
  );
  return counts.toArray();
}

export async function countByRxjs(path: string): Promise<WordCount[]> {
  const counts = new Counts();
  const counted = linesOf(path).pipe(
    concatMap((line) => from(line.split(' '))),
    map((word) => counts.add(word)),
  );
  await lastValueFrom(counted, { defaultValue: undefined });
  return counts.toArray();
}
