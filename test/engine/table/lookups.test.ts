// A stream beside a table: as of now, with the table read first; and as of the event's time, whatever arrives first.

import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { AsOfJoin } from '../../../engine/table/as-of-join.ts';
import {
  asOfJoin,
  collect,
  count,
  job,
  type MillraceError,
  type Stream,
  tableJoin,
  toTable,
  tumbling,
} from '../../../index.ts';
import { simulate } from '../../support/simulate-anywhere.ts';
import { manners, splitsOf, timedSplits } from '../join/timed-splits.ts';
import { drive, type Event, events, withWatermarks } from '../join/two-inputs.ts';
import { latest, type Row, rowSplits } from './table-changes.ts';

const deleted = (row: Row): boolean => row.gone;
const textOf = (l: { id: number }, r: { id: number } | undefined): string => `${l.id} ${r?.id ?? '-'}`;

describe('tableJoin', () => {
  it('reads a bounded table to its end first', async () => {
    const types = fc.constantFrom('inner', 'left');
    await fc.assert(
      fc.asyncProperty(timedSplits(0), rowSplits(1), types, manners, async (splits, rows, type, manner) => {
        const { batch, ...options } = manner;
        const joined = job('joined', (flow) => {
          const table = toTable(
            flow.from(splitsOf('rows', rows.splits, batch)).keyBy((row) => row.key),
            { deleted },
          );
          const stream = flow.from(splitsOf('items', splits, batch)).eventTime((item) => item.at);
          const results = tableJoin(
            stream.keyBy((item) => item.key),
            table,
            { type, select: textOf },
          );
          results.to(collect('results'));
          // The time of the stream goes on behind the join.
          results
            .keyBy(() => 0)
            .window(tumbling({ sizeMs: 10 }), { late: (late) => late.to(collect('late')) })
            .aggregate(count())
            .to(collect('windows'));
        });
        const { results } = await simulate(joined, options);
        const byKey = latest(rows.splits.flat().map((row, at) => ({ ...row, at })));
        const expected = splits
          .flat()
          .filter(({ key }) => type === 'left' || byKey.has(key))
          .map((item) => textOf(item, byKey.get(item.key)));
        expect((results['results'] as string[]).sort()).toEqual(expected.sort());
        expect(results['late']).toEqual([]);
        const counted = (results['windows'] as { value: number }[]).reduce((sum, { value }) => sum + value, 0);
        expect(counted).toBe(expected.length);
      }),
      { numRuns: 100 },
    );
  }, 60_000);

  it('without waiting joins with the rows that have come in by then', async () => {
    const joined = job('now', (flow) => {
      const numbers = flow.from(Array.from({ length: 2_000 }, (_, n) => n));
      const table = toTable(numbers.keyBy((n) => n % 10));
      tableJoin(
        numbers.keyBy((n) => n % 10),
        table,
        { wait: false, type: 'left', select: (n, row, { key }) => ({ n, row, key }) },
      ).to(collect('results'));
    });
    const { results } = await simulate(joined, { workers: 2, seed: 5 });
    const joinedRows = results['results'] as { n: number; row: number | undefined; key: number }[];
    expect(joinedRows.map(({ n }) => n).sort((a, b) => a - b)).toEqual(Array.from({ length: 2_000 }, (_, n) => n));
    for (const { n, row, key } of joinedRows) {
      expect(n % 10).toBe(key);
      if (row !== undefined) expect(row % 10).toBe(key);
    }
  });

  it('is refused where the stream would wait for itself', () => {
    const build = (): void => {
      job('itself', (flow) => {
        const numbers = flow.from([1]);
        tableJoin(
          numbers.keyBy((n) => n),
          toTable(numbers.keyBy((n) => n)),
          { select: (n) => n },
        ).to(collect('x'));
      }).graph({});
    };
    expect(build).toThrow(/'tableJoin#1' reads its side to the end .* 'array#0' waits/);
  });
});

describe('asOfJoin', () => {
  it('takes the row that held at the time of the record, whatever the splits, disorder and interleaving', async () => {
    const types = fc.constantFrom('inner', 'left');
    await fc.assert(
      fc.asyncProperty(rowSplits(), rowSplits(), types, manners, async (records, rows, type, manner) => {
        const { batch, ...options } = manner;
        const joined = job('joined', (flow) => {
          const timed = (name: string, { splits, outOfOrderMs }: typeof rows): Stream<Row> =>
            flow.from(splitsOf(name, splits, batch)).eventTime((row) => row.at, { outOfOrderMs });
          const table = toTable(
            timed('rows', rows).keyBy((row) => row.key),
            { deleted },
          );
          const results = asOfJoin(
            timed('records', records).keyBy((row) => row.key),
            table,
            {
              type,
              select: textOf,
              late: (late) => late.to(collect('late')),
            },
          );
          expectTypeOf(results).toEqualTypeOf<Stream<string>>();
          results.to(collect('results'));
        });
        const { results } = await simulate(joined, options);
        const all = rows.splits.flat();
        const expected = records.splits.flat().flatMap((record) => {
          const row = latest(all.filter(({ at, key }) => at <= record.at && key === record.key)).get(record.key);
          return row !== undefined || type === 'left' ? [textOf(record, row)] : [];
        });
        expect(results['late']).toEqual([]);
        expect((results['results'] as string[]).sort()).toEqual(expected.sort());
      }),
      { numRuns: 200 },
    );
  }, 60_000);

  it('calls late what is further behind the watermark than rows are kept, and keeps no more rows than that needs', () => {
    const keeps = fc.integer({ min: 0, max: 20 });
    fc.assert(
      fc.property(events, keeps, fc.boolean(), fc.boolean(), (steps, keepMs, keepsLeft, deletes) => {
        type Joining = Event & { kind: 'record'; watermarkMs: number; order: number };
        const isGone = ({ id }: { id: number }): boolean => deletes && id % 3 === 0;
        const reader = {
          rowOf: (row: unknown) => (isGone(row as Joining) ? undefined : row),
          byTime: true,
          deletes,
        };
        let join: AsOfJoin | undefined;
        const select = (l: unknown, r: unknown): string => textOf(l as Joining, r as Joining | undefined);
        const { results, late } = drive((host) => {
          join = new AsOfJoin(reader, keepsLeft, keepMs, select, host);
          return join;
        }, steps);
        // The moment at which each record is joined, as an index into the steps.
        const records = withWatermarks(steps) as Joining[];
        const orderOf = new Map(steps.map((step, index) => [step.kind === 'record' ? step.id : -1, index]));
        const reached = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
        const watermarks = steps.map((step) => {
          if (step.kind === 'watermark') reached[step.input] = step.at;
          return Math.min(...reached);
        });
        const isLate = ({ at, watermarkMs }: Joining): boolean => at < watermarkMs - keepMs;
        const versions = records.filter((record) => record.input === 1 && !(deletes && isLate(record)));
        const expected: string[] = [];
        for (const record of records.filter(({ input }) => input === 0)) {
          if (isLate(record)) continue;
          const arrived = orderOf.get(record.id)!;
          const passed = watermarks.findIndex((watermarkMs, index) => index >= arrived && watermarkMs > record.at);
          const joined = passed === -1 ? steps.length : passed;
          const seen = versions
            .filter((one) => one.key === record.key && one.at <= record.at && orderOf.get(one.id)! <= joined)
            .sort((a, b) => a.at - b.at);
          const row = seen.at(-1);
          const text = row === undefined || isGone(row) ? undefined : textOf(record, row);
          if (text !== undefined) expected.push(text);
          else if (keepsLeft) expected.push(textOf(record, undefined));
        }
        expect([...results].sort()).toEqual(expected.sort());
        const lateIds = records.filter((one) => isLate(one) && (one.input === 0 || deletes)).map(({ id }) => id);
        expect(late.map((one) => (one as Joining).id)).toEqual(lateIds);
        // Of each key that has not been deleted, something is kept.
        expect(join!.size).toBeLessThanOrEqual(new Set(versions.map(({ key }) => key)).size);
      }),
      { numRuns: 2_000 },
    );
  });

  it('forgets deleted keys and rows that are out of date', () => {
    const steps: Event[] = Array.from({ length: 200 }, (_, at): Event[] => [
      { kind: 'record', input: 1, at, id: at % 2 === 0 ? 1 : 3, key: `key ${at >> 1}` },
      { kind: 'watermark', input: 1, at },
      { kind: 'watermark', input: 0, at },
    ]).flat();
    let join: AsOfJoin | undefined;
    let most = 0;
    drive(
      (host) => {
        const reader = {
          rowOf: (row: unknown) => ((row as { id: number }).id === 3 ? undefined : row),
          byTime: true,
          deletes: true,
        };
        join = new AsOfJoin(reader, false, 10, () => 0, host);
        return join;
      },
      steps,
      () => {
        most = Math.max(most, join!.size);
      },
    );
    // One key in two ms, kept for ten and a bit.
    expect(most).toBeLessThanOrEqual(8);
    expect(join!.size).toBe(0);
  });

  it('needs event time on both sides', () => {
    const refusal = (timedTable: boolean): string => {
      try {
        job('untimed', (flow) => {
          const plain = flow.from([1]);
          const timed = plain.eventTime((n) => n);
          const [stream, rows] = timedTable ? [plain, timed] : [timed, plain];
          asOfJoin(
            stream.keyBy((n) => n),
            toTable(rows.keyBy((n) => n)),
            { select: (n) => n },
          );
        }).graph({});
      } catch (error) {
        return (error as MillraceError).message;
      }
      return 'accepted';
    };
    expect(refusal(true)).toMatch(/asOfJoin needs event time, the stream has none/);
    expect(refusal(false)).toMatch(/asOfJoin needs event time, the table has none/);
  });
});
