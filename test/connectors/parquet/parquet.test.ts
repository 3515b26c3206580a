import { copyFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { ByteWriter, parquetWrite } from 'hyparquet-writer';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { parquet } from '../../../connectors/parquet/index.ts';
import { failureOf, readAll, readerContext, scratch } from '../files/drive.ts';

const folder = scratch();
const flights = resolve('node_modules/vega-datasets/data/flights-3m.parquet');
let duck: DuckDBConnection;

beforeAll(async () => {
  duck = await (await DuckDBInstance.create()).connect();
});

/** Writes the result of a query to Parquet with DuckDB. */
async function fileOf(query: string, name = 'records.parquet', options = ''): Promise<string> {
  const path = join(folder, name);
  await duck.run(`COPY (${query}) TO '${path}' (FORMAT parquet${options})`);
  return path;
}

describe('parquet', () => {
  it('reads three million flights to the counts and sums of DuckDB, row groups shared out', async () => {
    const source = parquet(flights, {
      columns: { origin: 'string', delay: 'number', date: 'date', distance: 'number' },
    });
    const splits = await source.splits({ workers: 2 });
    expect(splits).toHaveLength(11);
    const groups = new Map<string, { n: bigint; delay: bigint; distance: bigint; last: number }>();
    for (const split of splits) {
      const reader = await source.open(split, readerContext());
      for (;;) {
        const answer = reader.read(4096);
        const batch = answer instanceof Promise ? await answer : answer;
        if (batch === 'done' || batch === 'idle') break;
        for (const { origin, delay, distance, date } of batch) {
          const group = groups.get(origin) ?? { n: 0n, delay: 0n, distance: 0n, last: 0 };
          group.n++;
          group.delay += BigInt(delay);
          group.distance += BigInt(distance);
          group.last = Math.max(group.last, date.getTime());
          groups.set(origin, group);
        }
      }
      expect(reader.progress!()).toBe(split.size);
      await reader.close!();
    }
    const expected = await duck.runAndReadAll(
      `SELECT origin, count(*) n, sum(delay)::BIGINT delay, sum(distance)::BIGINT distance, epoch_ms(max(date)) AS last FROM '${flights}' GROUP BY origin`,
    );
    expect(Object.fromEntries(groups)).toEqual(
      Object.fromEntries(
        expected.getRowObjects().map(({ origin, last, ...rest }) => [origin, { ...rest, last: Number(last) }]),
      ),
    );
  }, 60_000);

  it('reads every kind of column without losing anything', async () => {
    const path = await fileOf(`SELECT
      true AS flag, 1::TINYINT AS i8, (-32768)::SMALLINT AS i16, 2147483647::INTEGER AS i32, (-9007199254740991)::BIGINT AS i64,
      255::UTINYINT AS u8, 4294967295::UINTEGER AS u32, 9007199254740991::UBIGINT AS u64, 1.5::FLOAT AS f32, 0.1::DOUBLE AS f64,
      0.3::DECIMAL(4,1) AS dec_small, 123456789.01::DECIMAL(15,2) AS dec, -12345678901234567890.123456::DECIMAL(38,6) AS dec_large,
      'é漢🎉' AS text, ''::VARCHAR AS empty, '\\x00\\xFF'::BLOB AS bytes, DATE '1969-12-31' AS day, TIMESTAMP '1969-12-31 23:59:59.999' AS moment,
      TIMESTAMP_MS '2001-01-01 00:00:00.001' AS ms, TIMESTAMP_NS '2001-01-01 00:00:00.002' AS ns, TIMESTAMPTZ '2001-01-01 00:00:00+00' AS tz,
      UUID '01234567-89ab-cdef-0123-456789abcdef' AS uuid, [1, 2, NULL]::BIGINT[] AS list, {'x': 1, 'y': {'z': 'w'}} AS struct,
      MAP {'k': 1} AS map, NULL::INTEGER AS nothing, [TIMESTAMP '2001-01-01'] AS moments, []::INTEGER[] AS none, '{"a":[1]}'::JSON AS js`);
    const { records, malformed } = await readAll(parquet(path));
    expect(malformed).toEqual([]);
    expect(records).toEqual([
      {
        flag: true,
        i8: 1,
        i16: -32768,
        i32: 2147483647,
        i64: -9007199254740991,
        u8: 255,
        u32: 4294967295,
        u64: 9007199254740991,
        f32: 1.5,
        f64: 0.1,
        dec_small: 0.3,
        dec: 123456789.01,
        dec_large: '-12345678901234567890.123456',
        text: 'é漢🎉',
        empty: '',
        bytes: new Uint8Array([0, 255]),
        day: new Date('1969-12-31'),
        moment: new Date('1969-12-31T23:59:59.999Z'),
        ms: new Date('2001-01-01T00:00:00.001Z'),
        ns: new Date('2001-01-01T00:00:00.002Z'),
        tz: new Date('2001-01-01T00:00:00Z'),
        uuid: '01234567-89ab-cdef-0123-456789abcdef',
        list: [1, 2, null],
        struct: { x: 1, y: { z: 'w' } },
        map: { k: 1 },
        nothing: null,
        moments: [new Date('2001-01-01')],
        none: [],
        js: { a: [1] },
      },
    ]);
    const declared = await readAll(
      parquet(path, {
        columns: {
          i64: 'bigint',
          u64: 'bigint',
          i32: 'bigint',
          moment: 'bigint',
          ns: 'bigint',
          dec: 'string',
          bytes: 'bytes',
          js: 'string',
        },
      }),
    );
    const [record]: {
      i64: bigint;
      u64: bigint;
      i32: bigint;
      moment: bigint;
      ns: bigint;
      dec: string;
      bytes: Uint8Array;
      js: string;
    }[] = declared.records;
    expect(record).toEqual({
      i64: -9007199254740991n,
      u64: 9007199254740991n,
      i32: 2147483647n,
      moment: -1000n,
      ns: 978307200002000000n,
      dec: '123456789.01',
      bytes: new Uint8Array([0, 255]),
      js: '{"a":[1]}',
    });
  });

  it('reads the same without code generation from strings', async () => {
    const path = await fileOf(
      `SELECT i AS id, CASE WHEN i % 3 = 0 THEN NULL ELSE i / 4 END::DECIMAL(5,2) AS d, DATE '2001-01-01' + i::INTEGER AS day, 'x' || i AS "__proto__", 'b'::BLOB AS b FROM range(100) t(i)`,
    );
    const compiled = await readAll(parquet(path));
    vi.stubGlobal('Function', function refuse() {
      throw new EvalError('Code generation from strings disallowed for this context');
    });
    try {
      expect(await readAll(parquet(path))).toEqual(compiled);
    } finally {
      vi.unstubAllGlobals();
    }
    expect(Object.keys(compiled.records[0]!)).toEqual(['id', 'd', 'day', '__proto__', 'b']);
    expect(Object.getPrototypeOf(compiled.records[0])).toBe(Object.prototype);
  });

  it.each(['UNCOMPRESSED', 'SNAPPY', 'GZIP', 'ZSTD', 'BROTLI', 'LZ4_RAW'])(
    'reads %s, many row groups, nulls and repeated values',
    async (codec) => {
      const query = `SELECT i AS id, CASE WHEN i % 7 = 0 THEN NULL ELSE 'k' || (i % 100) END AS key, (i * 37) % 1000 / 8 AS value FROM range(30000) t(i)`;
      const path = await fileOf(query, 'codec.parquet', `, COMPRESSION ${codec}, ROW_GROUP_SIZE 2048`);
      const { records, splits, places } = await readAll(parquet(path), { maxRecords: 1000, workers: 1 });
      expect(splits.length).toBeGreaterThanOrEqual(8);
      expect(records).toEqual(
        Array.from({ length: 30_000 }, (_, id) => ({
          id,
          key: id % 7 === 0 ? null : `k${id % 100}`,
          value: ((id * 37) % 1000) / 8,
        })),
      );
      expect(places[12_345]).toContain('codec.parquet row 12345');
    },
  );

  it('values of one record are its own: changing one changes no other', async () => {
    const path = await fileOf(
      `SELECT TIMESTAMP '2001-01-01' AS t, 'ab'::BLOB AS b, [TIMESTAMP '2001-01-01'] AS l, '{"x":[1]}'::JSON AS j FROM range(3)`,
    );
    const { records } = await readAll(parquet<{ t: Date; b: Uint8Array; l: Date[]; j: { x: number[] } }>(path));
    const first = records[0]!;
    first.t.setTime(0);
    first.b[0] = 0;
    first.l[0]!.setTime(0);
    first.j.x.push(2);
    expect(records[1]).toEqual({
      t: new Date('2001-01-01'),
      b: new Uint8Array([97, 98]),
      l: [new Date('2001-01-01')],
      j: { x: [1] },
    });
  });

  it('a value that its type cannot hold makes its record malformed, and no other', async () => {
    const path = await fileOf(`SELECT * FROM (VALUES
      (1::BIGINT, TIMESTAMP '2001-01-01 00:00:00', 1), (9007199254740993, TIMESTAMP '2001-01-01 00:00:00', 2), (3, TIMESTAMP '2001-01-01 00:00:00.000001', 3), (4, NULL, 4)) t(n, t, i)`);
    const { records, malformed, places } = await readAll(
      parquet(path, { columns: { n: 'number', t: 'date', i: 'number' } }),
    );
    expect(records.map(({ i }) => i)).toEqual([1]);
    expect(malformed.map(({ error }) => error.place.position?.replace(/.*\s(row)/, '$1'))).toEqual([
      'row 1',
      'row 2',
      'row 3',
    ]);
    expect(malformed[0]!.error.message).toContain("9007199254740993 is beyond 2^53: declare the column 'bigint'");
    expect(malformed[1]!.error.message).toContain("Column 't'");
    expect(malformed[2]!.error.message).toContain("declare it 'date?'");
    expect(places).toEqual([expect.stringContaining('row 0')]);
    const all = await readAll(parquet(path, { columns: { n: 'bigint', t: 'bigint?' } }));
    expect(all.records).toEqual([
      { n: 1n, t: 978307200000000n },
      { n: 9007199254740993n, t: 978307200000000n },
      { n: 3n, t: 978307200000001n },
      { n: 4n, t: null },
    ]);
    const undeclared = await readAll(parquet(path));
    expect(undeclared.records.map((record) => record['i'])).toEqual([1, 4]);
    expect(undeclared.places.map((place) => place.replace(/.*\s(row)/, '$1'))).toEqual(['row 0', 'row 3']);
  });

  it('a very large row group is cut at pages, and every row is read once', async () => {
    const path = join(folder, 'large-group.parquet');
    const writer = new ByteWriter();
    const rows = 600_000;
    parquetWrite({
      writer,
      columnData: [
        { name: 'id', data: Int32Array.from({ length: rows }, (_, id) => id), type: 'INT32', nullable: false },
        { name: 'text', data: Array.from({ length: rows }, (_, id) => `value ${id}`), type: 'STRING' },
      ],
      rowGroupSize: rows,
      pageSize: 100_000,
      dictionarySize: 0,
    });
    writeFileSync(path, writer.getBytes());
    const source = parquet<{ id: number; text: string }>(path);
    const splits = await source.splits({ workers: 2 });
    expect(splits.length).toBeGreaterThanOrEqual(5);
    const { records } = await readAll(source, { maxRecords: 10_000 });
    expect(records).toHaveLength(rows);
    expect(records.every(({ id, text }, index) => id === index && text === `value ${index}`)).toBe(true);
    const one = await readAll(parquet<{ id: number }>(path, { columns: ['id'] }), { workers: 1, maxRecords: 10_000 });
    expect(one.records.map(({ id }) => id)).toEqual(Array.from({ length: rows }, (_, id) => id));
  }, 60_000);

  it('reads several files, an empty one among them', async () => {
    const many = scratch();
    for (const [name, count] of [
      ['a', 3],
      ['b', 0],
      ['c', 2],
    ] as const) {
      await duck.run(
        `COPY (SELECT '${name}' || i AS v FROM range(${count}) t(i)) TO '${join(many, name)}.parquet' (FORMAT parquet)`,
      );
    }
    expect((await readAll(parquet<{ v: string }>(many))).records.map(({ v }) => v)).toEqual([
      'a0',
      'a1',
      'a2',
      'c0',
      'c1',
    ]);
  });

  it('a damaged range of rows is malformed, and the others are read', async () => {
    const path = await fileOf(
      'SELECT i AS id, hash(i)::VARCHAR AS text FROM range(20480) t(i)',
      'damaged.parquet',
      ', ROW_GROUP_SIZE 2048, COMPRESSION ZSTD',
    );
    const bytes = readFileSync(path);
    // Somewhere in the third row group.
    const at = Math.floor(bytes.length * 0.25);
    bytes.fill(0xff, at, at + 200);
    writeFileSync(path, bytes);
    const { records, malformed } = await readAll(parquet<{ id: number }>(path), { maxRecords: 5000 });
    expect(malformed).toHaveLength(1);
    expect(malformed[0]!.error.code).toBe('ERR_MALFORMED_INPUT');
    expect(malformed[0]!.error.message).toMatch(/Rows 4096 to 6143 cannot be decoded/);
    expect(records.map(({ id }) => id)).toEqual(
      Array.from({ length: 20_480 }, (_, id) => id).filter((id) => id < 4096 || id >= 6144),
    );
  });

  it('what is no Parquet file, a cut one, a changed one and a compressed one are errors that name the file', async () => {
    const noParquet = join(folder, 'no.parquet');
    writeFileSync(noParquet, 'a,b\n1,2\n');
    for (const content of ['', 'x', 'a,b\n1,2\n', 'PAR1'.repeat(5)]) {
      writeFileSync(noParquet, content);
      const error = await failureOf(() => readAll(parquet(noParquet)));
      expect(error.code).toBe('ERR_SOURCE');
      expect(error.message).toContain('no.parquet is no Parquet file');
    }
    const cut = join(folder, 'cut.parquet');
    copyFileSync(flights, cut);
    truncateSync(cut, 5_000_000);
    expect((await failureOf(() => readAll(parquet(cut)))).message).toContain('written to its end');
    const changed = await fileOf('SELECT 1 AS a', 'changed.parquet');
    const source = parquet(changed);
    const splits = await source.splits({ workers: 1 });
    await fileOf('SELECT 2 AS a, 3 AS b', 'changed.parquet');
    expect((await failureOf(() => source.open(splits[0]!, readerContext()))).message).toContain(
      'was changed while the job ran',
    );
    const { gzipSync } = await import('node:zlib');
    writeFileSync(join(folder, 'z.parquet.gz'), gzipSync(readFileSync(changed)));
    expect((await failureOf(() => parquet(join(folder, 'z.parquet.gz')).splits({ workers: 1 }))).message).toContain(
      'compresses inside',
    );
  });

  it('a missing column and a column that holds something else are errors before anything is read', async () => {
    const missing = await failureOf(() => parquet(flights, { columns: { dela: 'number' } }).splits({ workers: 1 }));
    expect(missing.code).toBe('ERR_SOURCE');
    expect(missing.message).toContain("has no 'dela'. It has 'date', 'delay', 'distance', 'origin', 'destination'");
    const other = await failureOf(() => parquet(flights, { columns: { origin: 'number' } }).splits({ workers: 1 }));
    expect(other.message).toContain("holds text and cannot be read as 'number': declare it 'string'");
  });

  it('refuses options outside their rules', async () => {
    expect((await failureOf(() => parquet('x', { columns: [] }))).code).toBe('ERR_OPTION_INVALID');
    expect((await failureOf(() => parquet('x', { columns: { a: 'text' as 'string' } }))).message).toContain(
      'columns.a=text',
    );
  });
});
