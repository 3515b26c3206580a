// What an operator gives up, by its policy, is exactly what it was given and could not process; everything else goes on.

import { describe, expect, it } from 'vitest';
import { fromIterable } from '../../connectors/memory/index.ts';
import { aggregator, collect, type DeadLetter, job, type Stream, sum } from '../../index.ts';
import { type SimulationResult, simulate } from '../../testing/index.ts';

interface Order {
  readonly shop: string;
  readonly price: number;
}

// Shop c has nothing but an order that cannot be added up.
const ORDERS: readonly Order[] = [
  { shop: 'a', price: 1 },
  { shop: 'b', price: 2 },
  { shop: 'c', price: 'three' as never },
  { shop: 'a', price: 'four' as never },
  { shop: 'a', price: 5 },
];
const SUMS = [
  { key: 'a', value: 6 },
  { key: 'b', value: 2 },
];

type Policy = (stream: Stream<{ key: string; value: number }>) => Stream<{ key: string; value: number }>;

function sums(
  policy: Policy,
  preaggregate: boolean,
  key = (order: Order): string => order.shop,
): Promise<SimulationResult> {
  const summed = job('summed', (flow) => {
    policy(
      flow
        .from(fromIterable(ORDERS))
        .keyBy(key)
        .aggregate(sum((order) => order.price)),
    ).to(collect('sums'));
  });
  return simulate(summed, { workers: 3, preaggregate });
}

function byKey(rows: unknown[] | undefined): unknown[] {
  return (rows as { key: string }[]).sort((a, b) => (a.key < b.key ? -1 : 1));
}

function total(result: SimulationResult, counter: 'recordsSkipped' | 'recordsDeadLettered'): number {
  return result.stages.reduce((all, stage) => all + stage[counter], 0);
}

const refuseA = (order: Order): string => {
  if (order.shop === 'a') throw new Error('no a');
  return order.shop;
};

describe.each([true, false])('an aggregate, pre-aggregated: %s,', (preaggregate) => {
  it('that skips leaves no trace of a key whose records it could not add', async () => {
    const result = await sums((stream) => stream.onError('skip'), preaggregate);
    expect(byKey(result.results['sums'])).toEqual(SUMS);
    expect(total(result, 'recordsSkipped')).toBe(2);
  });

  it('sends to its dead letters what it could not add', async () => {
    const result = await sums((stream) => stream.onError(collect('dead')), preaggregate);
    expect(byKey(result.results['sums'])).toEqual(SUMS);
    const dead = result.results['dead'] as DeadLetter[];
    expect(dead.map((letter) => letter.record)).toEqual(expect.arrayContaining([ORDERS[2], ORDERS[3]]));
    expect(dead).toHaveLength(2);
    expect(total(result, 'recordsDeadLettered')).toBe(2);
  });

  it('sends to its dead letters the records that have no key', async () => {
    const result = await sums((stream) => stream.onError(collect('dead')), preaggregate, refuseA);
    expect(byKey(result.results['sums'])).toEqual([SUMS[1]]);
    const dead = result.results['dead'] as DeadLetter[];
    expect(dead.filter(({ message }) => message === 'no a').map(({ record }) => record)).toEqual(
      ORDERS.filter(({ shop }) => shop === 'a'),
    );
    expect(dead).toHaveLength(4);
  });

  it('sends to its dead letters the records whose key is none', async () => {
    const symbolic = (order: Order): string => (order.shop === 'b' ? (Symbol('b') as never) : order.shop);
    const result = await sums((stream) => stream.onError(collect('dead')), preaggregate, symbolic);
    expect(byKey(result.results['sums'])).toEqual([SUMS[0]]);
    expect(result.results['dead']).toHaveLength(3);
  });

  it('fails by default, naming operator, worker and cause', async () => {
    await expect(sums((stream) => stream.named('prices'), preaggregate)).rejects.toMatchObject({
      place: { operator: 'prices', worker: expect.any(Number) },
      message: expect.stringContaining('sum'),
    });
  });

  it('whose result throws gives up that key alone', async () => {
    const picky = aggregator<Order, string[], number>({
      name: 'picky',
      create: () => [],
      add: (shops, order) => [...shops, order.shop],
      combine: (a, b) => [...a, ...b],
      result: (shops) => {
        if (shops[0] === 'b') throw new Error('no b');
        return shops.length;
      },
    });
    const counted = job('counted', (flow) => {
      flow
        .from(fromIterable(ORDERS))
        .keyBy((order) => order.shop)
        .aggregate(picky)
        .onError(collect('dead'))
        .to(collect('counts'));
    });
    const { results } = await simulate(counted, { workers: 2, preaggregate });
    expect(byKey(results['counts'])).toEqual([
      { key: 'a', value: 3 },
      { key: 'c', value: 1 },
    ]);
    expect(results['dead']).toMatchObject([{ message: 'no b', record: { key: 'b' } }]);
  });
});

describe('an exchange by key', () => {
  it('fails the job when a record has no key', async () => {
    const keyed = job('keyed', (flow) => {
      flow
        .from(fromIterable(ORDERS))
        .keyBy(refuseA)
        .filter(() => true)
        .to(collect('kept'));
    });
    await expect(simulate(keyed, { workers: 2 })).rejects.toMatchObject({
      code: 'ERR_OPERATOR',
      message: expect.stringContaining('no a'),
    });
  });
});

describe('a record that cannot cross to another worker', () => {
  const build = (policy: (stream: Stream<unknown>) => Stream<unknown>): Promise<SimulationResult> =>
    simulate(
      job('crossing', (flow) => {
        const records = Array.from({ length: 2000 }, (_, i) => (i % 100 === 50 ? { i, fn: () => i } : { i }));
        policy(
          flow
            .from(fromIterable<unknown>(records))
            .map((record) => record)
            .named('maker'),
        ).to(collect('kept'));
      }),
      { workers: 1 },
    );

  it('fails the job by default, naming the field and the operator that emitted it', async () => {
    await expect(build((stream) => stream)).rejects.toMatchObject({
      code: 'ERR_RECORD_NOT_CLONEABLE',
      message: expect.stringContaining('fn'),
      place: { operator: 'maker' },
    });
  });

  it('is skipped by policy, and the others keep their order', async () => {
    const result = await build((stream) => stream.onError('skip'));
    const expected = Array.from({ length: 2000 }, (_, i) => ({ i })).filter(({ i }) => i % 100 !== 50);
    expect(result.results['kept']).toEqual(expected);
    expect(total(result, 'recordsSkipped')).toBe(20);
  });

  it('becomes a dead letter by policy, also when it is the last of all', async () => {
    const result = await build((stream) => stream.onError(collect('dead')));
    expect(result.results['dead']).toHaveLength(20);
    expect(result.results['kept']).toHaveLength(1980);
    const last = job('last', (flow) => {
      flow
        .from(fromIterable<unknown>([1, 2, () => 3]))
        .map((record) => record)
        .onError(collect('dead'))
        .to(collect('kept'));
    });
    const { results } = await simulate(last, { workers: 1 });
    expect(results['kept']).toEqual([1, 2]);
    expect(results['dead']).toMatchObject([{ code: 'ERR_RECORD_NOT_CLONEABLE' }]);
  });
});

describe('a flatMap that throws halfway', () => {
  it('keeps what it yielded, gives up the rest of that record alone, and says so', async () => {
    const halfway = job('halfway', (flow) => {
      flow
        .from([1, 2, 3])
        .flatMap(function* (n) {
          yield n * 10;
          if (n === 2) throw new Error('two');
          yield n * 10 + 1;
        })
        .onError(collect('dead'))
        .to(collect('kept'));
    });
    const { results } = await simulate(halfway, { workers: 1 });
    expect(results['kept']).toEqual([10, 11, 20, 30, 31]);
    expect(results['dead']).toMatchObject([{ message: 'two', record: 2 }]);
  });

  it('says what is wrong when it returns no iterable', async () => {
    const wrong = job('wrong', (flow) => {
      flow
        .from([1])
        .flatMap((async (n: number) => [n]) as never)
        .to(collect());
    });
    await expect(simulate(wrong, { workers: 1 })).rejects.toMatchObject({
      code: 'ERR_OPERATOR',
      message: expect.stringContaining('mapAsync'),
    });
  });
});
