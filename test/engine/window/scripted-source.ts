// A source whose splits read exactly what a test says, in the batches that it says, pausing where it says.

import type { Source, SplitReader } from '../../../engine/connector/source.ts';

/** One read of a split: a batch, or nothing to read until the clock has moved by a tick. */
export type Read<T> = readonly T[] | 'idle';

export function scripted<T>(splits: readonly (readonly Read<T>[])[]): Source<T> {
  return {
    name: 'scripted',
    bounded: true,
    splits: () => splits.map((_, index) => ({ id: `split ${index}` })),
    open: ({ id }): SplitReader<T> => {
      const reads = splits[Number(id.split(' ')[1])]!;
      let at = 0;
      return { read: () => reads[at++] ?? 'done' };
    },
  };
}

/** Each record by itself, with a pause behind it: what was read has been sent before the next one is. */
export function oneByOne<T>(records: readonly T[]): Read<T>[] {
  return records.flatMap((record): Read<T>[] => [[record], 'idle']);
}
