import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import zlib, { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { OutputFile, outputTarget, refuseForeignParts } from '../../../connectors/files/output-file.ts';
import { textLines, toText } from '../../../connectors/text/index.ts';
import { failureOf, readAll, scratch, writeAll } from './drive.ts';

describe('an output file', () => {
  it('appears with commit and not before, in folders made for it', async () => {
    const path = join(scratch(), 'a/b/out.txt');
    const file = new OutputFile(path);
    await file.writeText('x'.repeat(600_000));
    await file.prepare();
    expect(existsSync(path)).toBe(false);
    file.commit();
    expect(readFileSync(path, 'utf8')).toBe('x'.repeat(600_000));
    expect(file.bytesWritten()).toBe(600_000);
    expect(readdirSync(join(path, '..'))).toEqual(['out.txt']);
  });

  it('that is aborted leaves what was there before and nothing else', async () => {
    const folder = scratch();
    const path = join(folder, 'out.txt');
    writeFileSync(path, 'old');
    for (const prepared of [false, true]) {
      const file = new OutputFile(path);
      await file.writeText('new');
      if (prepared) await file.prepare();
      file.abort();
    }
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(readdirSync(folder)).toEqual(['out.txt']);
  });

  it('that is never finished leaves only a hidden temporary file', async () => {
    const folder = scratch();
    const file = new OutputFile(join(folder, 'out.txt'));
    await file.writeText('half');
    expect(readdirSync(folder)).toEqual([expect.stringMatching(/^\.out\.txt\.\d+-[0-9a-f]{12}\.tmp$/)]);
    file.abort();
  });

  it('compresses by its ending, with everything in it', async () => {
    const path = join(scratch(), 'out.txt.gz');
    const file = new OutputFile(path);
    let expected = '';
    for (let index = 0; index < 50; index++) {
      const text = Array.from({ length: 3000 }, (_, line) => `${index}-${(line * 7919) % 10_007}\n`).join('');
      expected += text;
      await file.writeText(text);
    }
    await file.prepare();
    file.commit();
    expect(gunzipSync(readFileSync(path)).toString()).toBe(expected);
    expect(file.bytesWritten()).toBe(readFileSync(path).length);
  });

  it.runIf(process.platform === 'linux')('says so when the disk is full, at the write', async () => {
    const folder = scratch();
    const file = new OutputFile(join(folder, 'out.txt'), '/dev/full');
    const error = await failureOf(() => file.writeText('x'.repeat(300_000)));
    expect(error.code).toBe('ERR_SINK');
    expect(error.message).toContain(join(folder, 'out.txt'));
    expect(error.message).toContain('ENOSPC');
    expect(error.message).toContain('disk is full');
    file.abort();
    expect(existsSync('/dev/full')).toBe(true);
    expect(readdirSync(folder)).toEqual([]);
  });

  it.runIf(process.platform === 'linux')(
    'says so when the disk is full, at the end, and when it compresses',
    async () => {
      const plain = new OutputFile(join(scratch(), 'out.txt'), '/dev/full');
      await plain.writeText('short');
      expect((await failureOf(() => plain.prepare())).message).toContain('ENOSPC');
      plain.abort();
      const zipped = new OutputFile(join(scratch(), 'out.txt.gz'), '/dev/full');
      const error = await failureOf(async () => {
        for (let index = 0; index < 200; index++)
          await zipped.writeText(Array.from({ length: 20_000 }, () => Math.random()).join());
        await zipped.prepare();
      });
      expect(error.code).toBe('ERR_SINK');
      expect(error.message).toContain('ENOSPC');
      zipped.abort();
    },
  );

  it('refuses a folder and a path below a file, with what to do', async () => {
    const folder = scratch();
    mkdirSync(join(folder, 'taken'));
    writeFileSync(join(folder, 'file'), '');
    expect((await failureOf(() => new OutputFile(join(folder, 'taken')))).message).toContain(
      'end an output path in `/`',
    );
    expect((await failureOf(() => new OutputFile(join(folder, 'file/out.txt')))).code).toBe('ERR_SINK');
  });

  it('refuses text that UTF-8 cannot hold', async () => {
    const file = new OutputFile(join(scratch(), 'out.txt'));
    await file.writeText('half of a pair: \ud800');
    expect((await failureOf(() => file.prepare())).message).toContain('well-formed');
    file.abort();
  });

  it('refuses a folder that holds part files of a run with other writers, and takes one with its own', async () => {
    const signal = new AbortController().signal;
    const folder = scratch();
    const target = outputTarget('toText', `${folder}/`);
    for (const name of ['part-0.txt', 'part-1.txt', 'notes.txt']) writeFileSync(join(folder, name), '');
    refuseForeignParts(target, { index: 0, count: 2, signal }, '.txt');
    const error = await failureOf(() => refuseForeignParts(target, { index: 0, count: 1, signal }, '.txt'));
    expect(error.code).toBe('ERR_SINK');
    expect(error.message).toContain('part-1.txt of an earlier run');
    refuseForeignParts(outputTarget('toText', `${folder}/new/`), { index: 0, count: 1, signal }, '.txt');
  });

  it.runIf('createZstdCompress' in zlib)('compresses with zstd where Node has it', async () => {
    const path = join(scratch(), 'out.txt.zst');
    await writeAll(toText(path), [['a', 'é']]);
    expect((await readAll(textLines(path))).records).toEqual(['a', 'é']);
  });

  it.skipIf('createZstdCompress' in zlib)(
    'says which Node has zstd where this one has not, and leaves nothing behind',
    async () => {
      const folder = scratch();
      const error = await failureOf(() => new OutputFile(join(folder, 'out.txt.zst')));
      expect(error.code).toBe('ERR_SINK');
      expect(error.message).toContain('22.15');
      expect(readdirSync(folder)).toEqual([]);
      // The frame of an empty input.
      writeFileSync(join(folder, 'in.zst'), Buffer.from('28b52ffd2000010000', 'hex'));
      const unread = await failureOf(() => readAll(textLines(join(folder, 'in.zst'))));
      expect(unread.code).toBe('ERR_SOURCE');
      expect(unread.message).toContain('22.15');
    },
  );

  it('is a part file in a folder when the path ends in a slash, numbered so that the names sort', () => {
    const signal = new AbortController().signal;
    const folder = outputTarget('toText', '/data/out/');
    expect(folder.pathFor({ index: 3, count: 12, signal }, '.txt')).toBe('/data/out/part-03.txt');
    expect(folder.pathFor({ index: 3, count: 4, signal }, '.txt')).toBe('/data/out/part-3.txt');
    expect(outputTarget('toText', '/data/out.txt').pathFor({ index: 0, count: 1, signal }, '.txt')).toBe(
      '/data/out.txt',
    );
  });
});
