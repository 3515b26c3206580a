import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { fromReadable, fromWebStream } from '../../../connectors/streams/index.ts';
import type { Source } from '../../../engine/connector/source.ts';
import { drive, openOnly, readAll, readReady } from './reading.ts';

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

describe('fromReadable', () => {
  it('gives the objects of an object stream once and in order', async () => {
    expect(
      await readAll(
        fromReadable<number>(() => Readable.from(upTo(3000))),
        100,
      ),
    ).toEqual(upTo(3000));
    expect(await readAll(fromReadable<number>(Readable.from(upTo(3000))), 1)).toEqual(upTo(3000));
    expect(await readAll(fromReadable(async () => Readable.from([])))).toEqual([]);
  });

  it('gives the bytes of a file as Buffers, and strings after setEncoding', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-'));
    try {
      const path = join(folder, 'bytes');
      const bytes = Buffer.from(upTo(300_000).map((i) => i % 251));
      writeFileSync(path, bytes);
      const chunks = await readAll(fromReadable<Buffer>(() => createReadStream(path)));
      expect(chunks.length).toBeGreaterThan(1);
      expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
      writeFileSync(path, 'zwölf');
      expect(await readAll(fromReadable<string>(() => createReadStream(path, 'utf8')))).toEqual(['zwölf']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('does not ask the stream for more than a bound while nobody reads', async () => {
    let made = 0;
    const endless = new Readable({
      objectMode: true,
      read() {
        this.push(made++);
      },
    });
    const driven = drive();
    const reader = await openOnly(fromReadable(endless, { bounded: false }), driven);
    await readReady(reader, driven, 1);
    await delay(30);
    expect(made).toBeLessThan(1100);
    await reader.close?.();
    expect(endless.destroyed).toBe(true);
  });

  it.each([
    ['text', ''],
    ['bytes', Buffer.alloc(0)],
  ])('does not read ahead without end through empty chunks of %s', async (_, empty) => {
    const most = 100_000;
    let pulled = 0;
    const readable = new Readable({
      objectMode: true,
      read() {
        this.push(pulled++ < most ? empty : null);
      },
    });
    const driven = drive();
    const reader = await openOnly(
      fromReadable(() => readable),
      driven,
    );
    await readReady(reader, driven, 1);
    await delay(300);
    expect(pulled).toBeLessThan(20_000);
    await reader.close?.();
  });

  it('destroys the stream when it is closed while waiting, and when the job is aborted', async () => {
    for (const end of ['close', 'abort'] as const) {
      const silent = new PassThrough({ objectMode: true });
      const driven = drive();
      const reader = await openOnly(
        fromReadable(() => silent),
        driven,
      );
      expect(reader.read(1)).toBe('idle');
      if (end === 'close') await reader.close?.();
      else driven.controller.abort();
      await delay(0);
      expect(silent.destroyed).toBe(true);
      expect(reader.read(1)).toBe('done');
    }
  });

  it('fails with what the stream emitted, after what came before', async () => {
    const stream = new PassThrough({ objectMode: true });
    const driven = drive();
    const reader = await openOnly(fromReadable(stream, { name: 'socket' }), driven);
    stream.write(1);
    stream.write(2);
    expect(await readReady(reader, driven, 1)).toEqual([1]);
    expect(await readReady(reader, driven, 1)).toEqual([2]);
    stream.destroy(new Error('connection reset'));
    await expect(readReady(reader, driven)).rejects.toMatchObject({
      code: 'ERR_SOURCE',
      message: 'socket failed after 2 records: connection reset',
    });
  });

  it('takes a close before the end for a failure, not for the end', async () => {
    const stream = new PassThrough({ objectMode: true });
    const driven = drive();
    const reader = await openOnly(fromReadable(stream), driven);
    stream.write(1);
    expect(await readReady(reader, driven)).toEqual([1]);
    stream.destroy();
    await expect(readReady(reader, driven)).rejects.toThrow(/readable failed after 1 records: Premature close/);
  });

  it('survives a stream that fails before it is opened, and reports it on reading', async () => {
    const source = fromReadable(createReadStream('/no/such/file'));
    await delay(20);
    await expect(readAll(source)).rejects.toThrow(/readable failed after 0 records: ENOENT/);
    await expect(readAll(fromReadable(() => createReadStream('/no/such/file')))).rejects.toThrow(/ENOENT/);
  });

  it('refuses a stream that was read before', async () => {
    const source = fromReadable(Readable.from([1]));
    await readAll(source);
    await expect(readAll(source)).rejects.toThrow(/readable was read before, and has nothing left; give a function/);
    expect(() => fromReadable([] as never)).toThrow(/needs a Node Readable/);
  });

  it('has records of unknown type unless told', () => {
    expectTypeOf(fromReadable(Readable.from([1]))).toEqualTypeOf<Source<unknown>>();
    expectTypeOf(fromReadable<Buffer>(Readable.from([1]))).toEqualTypeOf<Source<Buffer>>();
  });
});

describe('fromWebStream', () => {
  const streamOf = (count: number): ReadableStream<number> =>
    ReadableStream.from(upTo(count)) as ReadableStream<number>;

  it('gives the chunks once and in order', async () => {
    expect(
      await readAll(
        fromWebStream(() => streamOf(2500)),
        64,
      ),
    ).toEqual(upTo(2500));
    expect(await readAll(fromWebStream(streamOf(3)), 1)).toEqual(upTo(3));
    expect(await readAll(fromWebStream(async () => streamOf(0)))).toEqual([]);
  });

  it('cancels the stream when it is closed in the middle, even while waiting', async () => {
    let cancelled = 0;
    const silent = new ReadableStream<number>({ cancel: () => void cancelled++ });
    const driven = drive();
    const reader = await openOnly(fromWebStream(silent), driven);
    expect(reader.read(1)).toBe('idle');
    await reader.close?.();
    expect(cancelled).toBe(1);
  });

  it('fails with the error of the stream, after what came before', async () => {
    let count = 0;
    const stream = new ReadableStream<number>(
      {
        pull(controller) {
          if (count === 3) controller.error(new Error('gone'));
          else controller.enqueue(count++);
        },
      },
      { highWaterMark: 0 },
    );
    const driven = drive();
    const reader = await openOnly(fromWebStream(stream), driven);
    const seen: number[] = [];
    await expect(
      (async () => {
        for (let batch = await readReady(reader, driven); batch !== 'done'; batch = await readReady(reader, driven))
          seen.push(...batch);
      })(),
    ).rejects.toThrow('web stream failed after 3 records: gone');
    expect(seen).toEqual([0, 1, 2]);
  });

  it('refuses a stream that somebody else reads', async () => {
    const stream = streamOf(1);
    stream.getReader();
    await expect(readAll(fromWebStream(stream))).rejects.toMatchObject({ code: 'ERR_SOURCE' });
    expect(() => fromWebStream({} as never)).toThrow(/needs a ReadableStream/);
  });
});
