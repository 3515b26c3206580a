// Joins by window against nested loops: each pair, each window, test whether it holds both.

import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { WindowJoin } from '../../../engine/join/window-join.ts';
import {
  coGroup,
  collect,
  hopping,
  type JoinType,
  job,
  type MillraceError,
  type Stream,
  session,
  tumbling,
  type WindowSpec,
  windowJoin,
} from '../../../index.ts';
import { simulate } from '../../support/simulate-anywhere.ts';
import { type Item, manners, sides, splitsOf } from './timed-splits.ts';
import { drive, events, withWatermarks } from './two-inputs.ts';

const windows: fc.Arbitrary<WindowSpec & { kind: 'hopping' }> = fc.oneof(
  fc.record({ sizeMs: fc.integer({ min: 1, max: 50 }), offsetMs: fc.integer({ min: -20, max: 20 }) }).map(tumbling),
  fc
    .record({ stepMs: fc.integer({ min: 1, max: 20 }), extra: fc.integer({ min: 0, max: 40 }) })
    .map(({ stepMs, extra }) => hopping({ sizeMs: stepMs + extra, stepMs })),
) as fc.Arbitrary<WindowSpec & { kind: 'hopping' }>;

const types = fc.constantFrom<JoinType>('inner', 'left', 'right', 'full');

interface KeyWindow {
  readonly name: string;
  readonly left: number[];
  readonly right: number[];
}

function naiveGroups(
  left: readonly Item[],
  right: readonly Item[],
  window: WindowSpec & { kind: 'hopping' },
): KeyWindow[] {
  const { sizeMs, stepMs, offsetMs } = window;
  const found = new Map<string, KeyWindow>();
  for (const [side, items] of [['left', left] as const, ['right', right] as const]) {
    for (const { key, at, id } of items) {
      for (let start = offsetMs - 100 * stepMs; start <= at; start += stepMs) {
        if (at >= start + sizeMs) continue;
        const name = `${key} ${start}-${start + sizeMs}`;
        const group = found.get(name) ?? { name, left: [], right: [] };
        group[side].push(id);
        found.set(name, group);
      }
    }
  }
  return [...found.values()];
}

const idOf = (record: unknown): string => String((record as { id: number } | undefined)?.id ?? '-');
const byName = (left: string, right: string): number => (left < right ? -1 : 1);
const sorted = (ids: readonly number[]): number[] => [...ids].sort((a, b) => a - b);

describe('windowJoin', () => {
  it('gives the pairs of nested loops, whatever the splits, disorder, batches, workers and interleaving', async () => {
    await fc.assert(
      fc.asyncProperty(sides, windows, types, manners, async ({ left, right, disorderMs }, window, type, manner) => {
        const { batch, ...options } = manner;
        const joined = job('joined', (flow) => {
          const timed = (name: string, splits: Item[][]): Stream<Item> =>
            flow.from(splitsOf(name, splits, batch)).eventTime((item) => item.at, { outOfOrderMs: disorderMs });
          windowJoin(
            timed('left', left).keyBy((item) => item.key),
            timed('right', right).keyBy((item) => item.key),
            {
              window,
              type,
              select: (l, r, { key, windowStart, windowEnd }) =>
                `${key} ${windowStart}-${windowEnd} ${l?.id ?? '-'} ${r?.id ?? '-'}`,
              late: (late) => late.to(collect('late')),
            },
          ).to(collect('results'));
        });
        const { results } = await simulate(joined, options);
        const expected = naiveGroups(left.flat(), right.flat(), window).flatMap(({ name, left: ls, right: rs }) => {
          if (ls.length === 0) return type === 'right' || type === 'full' ? rs.map((r) => `${name} - ${r}`) : [];
          if (rs.length === 0) return type === 'left' || type === 'full' ? ls.map((l) => `${name} ${l} -`) : [];
          return ls.flatMap((l) => rs.map((r) => `${name} ${l} ${r}`));
        });
        expect(results['late']).toEqual([]);
        expect((results['results'] as string[]).sort(byName)).toEqual(expected.sort(byName));
      }),
      { numRuns: 200 },
    );
  }, 60_000);

  it('calls a record late when all its windows have ended, and counts it in those that have not', () => {
    fc.assert(
      fc.property(events, windows, types, (steps, window, type) => {
        const select = (l: unknown, r: unknown, { key, windowStart }: { key: unknown; windowStart: number }): string =>
          `${key} ${windowStart} ${idOf(l)} ${idOf(r)}`;
        const { results, late, behind } = drive((host) => WindowJoin.ofPairs(window, type, select, host), steps);
        const records = withWatermarks(steps).map((record) => {
          const starts: number[] = [];
          for (let start = window.offsetMs - 100 * window.stepMs; start <= record.at; start += window.stepMs) {
            const endMs = start + window.sizeMs;
            if (endMs > record.at && endMs > record.watermarkMs) starts.push(start);
          }
          return { ...record, starts };
        });
        const expected: string[] = [];
        for (const start of new Set(records.flatMap(({ starts }) => starts))) {
          for (const key of ['ada', 'bob']) {
            const inWindow = records.filter((record) => record.key === key && record.starts.includes(start));
            const [ls, rs] = [0, 1].map((side) => inWindow.filter(({ input }) => input === side));
            if (inWindow.length === 0) continue;
            const noLeft = ls!.length === 0 && (type === 'right' || type === 'full') ? [undefined] : ls!;
            const noRight = rs!.length === 0 && (type === 'left' || type === 'full') ? [undefined] : rs!;
            for (const l of noLeft) {
              for (const r of noRight) expected.push(select(l, r, { key, windowStart: start }));
            }
          }
        }
        expect(results.sort()).toEqual(expected.sort());
        expect(late.map(idOf)).toEqual(records.filter(({ starts }) => starts.length === 0).map(idOf));
        expect(behind).toEqual([]);
      }),
      { numRuns: 2_000 },
    );
  });

  it('leaves out or sends away the pairs on which select throws, by the policy of the operator', async () => {
    const items = [0, 1, 2].map((id): Item => ({ key: 'ada', at: id, id }));
    const joined = job('faulty', (flow) => {
      const timed = (name: string): Stream<Item> => flow.from(splitsOf(name, [items], 2)).eventTime((item) => item.at);
      windowJoin(
        timed('left').keyBy((item) => item.key),
        timed('right').keyBy((item) => item.key),
        {
          window: tumbling({ sizeMs: 10 }),
          select: (l, r) => {
            if (l.id === r.id) throw new Error(`twice ${l.id}`);
            return `${l.id} ${r.id}`;
          },
        },
      )
        .onError(collect('letters'))
        .to(collect('results'));
    });
    const { results } = await simulate(joined, { workers: 2 });
    expect((results['results'] as string[]).sort()).toEqual(['0 1', '0 2', '1 0', '1 2', '2 0', '2 1']);
    const letters = results['letters'] as { message: string; record: { key: string; left: Item } }[];
    expect(letters.map(({ message }) => message).sort()).toEqual(['twice 0', 'twice 1', 'twice 2']);
    expect(letters[0]!.record).toMatchObject({ key: 'ada', windowStart: 0, windowEnd: 10, left: { key: 'ada' } });
  });

  it('joins a stream with itself, and its results have the time of their window', async () => {
    const items = Array.from({ length: 60 }, (_, id): Item => ({ key: `${id % 2}`, at: id, id }));
    const joined = job('self', (flow) => {
      const keyed = flow
        .from(splitsOf('items', [items], 7))
        .eventTime((item) => item.at)
        .keyBy((item) => item.key);
      const pairs = windowJoin(keyed, keyed, {
        window: tumbling({ sizeMs: 10 }),
        select: (l, r, { key }) => ({ key, id: l.id * 1000 + r.id, at: 0 }),
      }).keyBy(({ key }) => key);
      coGroup(pairs, keyed, {
        window: tumbling({ sizeMs: 10 }),
        select: (ls, rs, { windowStart }) => [`${windowStart} ${ls.length} ${rs.length}`],
      }).to(collect('results'));
    });
    const { results } = await simulate(joined, { workers: 2 });
    const starts = [0, 10, 20, 30, 40, 50];
    expect((results['results'] as string[]).sort()).toEqual(
      starts.flatMap((start) => [`${start} 25 5`, `${start} 25 5`]).sort(),
    );
  });

  it('infers what select gets from the type of the join', () => {
    job('types', (flow) => {
      const left = flow
        .from([{ a: 1, name: 'x' }])
        .eventTime((r) => r.a)
        .keyBy((r) => r.name);
      const right = flow
        .from([{ b: 1n, name: 'x' }])
        .eventTime((r) => Number(r.b))
        .keyBy((r) => r.name);
      const window = tumbling({ sizeMs: 1 });
      const inner = windowJoin(left, right, { window, select: (l, r, { key }) => ({ a: l.a, b: r.b, key }) });
      expectTypeOf(inner).toEqualTypeOf<Stream<{ a: number; b: bigint; key: string }>>();
      const outer = windowJoin(left, right, { window, type: 'full', select: (l, r) => [l?.a, r?.b] as const });
      expectTypeOf(outer).toEqualTypeOf<Stream<readonly [number | undefined, bigint | undefined]>>();
      // @ts-expect-error: the right side of a left join may be missing
      windowJoin(left, right, { window, type: 'left', select: (_, r) => r.b });
      windowJoin(left, right, { window, type: 'left', select: (l) => l.a });
      // @ts-expect-error: no such field
      windowJoin(left, right, { window, select: (l) => l.b });
      const numbers = flow.from([{ c: 1 }]).keyBy((r) => r.c);
      // @ts-expect-error: keys of two types never meet
      const unmet = (): unknown => windowJoin(left, numbers, { window, select: (l) => l.a });
      expect(unmet).toThrow(/event time on both sides/);
    });
  });

  it('refuses what cannot be joined, and says what to do', () => {
    const build = (make: (left: Stream<Item>, untimed: Stream<Item>) => unknown): string => {
      try {
        job('refused', (flow) => {
          const items = splitsOf<Item>('items', [[]], 1);
          make(
            flow.from(items).eventTime((item) => item.at),
            flow.from(items),
          );
        }).graph({});
      } catch (error) {
        return (error as MillraceError).message;
      }
      return 'accepted';
    };
    const key = (item: Item): string => item.key;
    const window = tumbling({ sizeMs: 1 });
    const select = (): number => 1;
    expect(build((left, untimed) => windowJoin(left.keyBy(key), untimed.keyBy(key), { window, select }))).toMatch(
      /event time on both sides, the right one has none/,
    );
    expect(
      build((left) => windowJoin(left.keyBy(key), left.keyBy(key), { window: session({ gapMs: 1 }) as never, select })),
    ).toMatch(/tumbling or hopping windows of event time: window=session/);
    expect(
      build((left) => windowJoin(left.keyBy(key), left.keyBy(key), { window, select, type: 'outer' as 'full' })),
    ).toMatch(/type must be one of 'inner', 'left', 'right', 'full': type=outer/);
    const misspelt = { window, select, typ: 'left' };
    expect(build((left) => windowJoin(left.keyBy(key), left.keyBy(key), misspelt))).toMatch(/no option 'typ'/);
  });
});

describe('coGroup', () => {
  it('brings together what nested loops do', async () => {
    await fc.assert(
      fc.asyncProperty(sides, windows, manners, async ({ left, right, disorderMs }, window, manner) => {
        const { batch, ...options } = manner;
        const grouped = job('grouped', (flow) => {
          const timed = (name: string, splits: Item[][]): Stream<Item> =>
            flow.from(splitsOf(name, splits, batch)).eventTime((item) => item.at, { outOfOrderMs: disorderMs });
          coGroup(
            timed('left', left).keyBy((item) => item.key),
            timed('right', right).keyBy((item) => item.key),
            {
              window,
              *select(ls, rs, { key, windowStart, windowEnd }) {
                yield {
                  name: `${key} ${windowStart}-${windowEnd}`,
                  left: sorted(ls.map(({ id }) => id)),
                  right: sorted(rs.map(({ id }) => id)),
                };
              },
            },
          ).to(collect('results'));
        });
        const { results } = await simulate(grouped, options);
        const order = (a: KeyWindow, b: KeyWindow): number => byName(a.name, b.name);
        const expected = naiveGroups(left.flat(), right.flat(), window).map((group) => ({
          ...group,
          left: sorted(group.left),
          right: sorted(group.right),
        }));
        expect((results['results'] as KeyWindow[]).sort(order)).toEqual(expected.sort(order));
      }),
      { numRuns: 100 },
    );
  }, 60_000);

  it('hands on more results of one key than a batch holds, a frame at a time', async () => {
    const grouped = job('many', (flow) => {
      const timed = flow.from([{ at: 1 }]).eventTime((item) => item.at);
      const keyed = timed.keyBy(() => 0);
      coGroup(keyed, keyed, {
        window: tumbling({ sizeMs: 10 }),
        *select() {
          for (let i = 0; i < 5_000; i++) yield i;
        },
      }).to(collect('results'));
    });
    const { results } = await simulate(grouped, { workers: 2 });
    expect(results['results']).toEqual(Array.from({ length: 5_000 }, (_, i) => i));
  });
});
