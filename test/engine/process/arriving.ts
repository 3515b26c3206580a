// A source whose records come when the clock says so: what tests of processing time read. A simulation wakes it when it moves the clock.

import type { Source } from '../../../index.ts';

/** Together in one batch where their times are equal. */
export function arriving<T>(records: readonly (readonly [atMs: number, record: T])[], now: () => number): Source<T> {
  return {
    name: 'arriving',
    bounded: true,
    splits: () => [{ id: 'all' }],
    open: () => {
      let next = 0;
      return {
        read: () => {
          const from = next;
          if (from >= records.length) return 'done';
          while (next < records.length && records[next]![0] <= now()) next++;
          return next === from ? 'idle' : records.slice(from, next).map(([, record]) => record);
        },
      };
    },
  };
}
