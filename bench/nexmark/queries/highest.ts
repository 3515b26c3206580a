// All records of a group that share the highest value: as `topN(1, by)`, but of equals it keeps every one. Any thread.

import { type Aggregator, aggregator } from 'millrace';

interface Highest<T> {
  value: number;
  records: T[];
}

export function highest<T>(by: (record: T) => number): Aggregator<T, Highest<T>, T[]> {
  const take = (held: Highest<T>, value: number, records: readonly T[]): Highest<T> => {
    if (value > held.value) return { value, records: [...records] };
    if (value === held.value) held.records.push(...records);
    return held;
  };
  return aggregator({
    name: 'highest',
    create: (): Highest<T> => ({ value: Number.NEGATIVE_INFINITY, records: [] }),
    add: (held, record: T) => {
      const value = by(record);
      return value < held.value ? held : take(held, value, [record]);
    },
    combine: (held, other) => take(held, other.value, other.records),
    result: ({ records }) => records,
  });
}
