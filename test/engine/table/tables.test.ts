// Tables against maps: of each key the latest row, joined and grouped when all is over; and changes that lead to the same.

import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { TableChanges } from '../../../engine/table/rows.ts';
import {
  type Change,
  collect,
  collectValues,
  count,
  type Flow,
  type JoinType,
  job,
  max,
  runningAggregate,
  type Stream,
  sum,
  type Table,
  topN,
  toTable,
} from '../../../index.ts';
import { simulate } from '../../support/simulate-anywhere.ts';
import { manners, splitsOf } from '../join/timed-splits.ts';
import { drive, events } from '../join/two-inputs.ts';
import { asMap, latest, type Row, type RowSplits, replay, rowSplits } from './table-changes.ts';

const deleted = (row: Row): boolean => row.gone;

function rowsOf(
  flow: Flow,
  name: string,
  { splits, outOfOrderMs }: RowSplits,
  batch: number,
  timed = true,
): Stream<Row> {
  const rows = flow.from(splitsOf(name, splits, batch));
  return timed ? rows.eventTime((row) => row.at, { outOfOrderMs }) : rows;
}

function tableOf(flow: Flow, name: string, splits: RowSplits, batch: number, timed = true): Table<string, Row> {
  return toTable(
    rowsOf(flow, name, splits, batch, timed).keyBy((row) => row.key),
    { deleted },
  );
}

/** Without event time the order of arrival counts, which only one split has. */
const sources = fc
  .boolean()
  .chain((timed) => fc.tuple(fc.constant(timed), rowSplits(timed ? 3 : 1), rowSplits(timed ? 3 : 1)));

/** As they come in: by time within the test's model, or in the order of their only split. */
function inOrder({ splits }: RowSplits, timed: boolean): Row[] {
  return timed ? splits.flat() : splits.flat().map((row, at) => ({ ...row, at }));
}

function idsOf(rows: Map<unknown, Row>): Map<unknown, number> {
  return new Map([...rows].map(([key, { id }]) => [key, id]));
}

describe('toTable', () => {
  it('keeps the latest row of each key, told as changes or at the end', async () => {
    await fc.assert(
      fc.asyncProperty(sources, fc.boolean(), manners, async ([timed, rows], deletes, manner) => {
        const { batch, ...options } = manner;
        const tables = job('tables', (flow) => {
          const keyed = rowsOf(flow, 'rows', rows, batch, timed).keyBy((row) => row.key);
          const table = toTable(keyed, deletes ? { deleted } : {});
          table.toStream().to(collect('changes'));
          table.finalRows().to(collect('rows'));
          table
            .filter((row) => row.of === 'ada')
            .map((row, key) => `${key} ${row.id}`)
            .finalRows()
            .to(collect('filtered'));
        });
        const { results } = await simulate(tables, options);
        const expected = latest(inOrder(rows, timed), deletes);
        expect(idsOf(asMap(results['rows']!))).toEqual(idsOf(expected));
        expect(idsOf(replay(results['changes']!))).toEqual(idsOf(expected));
        const filtered = [...expected].filter(([, row]) => row.of === 'ada');
        expect(asMap(results['filtered']!)).toEqual(new Map(filtered.map(([key, { id }]) => [key, `${key} ${id}`])));
      }),
      { numRuns: 150 },
    );
  }, 60_000);

  it('remembers a deletion until the watermark has passed it, and then takes for late what may have been before it', () => {
    fc.assert(
      fc.property(events, (steps) => {
        const isGone = ({ id }: { id: number }): boolean => id % 2 === 0;
        const reader = {
          rowOf: (row: unknown) => (isGone(row as { id: number }) ? undefined : row),
          byTime: true,
          deletes: true,
        };
        let table: TableChanges | undefined;
        const known = new Map<string, { at: number; id: number; gone: boolean }>();
        const expectedLate: number[] = [];
        const { results, late, behind } = drive(
          (host) => {
            table = new TableChanges(reader, host);
            return table;
          },
          steps,
          (event, watermarkMs) => {
            for (const [key, { at, gone }] of known) if (gone && at < watermarkMs) known.delete(key);
            if (event.kind === 'record') {
              const held = known.get(event.key);
              const gone = isGone(event);
              if (held === undefined && event.at < watermarkMs) expectedLate.push(event.id);
              else if (held === undefined || event.at >= held.at)
                known.set(event.key, { at: event.at, id: event.id, gone });
            }
            expect(table!.size).toBeGreaterThanOrEqual([...known.values()].filter(({ gone }) => !gone).length);
          },
        );
        const left = [...known].filter(([, { gone }]) => !gone).map(([key, { id }]) => [key, id] as const);
        expect(idsOf(replay(results))).toEqual(new Map(left));
        expect(late.map((row) => (row as { id: number }).id)).toEqual(expectedLate);
        expect(behind).toEqual([]);
        expect(table!.size).toBe(left.length);
      }),
      { numRuns: 2_000 },
    );
  });

  it('has composite keys too', async () => {
    const tables = job('composite', (flow) => {
      toTable(flow.from([1, 2, 3, 4, 5]).keyBy((n) => [n % 2, 'x']))
        .finalRows()
        .to(collect('rows'));
    });
    const { results } = await simulate(tables, { workers: 2 });
    expect((results['rows'] as { key: unknown; value: number }[]).sort((a, b) => a.value - b.value)).toEqual([
      { key: [0, 'x'], value: 4 },
      { key: [1, 'x'], value: 5 },
    ]);
  });
});

describe('join', () => {
  it('of two tables by key gives what joining their last rows gives', async () => {
    const types = fc.constantFrom<JoinType>('inner', 'left', 'right', 'full');
    await fc.assert(
      fc.asyncProperty(sources, types, manners, async ([timed, left, right], type, manner) => {
        const { batch, ...options } = manner;
        const joined = job('joined', (flow) => {
          const table = tableOf(flow, 'left', left, batch, timed).join(tableOf(flow, 'right', right, batch, timed), {
            type,
            select: (l, r, { key }) => `${key} ${l?.id ?? '-'} ${r?.id ?? '-'}`,
          });
          table.toStream().to(collect('changes'));
          table.finalRows().to(collect('rows'));
        });
        const { results } = await simulate(joined, options);
        const [ls, rs] = [latest(inOrder(left, timed)), latest(inOrder(right, timed))];
        const expected = new Map<string, string>();
        for (const key of new Set([...ls.keys(), ...rs.keys()])) {
          const [l, r] = [ls.get(key), rs.get(key)];
          if (l === undefined && type !== 'right' && type !== 'full') continue;
          if (r === undefined && type !== 'left' && type !== 'full') continue;
          expected.set(key, `${key} ${l?.id ?? '-'} ${r?.id ?? '-'}`);
        }
        expect(asMap(results['rows']!)).toEqual(expected);
        expect(replay(results['changes']!)).toEqual(expected);
      }),
      { numRuns: 150 },
    );
  }, 60_000);

  it('by a foreign key follows rows that move from one key to another', async () => {
    const types = fc.constantFrom('inner', 'left');
    await fc.assert(
      fc.asyncProperty(sources, types, manners, async ([timed, left, right], type, manner) => {
        const { batch, ...options } = manner;
        const joined = job('joined', (flow) => {
          const others = tableOf(flow, 'right', right, batch, timed);
          const table = tableOf(flow, 'left', left, batch, timed).joinForeign(others, {
            foreignKey: (row) => row.of,
            type,
            select: (l, r, { key }) => `${key} ${l.id} ${r?.id ?? '-'}`,
          });
          table.toStream().to(collect('changes'));
          table.finalRows().to(collect('rows'));
        });
        const { results } = await simulate(joined, options);
        const [ls, rs] = [latest(inOrder(left, timed)), latest(inOrder(right, timed))];
        const expected = new Map<string, string>();
        for (const [key, l] of ls) {
          const r = rs.get(l.of);
          if (r !== undefined || type === 'left') expected.set(key, `${key} ${l.id} ${r?.id ?? '-'}`);
        }
        expect(asMap(results['rows']!)).toEqual(expected);
        expect(replay(results['changes']!)).toEqual(expected);
      }),
      { numRuns: 400 },
    );
  }, 90_000);

  it('leaves out the row on which select throws, where the policy says so', async () => {
    const joined = job('faulty', (flow) => {
      const rows = toTable(flow.from([1, 2, 3]).keyBy((n) => n));
      const others = toTable(flow.from([1, 2, 3]).keyBy((n) => n));
      rows
        .join(others, {
          select: (l, r) => {
            if (l === 2) throw new Error('two');
            return l + r;
          },
        })
        .toStream()
        .onError(collect('letters'))
        .to(collect('changes'));
    });
    const { results } = await simulate(joined, { workers: 2 });
    expect([...replay<number>(results['changes']!).values()].sort()).toEqual([2, 6]);
    expect(results['letters']).toMatchObject([{ message: 'two', record: { key: 2, left: 2, right: 2 } }]);
  });
});

describe('groupBy', () => {
  it('aggregates what is left, with what has changed or gone taken back', async () => {
    await fc.assert(
      fc.asyncProperty(sources, manners, async ([timed, rows], manner) => {
        const { batch, ...options } = manner;
        const grouped = job('grouped', (flow) => {
          const groups = tableOf(flow, 'rows', rows, batch, timed).groupBy((row) => row.of);
          const sums = groups.aggregate({ n: count(), total: sum((row: Row) => row.id) });
          sums.toStream().to(collect('changes'));
          sums.finalRows().to(collect('sums'));
          const ids = groups.aggregate({ top: max((row: Row) => row.id), ids: collectValues((row: Row) => row.id) });
          ids
            .map(({ top, ids: all }) => ({ top, ids: [...all].sort((a, b) => a - b) }))
            .finalRows()
            .to(collect('ids'));
        });
        const { results } = await simulate(grouped, options);
        const byGroup = new Map<string, number[]>();
        for (const { of, id } of latest(inOrder(rows, timed)).values())
          byGroup.set(of, [...(byGroup.get(of) ?? []), id]);
        const sums = new Map(
          [...byGroup].map(([of, ids]) => [of, { n: ids.length, total: ids.reduce((a, b) => a + b) }]),
        );
        const ids = new Map(
          [...byGroup].map(([of, all]) => [of, { top: Math.max(...all), ids: [...all].sort((a, b) => a - b) }]),
        );
        expect(asMap(results['sums']!)).toEqual(sums);
        expect(replay(results['changes']!)).toEqual(sums);
        expect(asMap(results['ids']!)).toEqual(ids);
      }),
      { numRuns: 150 },
    );
  }, 60_000);
});

describe('runningAggregate', () => {
  it('follows the records of each key, and tells one change for those that arrive together', async () => {
    await fc.assert(
      fc.asyncProperty(rowSplits(), manners, async (rows, manner) => {
        const { batch, ...options } = manner;
        const running = job('running', (flow) => {
          const table = runningAggregate(
            rowsOf(flow, 'rows', rows, batch).keyBy((row) => row.key),
            { top: topN(2, (row: Row) => row.id), n: count() },
          );
          const ids = table.map(({ top, n }) => ({ top: top.map(({ id }) => id), n }));
          ids.toStream().to(collect('changes'));
          ids.finalRows().to(collect('rows'));
        });
        const { results } = await simulate(running, options);
        const expected = new Map<string, { top: number[]; n: number }>();
        for (const { key, id } of rows.splits.flat()) {
          const { top, n } = expected.get(key) ?? { top: [], n: 0 };
          expected.set(key, { top: [...top, id].sort((a, b) => b - a).slice(0, 2), n: n + 1 });
        }
        expect(asMap(results['rows']!)).toEqual(expected);
        expect(replay(results['changes']!)).toEqual(expected);
        expect(results['changes']!.length).toBeLessThanOrEqual(rows.splits.flat().length);
      }),
      { numRuns: 100 },
    );
  }, 60_000);
});

describe('the types of tables', () => {
  it('infer through joins, groups and changes', () => {
    job('types', (flow) => {
      const orders = toTable(flow.from([{ id: 1, customer: 'x', total: 5 }]).keyBy((order) => order.id));
      const customers = toTable(flow.from([{ name: 'x', city: 'Bend' }]).keyBy((customer) => customer.name));
      expectTypeOf(orders.toStream()).toEqualTypeOf<
        Stream<Change<number, { id: number; customer: string; total: number }>>
      >();
      const joined = orders.joinForeign(customers, {
        foreignKey: (order) => order.customer,
        type: 'left',
        select: (order, customer, { key }) => ({ key, total: order.total, city: customer?.city }),
      });
      expectTypeOf(joined).toEqualTypeOf<Table<number, { key: number; total: number; city: string | undefined }>>();
      const cities = joined.groupBy((row) => row.city).aggregate({ n: count(), total: sum((row) => row.total) });
      expectTypeOf(cities.finalRows()).toEqualTypeOf<
        Stream<{ key: string | undefined; value: { n: number; total: number } }>
      >();
      const single = joined.groupBy((row) => row.city).aggregate(count());
      expectTypeOf(single).toEqualTypeOf<Table<string | undefined, number>>();
      // @ts-expect-error: keys of two types never meet
      orders.join(customers, { select: (l) => l.id });
      // @ts-expect-error: the foreign key must be of the type of the other table's keys
      orders.joinForeign(customers, { foreignKey: (order) => order.id, select: (l) => l.id });
      // @ts-expect-error: no such field
      orders.filter((order) => order.city);
    });
  });
});
