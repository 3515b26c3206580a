import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parquet, toParquet } from '../../../connectors/parquet/index.ts';
import { failureOf, openWriter, readAll, scratch, writeAll } from '../files/drive.ts';

const folder = scratch();
const path = join(folder, 'out.parquet');

describe('toParquet', () => {
  it('writes records that parquet reads back, whatever the values and the row groups', async () => {
    const record = fc.record({
      s: fc.option(fc.string({ unit: 'grapheme' })),
      n: fc.option(fc.oneof(fc.double(), fc.constantFrom(0, -0, 1, 2))),
      b: fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
      t: fc.option(fc.boolean()),
      d: fc.option(fc.date({ noInvalidDate: true })),
      y: fc.option(fc.uint8Array({ maxLength: 5 })),
      j: fc.option(fc.oneof(fc.array(fc.integer()), fc.dictionary(fc.string(), fc.string()))),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(record, { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 1, max: 20 }),
        async (records, rowGroupRows) => {
          const schema = {
            s: 'string?',
            n: 'double?',
            b: 'int64?',
            t: 'boolean?',
            d: 'timestamp?',
            y: 'bytes?',
            j: 'json?',
          } as const;
          await writeAll(toParquet<(typeof records)[number]>(path, { schema, rowGroupRows }), [
            records.slice(0, 3),
            records.slice(3),
          ]);
          const columns = {
            s: 'string?',
            n: 'number?',
            b: 'bigint?',
            t: 'boolean?',
            d: 'date?',
            y: 'bytes?',
            j: 'json?',
          } as const;
          const { records: read, malformed } = await readAll(parquet(path, { columns }));
          expect(malformed).toEqual([]);
          expect(read).toEqual(records.map((original) => ({ ...original, j: JSON.parse(JSON.stringify(original.j)) })));
        },
      ),
      { numRuns: 150 },
    );
  });

  it('infers a schema that loses nothing, and writes what DuckDB reads', async () => {
    const records = Array.from({ length: 2500 }, (_, id) => ({
      id: (BigInt(id) * 10_000_000_000_000_000n) % 2n ** 62n,
      ratio: id / 3,
      whole: id,
      name: id % 5 === 0 ? null : `name é${id % 50}`,
      when: new Date(Date.UTC(2001, 0, 1) + id * 1001),
      flag: id % 2 === 0,
      tags: [id, `t${id}`],
    }));
    await writeAll(toParquet(path, { rowGroupRows: 1000 }), [records.slice(0, 700), records.slice(700)]);
    const connection = await (await DuckDBInstance.create()).connect();
    const reader = await connection.runAndReadAll(
      `SELECT id, ratio, whole, name, epoch_ms("when") AS "when", flag, tags::VARCHAR AS tags, typeof(ratio) AS t FROM '${path}'`,
    );
    expect(reader.getRowObjects()).toEqual(
      records.map((record) => ({
        ...record,
        when: BigInt(record.when.getTime()),
        tags: JSON.stringify(record.tags),
        t: 'DOUBLE',
      })),
    );
    const groups = await connection.runAndReadAll(
      `SELECT count(DISTINCT row_group_id)::INTEGER AS n FROM parquet_metadata('${path}')`,
    );
    expect(groups.getRowObjects()).toEqual([{ n: 3 }]);
  });

  it('a value that does not fit its column is an error that names the column, and no file appears', async () => {
    const refused: [object[], Parameters<typeof toParquet>[1], string][] = [
      [[{ a: 1.5 }], { schema: { a: 'int32' } as never }, "Column 'a' is 'int32' and cannot hold number 1.5"],
      [[{ a: 2 ** 31 }], { schema: { a: 'int32' } as never }, 'number 2147483648'],
      [[{ a: 2n ** 63n }], { schema: { a: 'int64' } as never }, 'bigint 9223372036854775808'],
      [[{ a: 0.1 }], { schema: { a: 'float' } as never }, 'number 0.1'],
      [[{ a: null }], { schema: { a: 'string' } as never }, 'object null'],
      [[{ a: '\ud800' }], undefined, "Column 'a'"],
      [[{ a: new Date(Number.NaN) }], undefined, "Column 'a'"],
      [[{ a: new Date(1) }], { schema: { a: 'date' } as never }, 'cannot hold Date'],
      [[{ a: 1 }, { a: 'x' }, ...Array.from({ length: 1000 }, () => ({ a: 1n }))], undefined, 'a bigint'],
      [[...Array.from({ length: 1000 }, () => ({ a: 1 })), { a: 1, b: 2 }], undefined, "'b' of a later one"],
      [[], undefined, 'name them with schema'],
    ];
    for (const [records, options, message] of refused) {
      const target = join(scratch(), 'refused.parquet');
      const error = await failureOf(() =>
        writeAll(toParquet<object>(target, options ?? {}), [records.slice(0, 1000), records.slice(1000)]),
      );
      expect(error.code).toBe('ERR_SINK');
      expect(error.message).toContain(message);
      expect(existsSync(target)).toBe(false);
      expect(readdirSync(join(target, '..'))).toEqual([]);
    }
  });

  it('writes an empty file with its columns, and part files in a folder', async () => {
    await writeAll(toParquet<{ a: number }>(path, { schema: { a: 'double' } }), []);
    expect((await readAll(parquet(path, { columns: ['a'] as never[] }))).records).toEqual([]);
    const parts = `${join(scratch(), 'parts')}/`;
    const sink = toParquet<{ a: number }>(parts, { schema: { a: 'int32' } });
    expect(sink.writers).toBeUndefined();
    for (const index of [0, 1]) {
      const writer = await openWriter(sink, index, 2);
      await writer.write([{ a: index }]);
      await writer.prepare!();
      await writer.commit!();
    }
    expect((await readAll(parquet(parts))).records).toEqual([{ a: 0 }, { a: 1 }]);
  });

  it('memory does not follow the file: a full row group is written at once', async () => {
    const writer = await openWriter(toParquet<{ a: number }>(path, { schema: { a: 'double' }, rowGroupRows: 1000 }));
    const before = writer.bytesWritten!();
    await writer.write(Array.from({ length: 1500 }, (_, a) => ({ a: a / 7 })));
    expect(writer.bytesWritten!()).toBeGreaterThan(before + 4000);
    await writer.abort!();
  });

  it('refuses options outside their rules, all at once', async () => {
    const error = await failureOf(() =>
      toParquet<{ a: 1 }>('x.parquet.gz', { rowGroupRows: 0, schema: { a: 'text' as 'string' } }),
    );
    expect(error.code).toBe('ERR_OPTION_INVALID');
    for (const part of ['rowGroupRows=0', 'schema.a=text', '.gz']) expect(error.message).toContain(part);
  });
});
