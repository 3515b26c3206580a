import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FileSplit } from '../../../connectors/files/file-split.ts';
import { templateOf } from '../../../connectors/ndjson/line-template.ts';
import { NdjsonReader } from '../../../connectors/ndjson/ndjson-reader.ts';
import { drain, type Malformed, readerContext, scratch } from '../files/drive.ts';

const folder = scratch();

interface Reading {
  readonly shortCuts: boolean;
  readonly encoding?: 'utf8' | 'latin1';
  readonly windowBytes?: number;
  readonly maxRecordBytes?: number;
  readonly batch?: number;
}

/** Everything that reading a whole file comes to: values, their places, what was malformed and why. */
async function read(content: Uint8Array | string, reading: Reading) {
  const path = join(folder, 'lines.ndjson');
  const bytes = Buffer.from(content);
  writeFileSync(path, bytes);
  const split: FileSplit = { id: 'all', path, shown: 'lines.ndjson', compression: 'none', start: 0, end: bytes.length };
  const malformed: Malformed[] = [];
  const places: string[] = [];
  const reader = new NdjsonReader<unknown>(split, readerContext(malformed), {
    encoding: reading.encoding ?? 'utf8',
    maxRecordBytes: reading.maxRecordBytes ?? 1e6,
    shortCuts: reading.shortCuts,
    ...(reading.windowBytes === undefined ? {} : { windowBytes: reading.windowBytes }),
  });
  const records = await drain(reader, reading.batch ?? 512, places);
  // Order of members included.
  const order = records.map((record) => JSON.stringify(record));
  return { records, order, places, malformed: malformed.map(({ error, raw }) => [error.message, raw]) };
}

/** Values as they stand in the file; some are no JSON. */
const value = fc.constantFrom(
  '1',
  '0',
  '-0',
  '-17',
  '00',
  '01',
  '-',
  '1.',
  '.5',
  '12.50',
  '-0.25',
  '0.1',
  '1e3',
  '123456789012345',
  '12345678901234567',
  '0.30000000000000004',
  '9007199254740993',
  '90071992547409.93',
  'true',
  'false',
  'null',
  'nul',
  'truefalse',
  '""',
  '"ada"',
  '"a b!"',
  '"é"',
  '"漢字"',
  '"a\\"b"',
  '"\\u00e9"',
  '"tab\tin it"',
  '"open',
  '"a string that is longer than what is kept of it"',
  '[]',
  '{}',
  '{"x":1}',
  '',
);
const shape = fc.constantFrom(
  ['{"a":', ',"b":', '}'],
  ['{"a":', ',"b":', '}'],
  ['{ "a" : ', ' ,\t"b": ', ' } '],
  ['{"user":{"id":', ',"é":', '}}'],
  ['{"__proto__":', ',"1":', '}'],
  ['{"a":', ',"a":', '}'],
  ['{"a":1,"list":[', '],"b":', '}'],
  ['{"k\\n":', ',"":', '}'],
);
const lineEnd = fc.constantFrom('\n', '\n', '\n', '\n', '\r\n', '\n\n', ' \n', '\r', '}\n');

describe('plain NDJSON lines', () => {
  it('are read alike by the compiled loop and JSON.parse, whatever the values, the window and the shapes', async () => {
    const line = fc.tuple(shape, value, value, lineEnd);
    await fc.assert(
      fc.asyncProperty(
        // Most lines of a file are made alike.
        fc.tuple(
          shape,
          fc.array(fc.tuple(fc.oneof({ weight: 5, arbitrary: fc.constant(undefined) }, shape), line), {
            maxLength: 12,
          }),
        ),
        fc.constantFrom(8, 64, 4096),
        fc.constantFrom(20, 1e6),
        fc.constantFrom('utf8' as const, 'utf8' as const, 'latin1' as const),
        async ([usual, lines], windowBytes, maxRecordBytes, encoding) => {
          const content = lines
            .map(([unusual, [, first, second, end]]) => {
              const [open, middle, close] = unusual ?? usual;
              return `${open}${first}${middle}${second}${close}${end}`;
            })
            .join('');
          const reading = { windowBytes, maxRecordBytes, encoding, batch: 3 };
          expect(await read(content, { ...reading, shortCuts: true })).toEqual(
            await read(content, { ...reading, shortCuts: false }),
          );
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('of bytes that are no UTF-8 are refused', async () => {
    const content = Buffer.concat([
      Buffer.from('{"s":"ok"}\n{"s":"'),
      Buffer.from([0xff, 0xfe]),
      Buffer.from('"}\n{"s":"\ufffd"}\n'),
    ]);
    const short = await read(content, { shortCuts: true });
    expect(short).toEqual(await read(content, { shortCuts: false }));
    expect(short.records).toEqual([{ s: 'ok' }, { s: '\ufffd' }]);
    expect(short.malformed).toHaveLength(1);
  });

  it.each([
    ['strings that never repeat', (i: number) => `{"key":"key-${i * 7919}-of-many","n":${i}}\n`],
    ['strings that repeat', (i: number) => `{"key":"key-${i % 50}","n":${i / 4}}\n`],
    ['lines that change their members half-way', (i: number) => (i < 15_000 ? `{"n":${i}}\n` : `{"m":${i},"s":"x"}\n`)],
    ['lines that have no template', (i: number) => `{"list":[${i}]}\n`],
    ['lines of which each second has a member more', (i: number) => (i % 2 ? `{"n":${i}}\n` : `{"n":${i},"m":1}\n`)],
  ])('are read alike past every review: %s', async (_, line) => {
    const content = Array.from({ length: 30_000 }, (_, i) => line(i)).join('');
    const short = await read(content, { shortCuts: true });
    expect(short.records).toHaveLength(30_000);
    expect(short).toEqual(await read(content, { shortCuts: false }));
  });
});

describe('the template of a line', () => {
  it('is the text between its values', () => {
    expect(templateOf('{"id":17,"user":{"name":"a\\"}","ok":true}}')).toEqual({
      literals: ['{"id":', ',"user":{"name":', ',"ok":', '}}'],
      kinds: ['number', 'string', 'word'],
      object: '{ ["id"]: v0, ["user"]: { ["name"]: v1, ["ok"]: v2 } }',
    });
    expect(templateOf('{}')).toEqual({ literals: ['{}'], kinds: [], object: '{  }' });
  });

  it('is not there for arrays, for values that are no object, and for too many values or levels', () => {
    const wide = JSON.stringify(Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`k${i}`, i])));
    const deep = `${'{"a":'.repeat(20)}1${'}'.repeat(20)}`;
    for (const line of ['[1]', '17', '"text"', 'null', '{"a":[1]}', wide, deep])
      expect(templateOf(line)).toBeUndefined();
  });
});
