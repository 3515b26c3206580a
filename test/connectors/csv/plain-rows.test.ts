import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CsvColumns } from '../../../connectors/csv/columns.ts';
import { CsvReader } from '../../../connectors/csv/csv-reader.ts';
import type { FileSplit } from '../../../connectors/files/file-split.ts';
import { drain, type Malformed, readerContext, scratch } from '../files/drive.ts';

const folder = scratch();

interface Reading {
  readonly fields: readonly string[];
  readonly columns?: CsvColumns;
  readonly shortCuts: boolean;
  readonly multiline?: boolean;
  readonly quote?: number;
  readonly encoding?: 'utf8' | 'latin1';
  readonly windowBytes?: number;
  readonly maxRecordBytes?: number;
  readonly batch?: number;
}

/** Everything that reading a whole file comes to: records, their places, what was malformed and why. */
async function read(content: Uint8Array | string, reading: Reading) {
  const path = join(folder, 'records.csv');
  const bytes = Buffer.from(content);
  writeFileSync(path, bytes);
  const split: FileSplit = { id: 'all', path, shown: 'records.csv', compression: 'none', start: 0, end: bytes.length };
  const malformed: Malformed[] = [];
  const places: string[] = [];
  const reader = new CsvReader<object>(split, readerContext(malformed), {
    dialect: { delimiter: 44, quote: reading.quote ?? 34, multiline: reading.multiline ?? true },
    columns: reading.columns,
    fields: reading.fields,
    encoding: reading.encoding ?? 'utf8',
    maxRecordBytes: reading.maxRecordBytes ?? 1e6,
    shortCuts: reading.shortCuts,
    ...(reading.windowBytes === undefined ? {} : { windowBytes: reading.windowBytes }),
  });
  const records = await drain(reader, reading.batch ?? 512, places);
  return { records, places, malformed: malformed.map(({ error, raw }) => [error.message, raw]) };
}

const type = fc.constantFrom(
  'string',
  'string?',
  'number',
  'number?',
  'integer',
  'integer?',
  'bigint',
  'bigint?',
  'boolean',
  'boolean?',
  'date',
  'date?',
  undefined,
);
/** Cells as they stand in the file, most of them good for one type or the other. */
const cell = fc.constantFrom(
  '',
  '',
  '1',
  '0',
  '-0',
  '-17',
  '+5',
  '12.5',
  '.5',
  '5.',
  '-.25',
  '.',
  '-',
  '1.2.3',
  '007',
  '123456789012345',
  '1234567890123456',
  '12345678901234567',
  '9007199254740993.5',
  '0.12345678901234567',
  '0.1234567890123456',
  '1e3',
  'NaN',
  'true',
  'f',
  '2026-01-02',
  '2026-01-02T03:04:05Z',
  'walnut',
  'é',
  '漢字',
  '🎉',
  ' 7 ',
  'it"s',
  '"quoted"',
  '"a, b"',
  '"a ""b"""',
  '"1"',
  '""',
  '"2026-01-02"',
  '"two\nlines"',
  '"é"',
  '"open',
  '"text"behind',
  'a\rb',
  'a value that is longer than what is kept of it',
);
const lineEnd = fc.constantFrom('\n', '\n', '\n', '\n', '\r\n', '\n\n', '\r\n\r\n', ',extra\n', '\r');

describe('plain CSV records', () => {
  it('are read alike by the compiled loop and the long way, whatever the columns, the cells and the window', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(type, { minLength: 1, maxLength: 4 }).chain((types) =>
          fc.record({
            types: fc.constant(types),
            rows: fc.array(fc.tuple(fc.array(cell, { minLength: types.length, maxLength: types.length }), lineEnd), {
              maxLength: 8,
            }),
          }),
        ),
        fc.constantFrom(8, 32, 64, 4096),
        fc.constantFrom(10, 1e6),
        fc.boolean(),
        fc.constantFrom(34, 34, -1),
        fc.constantFrom('utf8' as const, 'utf8' as const, 'latin1' as const),
        async ({ types, rows }, windowBytes, maxRecordBytes, multiline, quote, encoding) => {
          const fields = types.map((_, index) => `c${index}`);
          const columns: Record<string, NonNullable<(typeof types)[number]>> = {};
          types.forEach((declared, index) => {
            if (declared !== undefined) columns[`c${index}`] = declared;
          });
          const content = rows.map(([cells, end]) => cells.join(',') + end).join('');
          const reading = {
            fields,
            ...(Object.keys(columns).length === 0 ? {} : { columns }),
            windowBytes,
            maxRecordBytes,
            multiline,
            quote,
            encoding,
            batch: 3,
          };
          expect(await read(content, { ...reading, shortCuts: true })).toEqual(
            await read(content, { ...reading, shortCuts: false }),
          );
        },
      ),
      { numRuns: 1500 },
    );
  });

  it('of bytes that are no UTF-8 are refused as the long way refuses them', async () => {
    const content = Buffer.concat([Buffer.from('1,ok\n2,'), Buffer.from([0xff, 0xfe]), Buffer.from('\n3,\ufffd\n')]);
    const reading = { fields: ['n', 's'], columns: { n: 'integer', s: 'string' } } as const;
    const short = await read(content, { ...reading, shortCuts: true });
    expect(short).toEqual(await read(content, { ...reading, shortCuts: false }));
    expect(short.records).toEqual([
      { n: 1, s: 'ok' },
      { n: 3, s: '\ufffd' },
    ]);
    expect(short.malformed).toHaveLength(1);
  });

  it('keep -0 apart from 0', async () => {
    const { records } = await read('-0,-0.0\n', {
      fields: ['i', 'n'],
      columns: { i: 'integer', n: 'number' },
      shortCuts: true,
    });
    expect(records).toEqual([{ i: -0, n: -0 }]);
  });

  it.each([
    ['strings that never repeat', (i: number) => `key-${i * 7919}-of-many,${i}\n`],
    ['strings that repeat', (i: number) => `key-${i % 50}-of-few,${i}\n`],
    ['more strings than are kept', (i: number) => `key-${i % 9000},${i}\n`],
    ['records that are never plain', (i: number) => `"key ""${i % 50}""",${i}\n`],
    ['strings that stop repeating', (i: number) => `key-${i < 12_000 ? i % 9 : i},${i}\n`],
  ])('are read alike past every review: %s', async (_, line) => {
    const content = Array.from({ length: 30_000 }, (_, i) => line(i)).join('');
    const reading = { fields: ['key', 'n'], columns: { key: 'string', n: 'integer' } } as const;
    const short = await read(content, { ...reading, shortCuts: true });
    expect(short.records).toHaveLength(30_000);
    expect(short).toEqual(await read(content, { ...reading, shortCuts: false }));
  });
});
