import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ndjson, toNdjson } from '../../../connectors/ndjson/index.ts';
import { failureOf, readAll, scratch, writeAll } from '../files/drive.ts';

const folder = scratch();

function fileOf(content: string | Uint8Array, name = 'records.ndjson'): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

describe('ndjson', () => {
  it('reads each value once whatever the splits, plain and compressed', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.jsonValue(), { maxLength: 20 }),
        fc.constantFrom('\n', '\r\n', '\n\n', '\n \t\n'),
        fc.boolean(),
        fc.integer({ min: 1, max: 50 }),
        async (values, newline, last, splitBytes) => {
          const lines = values.map((value) => JSON.stringify(value));
          const content = lines.join(newline) + (last ? newline : '');
          const expected = lines.map((line) => JSON.parse(line));
          const plain = await readAll(ndjson(fileOf(content), { splitBytes }), { maxRecords: 3 });
          expect(plain.records).toEqual(expected);
          expect(plain.malformed).toEqual([]);
          expect((await readAll(ndjson(fileOf(gzipSync(content), 'r.ndjson.gz')))).records).toEqual(expected);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('a line that is no JSON is malformed with its place, its text and the cause, and the others are read', async () => {
    const { records, malformed } = await readAll(
      ndjson(fileOf('{"a":1}\n\n{"a":\nnull\n\0\n{"é":2} x\n[]'), { splitBytes: 4 }),
    );
    expect(records).toEqual([{ a: 1 }, null, []]);
    expect(malformed.map(({ raw }) => raw)).toEqual(['{"a":', '\0', '{"é":2} x']);
    expect(malformed.map(({ error }) => error.place.position?.replace(/.*ndjson /, ''))).toEqual([
      'line 3, byte 9',
      'line 5, byte 20',
      'line 6, byte 22',
    ]);
    expect(malformed[0]!.error.cause).toBeInstanceOf(SyntaxError);
    expect(malformed[0]!.error.code).toBe('ERR_MALFORMED_INPUT');
  });

  it('what the policy throws passes through the reader', async () => {
    const source = ndjson(fileOf('{"a":1}\nx\n'));
    const reader = await source.open((await source.splits({ workers: 1 }))[0]!, {
      wake: () => {},
      signal: new AbortController().signal,
      malformed: (error) => {
        throw error;
      },
      nowMs: () => 0,
    });
    expect((await failureOf(() => reader.read(10))).code).toBe('ERR_MALFORMED_INPUT');
    await reader.close!();
  });

  it('hundreds of thousands of malformed lines are located in one pass over the file', async () => {
    const path = fileOf('x\n'.repeat(200_000));
    const started = performance.now();
    const { malformed } = await readAll(ndjson(path));
    expect(malformed).toHaveLength(200_000);
    expect(malformed[199_999]!.error.place.position).toContain('line 200000, byte 399998');
    expect(performance.now() - started).toBeLessThan(20_000);
  });
});

describe('toNdjson', () => {
  it('writes values that ndjson reads back', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.jsonValue({ stringUnit: 'binary' })), async (values) => {
        const path = join(folder, 'out.ndjson');
        await writeAll(toNdjson(path), [values]);
        expect((await readAll(ndjson(path))).records).toEqual(values.map((value) => JSON.parse(JSON.stringify(value))));
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    ['bigint', { id: 1n }, "field 'id' holds a bigint", '"1"'],
    ['NaN', { a: [{ b: Number.NaN }] }, "field 'a[0].b' holds NaN", '"NaN"'],
    ['Infinity', { a: { b: Number.NEGATIVE_INFINITY } }, "field 'a.b' holds -Infinity", '"-Infinity"'],
    ['an invalid date', { a: null, d: new Date(Number.NaN) }, "field 'd' holds an invalid date", '"Invalid Date"'],
  ])('%s is an error that names the field, or text or null when told so', async (_, record, message, text) => {
    const path = join(scratch(), 'refused.ndjson');
    const error = await failureOf(() => writeAll(toNdjson(path), [[record]]));
    expect(error.code).toBe('ERR_SINK');
    expect(error.message).toContain(message);
    expect(existsSync(path)).toBe(false);
    await writeAll(toNdjson(path, { unrepresentable: 'string' }), [[record]]);
    expect(readFileSync(path, 'utf8')).toContain(text);
    await writeAll(toNdjson(path, { unrepresentable: 'null' }), [[record]]);
    expect(readFileSync(path, 'utf8')).toContain('null');
  });

  it('a Map, a Set, a cycle, undefined and a function are errors under every option', async () => {
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    for (const record of [{ m: new Map([[1, 2]]) }, { s: new Set([1]) }, cycle, undefined, () => 1]) {
      const error = await failureOf(() =>
        writeAll(toNdjson(join(folder, 'no.ndjson'), { unrepresentable: 'string' }), [[record]]),
      );
      expect(error.code).toBe('ERR_SINK');
    }
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('nulls and empty objects are ordinary values, dates are ISO text', async () => {
    const path = join(folder, 'plain.ndjson');
    await writeAll(toNdjson(path), [[{ a: null, b: {}, c: new Date(0), d: undefined, e: 'null {}' }]]);
    expect(readFileSync(path, 'utf8')).toBe('{"a":null,"b":{},"c":"1970-01-01T00:00:00.000Z","e":"null {}"}\n');
  });

  it('refuses options outside their rules', async () => {
    const error = await failureOf(() => toNdjson('x', { unrepresentable: 'drop' as 'fail' }));
    expect(error.code).toBe('ERR_OPTION_INVALID');
  });
});
