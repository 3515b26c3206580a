import { readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { textLines, toText } from '../../../connectors/text/index.ts';
import { failureOf, openWriter, readAll, readerContext, scratch, writeAll } from '../files/drive.ts';

const folder = scratch();

function fileOf(content: string | Uint8Array, name = 'lines.txt'): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** The rule, said differently: split at LF, strip a CR before it, no line behind the last LF. */
function linesOf(content: string): string[] {
  const lines = content.split('\n');
  const last = lines.pop()!;
  return [...lines.map((line) => line.replace(/\r$/, '')), ...(last === '' ? [] : [last])];
}

describe('textLines', () => {
  it.each([
    ['', []],
    ['\n', ['']],
    ['a', ['a']],
    ['a\n', ['a']],
    ['a\nb', ['a', 'b']],
    ['a\r\nb\r\n', ['a', 'b']],
    ['a\n\n\nb\n', ['a', '', '', 'b']],
    ['\ufeffa\nb', ['a', 'b']],
    ['a\rb\n', ['a\rb']],
    ['a\0b\n\0', ['a\0b', '\0']],
    ['é漢🎉\nx', ['é漢🎉', 'x']],
  ])('reads %j as %j', async (content, expected) => {
    expect((await readAll(textLines(fileOf(content)))).records).toEqual(expected);
    expect((await readAll(textLines(fileOf(gzipSync(content), 'lines.gz')))).records).toEqual(expected);
  });

  it('reads each line once whatever the splits', async () => {
    const content = fc.array(fc.constantFrom('a', 'é', '漢', '🎉', '\n', '\r', '\n\n', ' ', 'long line '), {
      maxLength: 60,
    });
    await fc.assert(
      fc.asyncProperty(
        content,
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 5 }),
        async (pieces, splitBytes, maxRecords) => {
          const text = pieces.join('');
          const { records, malformed, splits } = await readAll(textLines(fileOf(text), { splitBytes }), { maxRecords });
          expect(records).toEqual(linesOf(text));
          expect(malformed).toEqual([]);
          expect(splits.reduce((sum, split) => sum + split.size!, 0)).toBe(Buffer.byteLength(text));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('reads lines that cross the edges of its window, cut characters included', async () => {
    const lines = Array.from({ length: 40_000 }, (_, index) => `${index} ${'é漢🎉'.repeat(index % 23)}`);
    lines[20_000] = 'y'.repeat(3_000_000);
    const { records, splits } = await readAll(textLines(fileOf(lines.join('\n')), { splitBytes: 500_000 }), {
      maxRecords: 1000,
    });
    expect(splits.length).toBeGreaterThan(3);
    expect(records).toEqual(lines);
    expect((await readAll(textLines(fileOf(gzipSync(lines.join('\n')), 'wide.gz')))).records).toEqual(lines);
  });

  it('says for each record where it stands, in plain and in compressed files', async () => {
    const text = '\ufeffzero\n\nünf\nx\n';
    const expected = ['line 1, byte 3', 'line 2, byte 8', 'line 3, byte 9', 'line 4, byte 14'];
    const plain = await readAll(textLines(fileOf(text), { splitBytes: 3 }));
    expect(plain.places.map((place) => place.replace(/^\S+ /, ''))).toEqual(expected);
    expect(plain.places[0]).toContain('lines.txt line 1');
    const zipped = await readAll(textLines(fileOf(gzipSync(text), 'p.gz')), { maxRecords: 1 });
    expect(zipped.places.map((place) => place.replace(/^\S+ /, ''))).toEqual(expected);
  });

  it('says where a record stands far behind the first window of a compressed file', async () => {
    const lines = Array.from({ length: 100_000 }, (_, index) => `line ${index}`);
    const { places } = await readAll(textLines(fileOf(gzipSync(lines.join('\n')), 'far.gz')), { maxRecords: 1000 });
    expect(places[99_999]).toContain(`line 100000, byte ${lines.slice(0, -1).join('\n').length + 1}`);
  });

  it('a line that is no UTF-8 is malformed, with its bytes, and the others are read', async () => {
    const path = fileOf(Buffer.from([0x61, 0x0a, 0xff, 0xfe, 0x0a, 0xef, 0xbf, 0xbd, 0x0a, 0xc3, 0x0a, 0x62]));
    const { records, malformed } = await readAll(textLines(path));
    expect(records).toEqual(['a', '\ufffd', 'b']);
    expect(malformed.map(({ error }) => error.place.position)).toEqual([
      expect.stringContaining('line 2, byte 2'),
      expect.stringContaining('line 4, byte 9'),
    ]);
    expect(malformed[0]!.error.code).toBe('ERR_MALFORMED_INPUT');
    expect(malformed[0]!.raw).toEqual(new Uint8Array([0xff, 0xfe]));
  });

  it('reads any bytes as latin1 when told to', async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => byte !== 10));
    const { records, malformed } = await readAll(textLines(fileOf(bytes), { encoding: 'latin1' }));
    expect(records).toEqual([bytes.toString('latin1')]);
    expect(malformed).toEqual([]);
  });

  it('a line longer than the bound is malformed, wherever it stands and however long it is', async () => {
    for (const long of [11, 600_000]) {
      for (const content of [`a\n${'x'.repeat(long)}\nb\n`, `${'x'.repeat(long)}\na\nb`, `a\nb\n${'x'.repeat(long)}`]) {
        for (const path of [fileOf(content), fileOf(gzipSync(content), 'long.gz')]) {
          const { records, malformed } = await readAll(textLines(path, { maxRecordBytes: 10 }));
          expect(records).toEqual(['a', 'b']);
          expect(malformed).toHaveLength(1);
          expect(malformed[0]!.error.message).toContain('maxRecordBytes');
          expect(malformed[0]!.error.place.position).toContain(
            `line ${content.slice(0, content.indexOf('x')).split('\n').length},`,
          );
        }
      }
    }
    expect((await readAll(textLines(fileOf('1234567890\n'), { maxRecordBytes: 10 }))).malformed).toEqual([]);
  });

  it('a plain file is read without a promise, a compressed one with', async () => {
    const plain = textLines(fileOf('a\nb\n'));
    const reader = await plain.open((await plain.splits({ workers: 1 }))[0]!, readerContext());
    expect(reader.read(10)).toEqual(['a', 'b']);
    expect(reader.progress!()).toBe(4);
    expect(reader.read(10)).toBe('done');
    expect(reader.read(10)).toBe('done');
  });

  it('the files of a source are read one after the other, and empty ones are nothing', async () => {
    const many = scratch();
    for (const [name, content] of Object.entries({ 'a.txt': '1\n2', 'b.txt': '', 'c.txt': '3' }))
      writeFileSync(join(many, name), content);
    expect((await readAll(textLines(many))).records).toEqual(['1', '2', '3']);
  });

  it('cuts files into a few splits a worker, none of them tiny', async () => {
    const path = fileOf('0123456789abcde\n'.repeat(1024 * 1024));
    const splitsFor = async (workers: number): Promise<number[]> =>
      (await textLines(path).splits({ workers })).map((split) => split.size!);
    expect(await splitsFor(1)).toEqual(Array(4).fill(4 * 1024 * 1024));
    expect(await splitsFor(1000)).toEqual(Array(16).fill(1024 * 1024));
  });

  it('a file that becomes shorter while it is read is an error, not an end', async () => {
    const path = fileOf('x'.repeat(99).concat('\n').repeat(20_000), 'shrinks.txt');
    const source = textLines(path);
    const split = (await source.splits({ workers: 1 }))[0]!;
    const reader = await source.open(split, readerContext());
    await reader.read(10);
    truncateSync(path, 300_000);
    const error = await failureOf(async () => {
      while ((await reader.read(1000)) !== 'done');
    });
    expect(error.code).toBe('ERR_SOURCE');
    expect(error.message).toContain('became shorter');
    expect((await failureOf(() => source.open(split, readerContext()))).message).toContain('became shorter');
    await reader.close!();
  });

  it('damaged and wrongly named compressed files are errors that name the file', async () => {
    const whole = gzipSync(Buffer.from(Array.from({ length: 100_000 }, () => Math.floor(Math.random() * 256))));
    const cut = fileOf(whole.subarray(0, 50_000), 'cut.gz');
    const error = await failureOf(() => readAll(textLines(cut, { encoding: 'latin1' })));
    expect(error.code).toBe('ERR_SOURCE');
    expect(error.message).toContain('cut.gz');
    expect((await failureOf(() => readAll(textLines(fileOf('plain text', 'not.gz'))))).message).toContain('holds none');
    expect((await readAll(textLines(fileOf('', 'empty.gz')))).records).toEqual([]);
    expect((await readAll(textLines(fileOf(gzipSync('hidden\ncompression'), 'noending')))).records).toEqual([
      'hidden',
      'compression',
    ]);
  });

  it('a UTF-16 file is refused with what to do', async () => {
    const error = await failureOf(() => readAll(textLines(fileOf(Buffer.from('\ufeffabc', 'utf16le')))));
    expect(error.message).toContain('UTF-16');
  });

  it.runIf(process.platform === 'linux')(
    'readers that are closed in the middle, or aborted, keep no file open',
    async () => {
      const open = (): number => readdirSync('/proc/self/fd').length;
      const text = 'some line\n'.repeat(200_000);
      const before = open();
      for (const path of [fileOf(text), fileOf(gzipSync(text), 'fds.gz')]) {
        const source = textLines(path);
        const [split] = await source.splits({ workers: 1 });
        for (let round = 0; round < 50; round++) {
          const abort = new AbortController();
          const reader = await source.open(split!, { ...readerContext(), signal: abort.signal });
          await reader.read(10);
          if (round % 2 === 0) abort.abort();
          await reader.close!();
        }
      }
      await expect.poll(open, { timeout: 5000 }).toBeLessThanOrEqual(before + 2);
    },
  );

  it('an abort ends a read that waits for a compressed file', async () => {
    const source = textLines(fileOf(gzipSync(Buffer.alloc(100_000_000)), 'zeros.gz'), { maxRecordBytes: 1000 });
    const abort = new AbortController();
    const reader = await source.open((await source.splits({ workers: 1 }))[0]!, {
      ...readerContext(),
      signal: abort.signal,
    });
    const reading = Promise.resolve(reader.read(10));
    abort.abort();
    await Promise.allSettled([reading]);
    await reader.close!();
  });

  it('refuses options outside their rules, all at once', async () => {
    const unknown = await failureOf(() => textLines('x', { splitByte: 1 } as object));
    expect(unknown.code).toBe('ERR_OPTION_UNKNOWN');
    expect(unknown.message).toContain("'splitByte': it has encoding, maxRecordBytes, splitBytes");
    const error = await failureOf(() => textLines('x', { splitBytes: 0, maxRecordBytes: -1 }));
    expect(error.code).toBe('ERR_OPTION_INVALID');
    expect(error.message).toContain('splitBytes=0');
    expect(error.message).toContain('maxRecordBytes=-1');
  });
});

describe('toText', () => {
  it('writes lines that textLines reads back', async () => {
    const line = fc.string({ unit: 'binary' }).filter((text) => !/[\n\r]/.test(text) && !text.startsWith('\ufeff'));
    await fc.assert(
      fc.asyncProperty(fc.array(line), fc.constantFrom('out.txt', 'out.txt.gz'), async (lines, name) => {
        const path = join(folder, name);
        await writeAll(toText(path), [lines.slice(0, 2), lines.slice(2)]);
        expect((await readAll(textLines(path))).records).toEqual(lines);
      }),
      { numRuns: 60 },
    );
  });

  it('one file is written by one writer, a folder by each worker', async () => {
    expect(toText('out.txt').writers).toBe(1);
    const path = `${join(scratch(), 'parts')}/`;
    const sink = toText(path);
    expect(sink.writers).toBeUndefined();
    const writers = [await openWriter(sink, 0, 2), await openWriter(sink, 1, 2)];
    for (const [index, writer] of writers.entries()) {
      await writer.write([`from ${index}`]);
      await writer.prepare!();
      await writer.commit!();
    }
    expect((await readAll(textLines(path))).records).toEqual(['from 0', 'from 1']);
  });

  it('refuses what is no string', async () => {
    const error = await failureOf(() => writeAll(toText(join(folder, 'no.txt')), [[1 as unknown as string]]));
    expect(error.code).toBe('ERR_SINK');
    expect(error.message).toContain('a number');
  });
});
