import { expect, it } from 'vitest';
import type { Aggregator } from '../../../engine/aggregate/aggregator.ts';
import { LIMITS } from '../../../engine/limits.ts';
import { KeyedAggregate } from '../../../engine/operators/keyed-aggregate.ts';

it('gives up a bounded number of results at a time: their dead letters must find room before the next', () => {
  const keys = 10_000;
  const even: Aggregator<number, number, number> = {
    name: 'even',
    create: () => 0,
    add: (held) => held,
    combine: (held) => held,
    result: (value) => {
      if (value % 2 === 1) throw new Error('odd');
      return value;
    },
  };
  const failed: unknown[] = [];
  const aggregate = new KeyedAggregate(even as Aggregator<unknown>, false, (_, key) => failed.push(key));
  // The first half of the keys fails, the second does not.
  for (let key = 0; key < keys; key++) aggregate.table.find(key).value = key < keys / 2 ? 1 : 2;
  aggregate.end();
  let results = 0;
  for (let refill = aggregate.refill(), before = 0; refill !== 'done'; refill = aggregate.refill()) {
    expect(failed.length - before).toBeLessThanOrEqual(LIMITS.frameRecords);
    expect(refill).toBe(aggregate.count > 0 ? 'made' : 'empty');
    before = failed.length;
    results += aggregate.count;
  }
  expect([results, failed.length]).toEqual([keys / 2, keys / 2]);
});
