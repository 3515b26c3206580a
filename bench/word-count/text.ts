// Text for the word count, and its answer: lines of words in lower case, the n-th commonest about 1/n as common as the first. Any thread.

import { createHash } from 'node:crypto';
import { inputPath, makeInput, writeLines } from '../files/generated-file.ts';
import { mixed } from '../files/orders.ts';

const VERSION = 1;
const VOCABULARY = 20_000;
const SYLLABLES = [
  'ka',
  'lo',
  'mi',
  'ren',
  'tu',
  'sha',
  'bor',
  'en',
  'vi',
  'dal',
  'os',
  'pe',
  'qui',
  'zan',
  'fel',
  'ug',
];

/** The word of a rank: two to five syllables, each rank another. */
const WORDS: readonly string[] = Array.from({ length: VOCABULARY }, (_, rank) => {
  let word = '';
  for (let rest = rank + 16; rest > 0; rest = Math.floor(rest / 16)) word += SYLLABLES[rest % 16];
  return word;
});

function rankAt(line: number, place: number): number {
  // Evenly spread logarithms make Zipf's law.
  return Math.floor(VOCABULARY ** (mixed(line * 16 + place, 7) / 2 ** 32)) - 1;
}

function wordsIn(line: number): number {
  return 6 + (mixed(line, 8) % 10);
}

export function lineAt(line: number): string {
  let text = '';
  for (let place = 0; place < wordsIn(line); place++) text += `${place === 0 ? '' : ' '}${WORDS[rankAt(line, place)]}`;
  return text;
}

export interface WordCount {
  readonly word: string;
  readonly count: number;
}

export interface WordsAnswer {
  readonly words: number;
  readonly different: number;
  /** Covers the count of each word. */
  readonly digest: string;
}

export function answerOf(counts: readonly WordCount[]): WordsAnswer {
  return {
    words: counts.reduce((sum, { count }) => sum + count, 0),
    different: counts.length,
    digest: createHash('sha256')
      .update(
        counts
          .map(({ word, count }) => `${word} ${count}`)
          .sort()
          .join('\n'),
      )
      .digest('hex')
      .slice(0, 16),
  };
}

const answers = new Map<number, WordsAnswer>();

/** By rank, without any text. */
export function expectedWords(lines: number): WordsAnswer {
  const known = answers.get(lines);
  if (known !== undefined) return known;
  const counts = new Int32Array(VOCABULARY);
  for (let line = 0; line < lines; line++) {
    for (let place = wordsIn(line) - 1; place >= 0; place--) counts[rankAt(line, place)]!++;
  }
  const found = Array.from(counts, (count, rank) => ({ word: WORDS[rank]!, count })).filter(({ count }) => count > 0);
  const answer = answerOf(found);
  answers.set(lines, answer);
  return answer;
}

export function textPath(lines: number): string {
  return inputPath(`words-v${VERSION}-${lines}.txt`);
}

export function makeText(lines: number): Promise<string> {
  return makeInput(`words-v${VERSION}-${lines}.txt`, (path) => writeLines(path, lines, (line) => `${lineAt(line)}\n`));
}
