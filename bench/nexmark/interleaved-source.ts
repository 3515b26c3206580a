// A source of numbered records of which every worker makes an equal share, all of them advancing through the numbers together. Readers run
// on workers.
//
//   chunks of 1000 numbers, 3 splits     0  1  2  3  4  5  6  7 ...
//   read by split                        0  1  2  0  1  2  0  1 ...
//
// There are as many splits as workers, so that all are read at once: event times are those of the numbers, and a split of the last third
// would be hours ahead of one of the first.

import type { ReadResult, Source, Split, SplitReader } from 'millrace';

/** Twenty periods of events, or groups of fifty out of order. */
const CHUNK = 1000;
/** What an engine asks for at most at once; more is not made. */
const MOST_AT_ONCE = 512;

interface ChunkSplit extends Split {
  readonly split: number;
  readonly splits: number;
  readonly size: number;
}

/** Makes the records with the numbers [from, from + count); count is at most 512. */
export type MakeRecords<T> = (from: number, count: number) => readonly T[];

/** @param open called once for each split: what it returns may keep memory of its own */
export function interleavedSource<T>(name: string, records: number, open: () => MakeRecords<T>): Source<T> {
  return {
    name,
    bounded: true,
    splits: ({ workers }) =>
      Array.from(
        { length: workers },
        (_, split): ChunkSplit => ({
          id: `${name}[${split} of ${workers}]`,
          size: shareOf(records, split, workers),
          split,
          splits: workers,
        }),
      ),
    open: (split) => new ChunkReader<T>(name, split as ChunkSplit, open()),
  };
}

/** How many of the numbers below `records` are in the chunks of this split. */
function shareOf(records: number, split: number, splits: number): number {
  const whole = Math.floor(records / CHUNK);
  const rest = whole % splits === split ? records % CHUNK : 0;
  return CHUNK * Math.max(0, Math.ceil((whole - split) / splits)) + rest;
}

class ChunkReader<T> implements SplitReader<T> {
  readonly #name: string;
  readonly #split: ChunkSplit;
  readonly #make: MakeRecords<T>;
  #done = 0;
  #batchStart = 0;

  constructor(name: string, split: ChunkSplit, make: MakeRecords<T>) {
    this.#name = name;
    this.#split = split;
    this.#make = make;
  }

  read(maxRecords: number): ReadResult<T> {
    const { split, splits, size } = this.#split;
    const done = this.#done;
    if (done === size) return 'done';
    const place = done % CHUNK;
    const count = Math.min(maxRecords, MOST_AT_ONCE, CHUNK - place, size - done);
    this.#batchStart = (Math.floor(done / CHUNK) * splits + split) * CHUNK + place;
    this.#done = done + count;
    return this.#make(this.#batchStart, count);
  }

  /** In records: also the position from which the split would be read on. */
  progress(): number {
    return this.#done;
  }

  locate(index: number): string {
    return `${this.#name} number ${this.#batchStart + index}`;
  }
}
