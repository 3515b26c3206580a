// Side inputs: all rows before the first record, backpressure meanwhile, and no job that waits for itself.

import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type { Source } from '../../../engine/connector/source.ts';
import {
  broadcastJoin,
  collect,
  count,
  type Flow,
  job,
  type MillraceError,
  type Stream,
  tumbling,
  withSideInput,
} from '../../../index.ts';
import { simulate } from '../../../testing/index.ts';
import { manners, splitsOf, timedSplits } from './timed-splits.ts';

interface Row {
  readonly key: string;
  readonly value: string;
}

/** Each key in one row, so that the order of splits does not matter. */
const rowSplits = fc
  .uniqueArray(fc.constantFrom('ada', 'bob', 'cy', 'a key of more than thirteen characters', ''), { maxLength: 5 })
  .chain((keys) => {
    const rows = keys.map((key): Row => ({ key, value: `the value of ${key}` }));
    return fc.nat({ max: rows.length }).map((cut) => [rows.slice(0, cut), rows.slice(cut)]);
  });

describe('broadcastJoin', () => {
  it('joins each record with its row, whatever comes first, in the order of the records of a split', async () => {
    const types = fc.constantFrom('inner', 'left');
    await fc.assert(
      fc.asyncProperty(timedSplits(0), rowSplits, types, manners, async (splits, rows, type, manner) => {
        const { batch, ...options } = manner;
        const joined = job('joined', (flow) => {
          broadcastJoin(
            flow.from(splitsOf('items', splits, batch)).keyBy((item) => item.key),
            flow.from(splitsOf('rows', rows, 1)).keyBy((row) => row.key),
            { type, select: (item, row, { key }) => ({ id: item.id, key, value: row?.value }) },
          ).to(collect('results'));
        });
        const { results } = await simulate(joined, options);
        const byKey = new Map(rows.flat().map((row) => [row.key, row.value]));
        const got = results['results'] as { id: number }[];
        for (const split of splits) {
          const ids = new Set(split.map(({ id }) => id));
          const expected = split
            .map(({ id, key }) => ({ id, key, value: byKey.get(key) }))
            .filter(({ value }) => type === 'left' || value !== undefined);
          expect(got.filter(({ id }) => ids.has(id))).toEqual(expected);
        }
        expect(got.every(({ id }) => splits.flat().some((item) => item.id === id))).toBe(true);
      }),
      { numRuns: 150 },
    );
  }, 60_000);

  it('holds the main input back until a slow side is complete, in bounded memory', async () => {
    let read = 0;
    let readWhileHeld = 0;
    let sideReads = 0;
    const main: Source<number> = {
      name: 'main',
      bounded: true,
      splits: () => [{ id: 'all' }],
      open: () => ({
        read: () => {
          if (read >= 200_000) return 'done';
          read += 500;
          return Array.from({ length: 500 }, (_, i) => read - 500 + i);
        },
      }),
    };
    const side: Source<Row> = {
      name: 'side',
      bounded: true,
      splits: () => [{ id: 'all' }],
      open: () => ({
        read: () => {
          if (++sideReads < 3_000) return [];
          readWhileHeld = read;
          return sideReads === 3_000 ? [{ key: 'x', value: 'late but in time' }] : 'done';
        },
      }),
    };
    const joined = job('slow-side', (flow) => {
      broadcastJoin(
        flow.from(main).keyBy(() => 'x'),
        flow.from(side).keyBy((row) => row.key),
        { type: 'left', select: (_, row) => row?.value },
      ).to(collect('results'));
    });
    const { results } = await simulate(joined, { workers: 2, seed: 1 });
    expect(new Set(results['results'])).toEqual(new Set(['late but in time']));
    expect(results['results']!.length).toBe(200_000);
    expect(readWhileHeld).toBeGreaterThan(0);
    expect(readWhileHeld).toBeLessThan(10_000);
  });

  it('passes the event time of the records on, and takes none from the side', async () => {
    const items = Array.from({ length: 40 }, (_, id) => ({ key: 'ada', at: id, id }));
    const joined = job('timed', (flow) => {
      broadcastJoin(
        flow
          .from(splitsOf('items', [items], 4))
          .eventTime((item) => item.at)
          .keyBy((item) => item.key),
        flow.from([{ key: 'ada', value: 'v' }]).keyBy((row) => row.key),
        { select: (item, row) => ({ ...row, id: item.id }) },
      )
        .keyBy((result) => result.value)
        .window(tumbling({ sizeMs: 10 }))
        .aggregate(count())
        .map(({ windowStart, value }) => ({ windowStart, value }))
        .to(collect('results'));
    });
    const { results } = await simulate(joined, { workers: 3 });
    expect(results['results']).toEqual([0, 10, 20, 30].map((windowStart) => ({ windowStart, value: 10 })));
  });

  it('takes rows away that say so, and fails when there are more than the limit', async () => {
    const rows = [
      { key: 'a', value: 1 },
      { key: 'b', value: 2 },
      { key: 'a', value: 3 },
      { key: 'b', value: undefined },
    ];
    const build = (limit: number): ReturnType<typeof job> =>
      job('deleted', (flow) => {
        broadcastJoin(
          flow.from(['a', 'b', 'c']).keyBy((key) => key),
          flow.from(splitsOf('rows', [rows], 1)).keyBy((row) => row.key),
          {
            type: 'left',
            deleted: (row) => row.value === undefined,
            limit,
            select: (key, row) => `${key} ${row?.value}`,
          },
        ).to(collect('results'));
      });
    const { results } = await simulate(build(2), { workers: 2 });
    expect((results['results'] as string[]).sort()).toEqual(['a 3', 'b undefined', 'c undefined']);
    await expect(simulate(build(1), { workers: 2 })).rejects.toThrow(/at most limit rows on each worker: limit=1/);
  });

  it('does not wait for a side that never ends, unless that is asked for, which is refused', async () => {
    const endless: Source<Row> = {
      name: 'endless',
      bounded: false,
      splits: () => [{ id: 'all' }],
      open: () => {
        let told = false;
        return {
          read: () => {
            if (told) return [];
            told = true;
            return [{ key: 'x', value: 'v' }];
          },
        };
      },
    };
    const build = (wait?: boolean): ReturnType<typeof job> =>
      job('endless-side', (flow) => {
        broadcastJoin(
          flow.from(Array.from({ length: 5_000 }, (_, i) => i)).keyBy(() => 'x'),
          flow.from(endless).keyBy((row) => row.key),
          { type: 'left', ...(wait === undefined ? {} : { wait }), select: (id, row) => `${id} ${row?.value}` },
        ).to(collect('results'));
      });
    expect(() => build(true).graph({})).toThrow(/cannot wait for a side that never ends: 'endless#1' is unbounded/);
    const { results } = await simulate(build(), { workers: 2, seed: 3, stop: { afterSteps: 2_000 } });
    const values = new Set((results['results'] as string[]).map((text) => text.split(' ')[1]));
    expect(values.has('v')).toBe(true);
  });
});

describe('a side that would have to wait for itself', () => {
  const refusal = (build: (flow: Flow) => void): string => {
    try {
      job('waits', build).graph({});
    } catch (error) {
      return (error as MillraceError).message;
    }
    return 'accepted';
  };
  const join = (main: Stream<number>, side: Stream<number>, wait?: boolean): Stream<number> =>
    broadcastJoin(
      main.keyBy((n) => n),
      side.keyBy((n) => n),
      { ...(wait === undefined ? {} : { wait }), select: (n) => n },
    );

  it('is refused when main input and side come from one source', () => {
    const message = refusal((flow) => {
      const numbers = flow.from([1, 2]);
      join(
        numbers,
        numbers.filter((n) => n > 1),
      ).to(collect('results'));
    });
    expect(message).toMatch(/'broadcastJoin#2' reads its side to the end .* cannot end while 'array#0' waits/);
    expect(message).toMatch(/wait: false/);
  });

  it('is refused when two joins wait for each other', () => {
    const message = refusal((flow) => {
      const [a, b] = [flow.from([1]), flow.from([2])];
      join(a, b).to(collect('one'));
      join(b, a).to(collect('two'));
    });
    expect(message).toMatch(/'broadcastJoin#4' reads its side/);
    expect(message).not.toMatch(/'broadcastJoin#2'/);
  });

  it('is accepted without waiting, and where sides only follow one another', async () => {
    expect(
      refusal((flow) => {
        const numbers = flow.from([1, 2]);
        join(numbers, numbers, false).to(collect('results'));
      }),
    ).toBe('accepted');
    const chained = job('chained', (flow) => {
      const [a, b, c] = [flow.from([1, 2, 3]), flow.from([2, 3, 4]), flow.from([3, 4, 5])];
      join(a, join(b, c)).to(collect('results'));
      join(a, c).to(collect('more'));
    });
    for (let seed = 0; seed < 10; seed++) {
      const { results } = await simulate(chained, { seed, workers: 2 });
      expect(results).toEqual({ results: [3], more: [3] });
    }
  });
});

describe('withSideInput', () => {
  it('gives each record with all rows', async () => {
    const joined = job('rules', (flow) => {
      const flagged = withSideInput(
        flow.from([5, 50, 500]),
        flow
          .from([
            { id: 'low', above: 1 },
            { id: 'high', above: 40 },
          ])
          .keyBy((rule) => rule.id),
        {
          select: (amount, rules) => ({
            amount,
            size: rules.size,
            low: rules.get('low')?.above,
            hits: [...rules.values()].filter(({ above }) => amount > above).length,
          }),
        },
      );
      expectTypeOf(flagged).toEqualTypeOf<
        Stream<{ amount: number; size: number; low: number | undefined; hits: number }>
      >();
      flagged.to(collect('results'));
    });
    const { results } = await simulate(joined, { workers: 3 });
    const byAmount = (a: { amount: number }, b: { amount: number }): number => a.amount - b.amount;
    expect((results['results'] as { amount: number }[]).sort(byAmount)).toEqual([
      { amount: 5, size: 2, low: 1, hits: 1 },
      { amount: 50, size: 2, low: 1, hits: 2 },
      { amount: 500, size: 2, low: 1, hits: 2 },
    ]);
  });

  it('treats records on which select throws by the policy of the operator', async () => {
    const joined = job('faulty', (flow) => {
      withSideInput(
        flow.from([1, 2, 3]),
        flow.from(['x']).keyBy((row) => row),
        {
          select: (n, rows) => {
            if (n === 2) throw new Error('two');
            return `${n} ${rows.size}`;
          },
        },
      )
        .onError('skip')
        .to(collect('results'));
    });
    const { results, stages } = await simulate(joined, { workers: 2 });
    expect((results['results'] as string[]).sort()).toEqual(['1 1', '3 1']);
    expect(stages.reduce((sum, stage) => sum + stage.recordsSkipped, 0)).toBe(1);
  });
});
