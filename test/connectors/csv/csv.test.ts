import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { CsvReader } from '../../../connectors/csv/csv-reader.ts';
import { type CsvOptions, csv } from '../../../connectors/csv/index.ts';
import type { FileSplit } from '../../../connectors/files/file-split.ts';
import { drain, failureOf, type Malformed, readAll, readerContext, scratch } from '../files/drive.ts';

const folder = scratch();
const vega = resolve('node_modules/vega-datasets/data');

function fileOf(content: string | Uint8Array, name = 'records.csv'): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function readText(content: string, options: CsvOptions = {}): Promise<Record<string, string>[]> {
  const { records, malformed } = await readAll(csv(fileOf(content), options));
  expect(malformed).toEqual([]);
  return records;
}

/** A table of text with at least two columns, its CSV form chosen at random, and the records that it means. */
const table = fc
  .record({
    columns: fc.integer({ min: 2, max: 5 }),
    rows: fc.integer({ min: 0, max: 12 }),
    newline: fc.constantFrom('\n', '\r\n'),
    last: fc.boolean(),
    delimiter: fc.constantFrom(',', ';', '\t', '|'),
  })
  .chain((shape) =>
    fc.record({
      shape: fc.constant(shape),
      cells: fc.array(
        fc.tuple(
          fc.array(
            fc.constantFrom(
              'a',
              'B',
              '1',
              '.',
              ' ',
              'é',
              '漢',
              '🎉',
              '"',
              '""',
              ',',
              ';',
              '\t',
              '|',
              '\n',
              '\r\n',
              "'",
              '\\',
            ),
            { maxLength: 4 },
          ),
          fc.boolean(),
        ),
        { minLength: shape.columns * shape.rows, maxLength: shape.columns * shape.rows },
      ),
    }),
  )
  .map(({ shape, cells }) => {
    const names = Array.from({ length: shape.columns }, (_, column) => `c${column}`);
    const lines = [names.join(shape.delimiter)];
    const records: Record<string, string>[] = [];
    for (let row = 0; row < shape.rows; row++) {
      const line = cells.slice(row * shape.columns, (row + 1) * shape.columns);
      records.push(Object.fromEntries(line.map(([pieces], column) => [names[column]!, pieces.join('')])));
      lines.push(
        line
          .map(([pieces, quoted]) => {
            const text = pieces.join('');
            return quoted || /[,;\t|"\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
          })
          .join(shape.delimiter),
      );
    }
    return { text: lines.join(shape.newline) + (shape.last ? shape.newline : ''), records, delimiter: shape.delimiter };
  });

describe('csv', () => {
  it.each([
    ['', []],
    ['a,b', []],
    ['a,b\n', []],
    ['\ufeffa,b\r\n1,2\r\n', [{ a: '1', b: '2' }]],
    ['a,b\n1,2', [{ a: '1', b: '2' }]],
    [
      'a,b\n\n1,2\n\r\n\n3,4\n\n',
      [
        { a: '1', b: '2' },
        { a: '3', b: '4' },
      ],
    ],
    ['a,b\n"x ""y"" z","1\n2\r\n3"\n', [{ a: 'x "y" z', b: '1\n2\r\n3' }]],
    ['a,b\n"",\n', [{ a: '', b: '' }]],
    ['"a","b, c"\n1,2\n', [{ a: '1', 'b, c': '2' }]],
    ['a,b\n5" pipe,it"s"\n', [{ a: '5" pipe', b: 'it"s"' }]],
    ['a,b\n "x",2\n', [{ a: ' "x"', b: '2' }]],
    ['a,b\n1\r2,3\n', [{ a: '1\r2', b: '3' }]],
    ['a,b\n\0,\0\n', [{ a: '\0', b: '\0' }]],
    ['a\n1\n\n2\n', [{ a: '1' }, { a: '' }, { a: '2' }]],
    ['a,\n1,2\n', [{ a: '1', '': '2' }]],
    ['\n\na,b\n1,2\n', [{ a: '1', b: '2' }]],
    ['é,漢\n🎉,ü\n', [{ é: '🎉', 漢: 'ü' }]],
  ])('reads %j as %j', async (content, expected) => {
    expect(await readText(content)).toEqual(expected);
    expect((await readAll(csv(fileOf(gzipSync(content), 'records.csv.gz')))).records).toEqual(expected);
  });

  it('reads each record of a table once, whatever the splits, the batches and the window', async () => {
    await fc.assert(
      fc.asyncProperty(
        table,
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 4 }),
        async ({ text, records, delimiter }, splitBytes, maxRecords) => {
          const { records: read, malformed } = await readAll(csv(fileOf(text), { splitBytes, delimiter }), {
            maxRecords,
          });
          expect(malformed).toEqual([]);
          expect(read).toEqual(records);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('reads any text alike whatever the splits and the window, its malformed records and their places included', async () => {
    const content = fc.array(
      fc.constantFrom('a', '1', ',', ',', '"', '"', '\n', '\n', '\r\n', '\r', 'é', '""', '","', '"\n'),
      { maxLength: 60 },
    );
    await fc.assert(
      fc.asyncProperty(
        content,
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 4, max: 40 }),
        fc.constantFrom(6, 1000),
        fc.boolean(),
        async (pieces, splitBytes, windowBytes, maxRecordBytes, multiline) => {
          const path = fileOf(pieces.join(''));
          const dialect = { delimiter: 44, quote: 34, multiline };
          const header = ['x', 'y'];
          const outcomeOf = async (bytes: number, window: number) => {
            const malformed: Malformed[] = [];
            const records: object[] = [];
            const places: string[] = [];
            for (const split of await csv(path, { header, splitBytes: bytes, multiline }).splits({ workers: 1 })) {
              const options = {
                dialect,
                columns: undefined,
                fields: header,
                encoding: 'utf8',
                maxRecordBytes,
                windowBytes: window,
              } as const;
              const reader = new CsvReader<object>(split as FileSplit, readerContext(malformed), options);
              records.push(...(await drain(reader, 3, places)));
            }
            return { records, places, malformed: malformed.map(({ error, raw }) => [error.message, raw]) };
          };
          expect(await outcomeOf(splitBytes, windowBytes)).toEqual(await outcomeOf(1e9, 1e5));
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('reads what DuckDB reads, over random tables', async () => {
    const connection = await (await DuckDBInstance.create()).connect();
    await fc.assert(
      fc.asyncProperty(table, async ({ text, records, delimiter }) => {
        fc.pre(records.length > 0);
        const path = fileOf(text, 'duck.csv');
        const reader = await connection.runAndReadAll(
          `SELECT * FROM read_csv('${path}', delim='${delimiter}', quote='"', escape='"', header=true, all_varchar=true, auto_detect=false,
             columns={${Object.keys(records[0]!)
               .map((name) => `'${name}': 'VARCHAR'`)
               .join(', ')}})`,
        );
        const expected = reader
          .getRowObjects()
          .map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, value ?? ''])));
        expect((await readAll(csv(path, { delimiter, splitBytes: 7 }))).records).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  it.each(['birdstrikes.csv', 'zipcodes.csv', 'airports.csv', 'species.csv', 'github.csv'])(
    'reads %s as DuckDB does',
    async (name) => {
      const path = join(vega, name);
      const connection = await (await DuckDBInstance.create()).connect();
      const reader = await connection.runAndReadAll(
        `SELECT * FROM read_csv('${path}', delim=',', quote='"', escape='"', header=true, all_varchar=true, auto_detect=true)`,
      );
      const expected = reader
        .getRowObjects()
        .map((row) => Object.fromEntries(Object.entries(row).map(([column, value]) => [column, value ?? ''])));
      const { records, malformed, splits } = await readAll(csv(path, { splitBytes: 100_000 }));
      expect(malformed).toEqual([]);
      expect(records.length).toBeGreaterThan(900);
      expect(splits.length).toBeGreaterThanOrEqual(1);
      expect(records).toEqual(expected);
    },
  );

  it('reads typed columns, and only those that are declared', async () => {
    const path = fileOf(
      'id,price,name,ok,when,big,skipped\n' +
        '1,-1.50,x,true,2001-01-14,9007199254740993,9\n' +
        '-2, 1e3 ,"",FALSE,2001-01-14T21:55:00.5Z,-1,9\n' +
        '+3,.5,,1,2001-01-14 21:55+02:00,0,9\n' +
        '4,NaN,é,n,"2001-01-14 21:55:03",1,9\n',
    );
    const source = csv(path, {
      columns: { ok: 'boolean', id: 'integer', price: 'number', name: 'string?', when: 'date', big: 'bigint' },
    });
    const { records, malformed } = await readAll(source);
    const typed: { ok: boolean; id: number; price: number; name: string | null; when: Date; big: bigint }[] = records;
    expect(malformed).toEqual([]);
    expect(typed).toEqual([
      { ok: true, id: 1, price: -1.5, name: 'x', when: new Date('2001-01-14T00:00:00Z'), big: 9007199254740993n },
      { ok: false, id: -2, price: 1000, name: '', when: new Date('2001-01-14T21:55:00.500Z'), big: -1n },
      { ok: true, id: 3, price: 0.5, name: null, when: new Date('2001-01-14T19:55:00Z'), big: 0n },
      { ok: false, id: 4, price: Number.NaN, name: 'é', when: new Date('2001-01-14T21:55:03Z'), big: 1n },
    ]);
    expect(Object.keys(typed[0]!)).toEqual(['ok', 'id', 'price', 'name', 'when', 'big']);
  });

  it('reads every number as Number does', async () => {
    const text = fc.oneof(
      fc.double({ noNaN: true }).map(String),
      fc.integer().map(String),
      fc
        .tuple(fc.integer({ min: -999_999, max: 999_999 }), fc.integer({ min: 0, max: 8 }))
        .map(([n, places]) => (n / 10 ** places).toFixed(places)),
      fc.stringMatching(/^-?[0-9]{1,20}(\.[0-9]{0,20})?(e[+-]?[0-9]{1,2})?$/),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 50 }), async (numbers) => {
        const { records, malformed } = await readAll(
          csv(fileOf(`n,x\n${numbers.map((n) => `${n},\n`).join('')}`), { columns: { n: 'number' } }),
        );
        expect(malformed).toEqual([]);
        expect(records.map(({ n }) => n)).toEqual(numbers.map(Number));
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    ['number', ['', 'x', '1x', '0x10', '1,5', '--1', '.', '1e', 'Infinit', '1 2', '1.2.3']],
    ['integer', ['', '1.0', '1e3', '9007199254740992', 'x', '1.', 'NaN']],
    ['bigint', ['', '1.0', 'x', '1n', '0x1']],
    ['boolean', ['', 'x', 'truee', '2']],
    [
      'date',
      [
        '',
        'x',
        '2001-02-30',
        '2001-13-01',
        '01/02/2003',
        '2001-01-01T25:00',
        '2001-01-01T00:00:00.0001',
        '978307200000',
        '2001',
      ],
    ],
  ] as const)('a field that is no %s is malformed, and the records around it are read', async (type, fields) => {
    const lines = fields.map((field) => `"${field}",x\n`).join('');
    const good = { number: '1', integer: '1', bigint: '1', boolean: '1', date: '2001-01-01' }[type];
    const path = fileOf(`n,x\n${good},x\n${lines}${good},x\n`);
    const { records, malformed } = await readAll(csv(path, { columns: { n: type } }));
    expect(records).toHaveLength(2);
    expect(malformed.map(({ raw }) => raw)).toEqual(fields.map((field) => `"${field}",x`));
    for (const [index, { error }] of malformed.entries()) {
      expect(error.code).toBe('ERR_MALFORMED_INPUT');
      expect(error.place.position).toContain(`records.csv line ${index + 3}, byte `);
      expect(error.message).toContain(`'${type}'`);
      if (fields[index] !== '') expect(error.message).toContain(fields[index]!);
      else expect(error.message).toContain(`declare it '${type}?'`);
    }
    const optional = await readAll(csv(path, { columns: { n: `${type}?` } }));
    expect(optional.records).toHaveLength(3);
    expect(optional.records.filter(({ n }) => n === null)).toHaveLength(1);
  });

  it('too few fields, too many, an open quote and text behind a quote are malformed, with line and byte', async () => {
    const path = fileOf('a,b\n1\n1,2,3\n"x"y,2\n"m\nn",5\n"o,\nnever closed');
    const { records, malformed } = await readAll(csv(path));
    expect(records).toEqual([{ a: 'm\nn', b: '5' }]);
    expect(malformed.map(({ error, raw }) => [error.place.position?.replace(/.*csv /, ''), raw])).toEqual([
      ['line 2, byte 4', '1'],
      ['line 3, byte 6', '1,2,3'],
      ['line 4, byte 12', '"x"y,2'],
      ['line 7, byte 27', '"o,\nnever closed'],
    ]);
    expect(malformed[0]!.error.message).toContain('must have 2 fields, as the first one: this one has 1');
    expect(malformed[3]!.error.message).toContain('must be closed');
  });

  it('with multiline: false a quote left open spoils one line only', async () => {
    const { records, malformed } = await readAll(
      csv(fileOf('a,b\n"o,1\n2,3\n4,"5"\n'), { multiline: false, splitBytes: 3 }),
    );
    expect(records).toEqual([
      { a: '2', b: '3' },
      { a: '4', b: '5' },
    ]);
    expect(malformed.map(({ raw }) => raw)).toEqual(['"o,1']);
  });

  it('with quote: false quotes are ordinary characters', async () => {
    expect(await readText('a,b\n"x,y"\n', { quote: false })).toEqual([{ a: '"x', b: 'y"' }]);
  });

  it('takes names from the header, from a list, or makes them up', async () => {
    const path = fileOf('1,2\n3,4\n');
    const read = async (header: CsvOptions['header']) =>
      (await readAll(csv(path, { header: header!, splitBytes: 2 }))).records;
    expect(await read(true)).toEqual([{ '1': '3', '2': '4' }]);
    expect(await read(['x', 'y'])).toEqual([
      { x: '1', y: '2' },
      { x: '3', y: '4' },
    ]);
    expect(await read(false)).toEqual([
      { column0: '1', column1: '2' },
      { column0: '3', column1: '4' },
    ]);
    const zipped = fileOf(gzipSync('1,2\n3,4\n'), 'names.csv.gz');
    expect((await readAll(csv(zipped, { header: false }))).records).toEqual(await read(false));
  });

  it('each file has its own header, in an order of its own', async () => {
    const many = scratch();
    writeFileSync(join(many, 'a.csv'), 'x,y\n1,2\n');
    writeFileSync(join(many, 'b.csv'), 'y,x\n3,4\n');
    expect((await readAll(csv(many, { columns: { x: 'integer' } }))).records).toEqual([{ x: 1 }, { x: 4 }]);
  });

  it('hostile column names are only names', async () => {
    const hostile = [
      '__proto__',
      'constructor',
      '"]; process.exit(); //',
      "a'b",
      ['$', '{x}'].join(''),
      '\u2028',
      'toString',
    ];
    const content = `${hostile.map((name) => `"${name.replaceAll('"', '""')}"`).join(',')}\n${hostile.map((_, index) => index).join(',')}\n`;
    const [record] = (await readAll(csv(fileOf(content)))).records;
    expect(Object.keys(record!)).toEqual(hostile);
    expect(Object.entries(record!).map(([, value]) => value)).toEqual(hostile.map((_, index) => String(index)));
    expect(Object.getPrototypeOf(record)).toBe(Object.prototype);
  });

  it('a missing column, a name twice and a header that cannot be read are errors before anything is read', async () => {
    const missing = await failureOf(() =>
      csv(fileOf('a,b\n1,2\n'), { columns: { c: 'string' } }).splits({ workers: 1 }),
    );
    expect(missing.code).toBe('ERR_SOURCE');
    expect(missing.message).toContain("has no 'c'. It has 'a', 'b'");
    const twice = await failureOf(() => csv(fileOf('a,a\n1,2\n')).splits({ workers: 1 }));
    expect(twice.message).toContain("has 'a' twice");
    const broken = await failureOf(() => csv(fileOf('"a,b\n1,2\n')).splits({ workers: 1 }));
    expect(broken.code).toBe('ERR_SOURCE');
    const zipped = await failureOf(() =>
      readAll(csv(fileOf(gzipSync('a,b\n1,2\n'), 'm.csv.gz'), { columns: { c: 'string' } })),
    );
    expect(zipped.message).toContain("has no 'c'");
  });

  it('text that is no UTF-8 is malformed where a column needs it, and read as latin1 when told to', async () => {
    const path = fileOf(Buffer.from('a,b\ncaf\u00e9,1\nx,2\n', 'latin1'));
    const { records, malformed } = await readAll(csv(path));
    expect(records).toEqual([{ a: 'x', b: '2' }]);
    expect(malformed[0]!.error.message).toContain('UTF-8');
    expect((await readAll(csv(path, { encoding: 'latin1' }))).records[0]).toEqual({ a: 'café', b: '1' });
    expect((await readAll(csv(path, { columns: { b: 'integer' } }))).records).toEqual([{ b: 1 }, { b: 2 }]);
  });

  it('an endless quoted field is one malformed record, not all of memory', async () => {
    const path = fileOf(`a,b\n1,2\n"${'x\n'.repeat(2_000_000)}`);
    const { records, malformed } = await readAll(csv(path, { maxRecordBytes: 100_000 }));
    expect(records).toEqual([{ a: '1', b: '2' }]);
    expect(malformed).toHaveLength(1);
    expect(malformed[0]!.error.message).toContain('maxRecordBytes');
    expect((malformed[0]!.raw as string).length).toBeLessThan(2000);
  });

  it('reads the same without code generation from strings', async () => {
    const path = fileOf('a,b,__proto__,n\n1,,"x ""y""",\n2,"",é,5\n3,z,,x\n');
    const columns = { a: 'string', b: 'string?', ['__proto__']: 'string', n: 'integer?' } as const;
    let interpreted: unknown;
    vi.stubGlobal('Function', function refuse() {
      throw new EvalError('Code generation from strings disallowed for this context');
    });
    try {
      interpreted = await readAll(csv(path, { columns }));
    } finally {
      vi.unstubAllGlobals();
    }
    const compiled = await readAll(csv(path, { columns }));
    expect(compiled.records).toHaveLength(2);
    expect(interpreted).toEqual(compiled);
  });

  it('refuses options outside their rules, all at once', async () => {
    const error = await failureOf(() =>
      csv('x', { delimiter: ',,', quote: '\n', splitBytes: 1.5, columns: { a: 'text' as 'string' } }),
    );
    expect(error.code).toBe('ERR_OPTION_INVALID');
    const rest = await failureOf(() =>
      csv('x', { delimiter: ',,', quote: '\n', header: [], columns: { a: 'text' as 'string' } }),
    );
    for (const part of ['delimiter', 'quote', 'header', 'columns.a=text']) expect(rest.message).toContain(part);
  });
});
