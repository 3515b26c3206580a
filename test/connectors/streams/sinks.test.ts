import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blackHole, forEach, toStdout, toWritable } from '../../../connectors/streams/index.ts';
import type { Sink, SinkWriter } from '../../../engine/connector/sink.ts';

const open = async <T>(sink: Sink<T>, signal = new AbortController().signal): Promise<SinkWriter<T>> =>
  sink.open({ index: 0, count: 1, signal });

/** Takes a chunk a turn of the event loop, and at most two at a time. */
class Slow extends Writable {
  readonly taken: unknown[] = [];
  failAt = Number.POSITIVE_INFINITY;
  mostQueued = 0;
  constructor() {
    super({ objectMode: true, highWaterMark: 2 });
  }
  override _write(chunk: unknown, _encoding: string, done: (error?: Error) => void): void {
    this.mostQueued = Math.max(this.mostQueued, this.writableLength);
    setImmediate(() => {
      if (this.taken.length === this.failAt) {
        done(new Error('disk full'));
        return;
      }
      this.taken.push(chunk);
      done();
    });
  }
}

describe('toWritable', () => {
  it('writes every record once and in order, and waits whenever the stream asks for it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: 12 }), { maxLength: 6 }), async (sizes) => {
        const slow = new Slow();
        const writer = await open(toWritable<number>(() => slow));
        let next = 0;
        for (const size of sizes) {
          const batch = Array.from({ length: size }, () => next++);
          await writer.write(batch);
          // The engine uses the array again.
          batch.fill(-1);
        }
        await writer.prepare?.();
        await writer.commit?.();
        expect(slow.taken).toEqual(Array.from({ length: next }, (_, i) => i));
        expect(slow.writableFinished).toBe(true);
        expect(slow.mostQueued).toBeLessThanOrEqual(2);
      }),
      { numRuns: 30 },
    );
  });

  it('answers without a promise while the stream has room', async () => {
    const writer = await open(toWritable<string>(() => new PassThrough({ highWaterMark: 1000 })));
    expect(writer.write(['a', 'b'])).toBeUndefined();
    expect(writer.write(['x'.repeat(2000)])).toBeInstanceOf(Promise);
  });

  it('fails with the error of the stream, whether it is waiting, writing or ending', async () => {
    for (const records of [[0, 1, 2, 3, 4, 5], [0]]) {
      const slow = new Slow();
      slow.failAt = Math.min(3, records.length - 1);
      const writer = await open(toWritable<number>(slow, { name: 'upload' }));
      const whole = async (): Promise<void> => {
        await writer.write(records);
        await writer.prepare?.();
      };
      await expect(whole()).rejects.toMatchObject({ code: 'ERR_SINK', cause: { message: 'disk full' } });
      expect(() => writer.write([9])).toThrow(/upload failed: disk full, after \d records/);
    }
  });

  it('does not wait for ever for a stream that was closed or a job that was aborted', async () => {
    const stuck = (): Writable => new Writable({ objectMode: true, highWaterMark: 1, write() {} });
    const closed = stuck();
    const first = await open(toWritable<number>(closed));
    const pending = Promise.resolve(first.write([1, 2]));
    closed.destroy();
    await expect(pending).rejects.toThrow(/writable was closed before all was written/);
    const controller = new AbortController();
    const second = await open(toWritable<number>(stuck), controller.signal);
    const aborted = Promise.resolve(second.write([1, 2]));
    controller.abort();
    await expect(aborted).rejects.toThrow(/was aborted/);
  });

  it('destroys the stream on abort', async () => {
    const stream = new PassThrough();
    const writer = await open(toWritable<string>(stream));
    await writer.write(['half']);
    await writer.abort?.();
    expect(stream.destroyed).toBe(true);
  });

  it('refuses records that the stream cannot take, and says which', async () => {
    const bytes = await open(toWritable<unknown>(() => new PassThrough()));
    expect(() => bytes.write(['fine', { a: 1 }])).toThrow(
      /writable refused record 2: .*map records to strings or bytes/,
    );
    const objects = await open(toWritable<unknown>(() => new PassThrough({ objectMode: true })));
    expect(() => objects.write([null])).toThrow(/writable refused record 1/);
  });

  it('refuses a stream that was ended before, and what is no stream', async () => {
    const ended = new PassThrough();
    ended.end();
    const writer = await open(toWritable<string>(ended));
    expect(() => writer.write(['x'])).toThrow(/was ended or destroyed before; give a function/);
    expect(() => toWritable({} as never)).toThrow(/needs a Node Writable/);
    await expect(open(toWritable(() => 5 as never))).rejects.toThrow(/got number/);
    await expect(open(toWritable(() => Promise.reject(new Error('refused'))))).rejects.toThrow(
      /could not be opened: refused/,
    );
  });

  it('survives a stream that fails before it is opened', async () => {
    const sink = toWritable<string>(createWriteStream('/no/such/folder/file'));
    await delay(20);
    const writer = await open(sink);
    expect(() => writer.write(['x'])).toThrow(/ENOENT/);
  });

  it('writes a file that is whole after prepare', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-'));
    try {
      const path = join(folder, 'out.txt');
      const writer = await open(toWritable<string>(() => createWriteStream(path)));
      const lines = Array.from({ length: 20_000 }, (_, i) => `line ${i}\n`);
      for (let i = 0; i < lines.length; i += 1000) await writer.write(lines.slice(i, i + 1000));
      await writer.prepare?.();
      expect(readFileSync(path, 'utf8')).toBe(lines.join(''));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('forEach', () => {
  it('calls the function for every record in order, synchronous or not, one after the other', async () => {
    const seen: number[] = [];
    const sync = await open(forEach<number>((i) => seen.push(i)));
    expect(sync.write([1, 2, 3])).toBeUndefined();
    let running = 0;
    const async = await open(
      forEach<number>(async (i) => {
        expect(++running).toBe(1);
        await delay(1);
        running--;
        seen.push(i);
      }),
    );
    await async.write([4, 5, 6]);
    const mixed = await open(
      forEach<number>((i) => (i % 2 === 0 ? delay(1).then(() => seen.push(i)) : void seen.push(i))),
    );
    await mixed.write([7, 8, 9, 10]);
    expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('fails with the record that the function threw or rejected on', async () => {
    const fail = (i: number): void => {
      if (i === 2) throw new Error('no two');
    };
    const sync = await open(forEach(fail));
    expect(() => sync.write([1, 2])).toThrow('forEach(fail) failed on record 2 of its writer: no two');
    const async = await open(forEach(async (i: number) => fail(i)));
    await async.write([1]);
    await expect(async.write([1, 2])).rejects.toMatchObject({ code: 'ERR_OPERATOR', cause: { message: 'no two' } });
  });

  it('runs on every worker unless it is told to run on one', () => {
    expect(forEach(() => {}).writers).toBeUndefined();
    expect(forEach(() => {}, { writers: 1 }).writers).toBe(1);
    expect(() => forEach(() => {}, { writers: 2 as 1 })).toThrow(/writers=2/);
    expect(() => forEach(5 as never)).toThrow(/needs a function: got number/);
  });
});

describe('blackHole', () => {
  it('counts what each of its writers took', () => {
    const sink = blackHole<number>();
    const context = { index: 0, count: 2, signal: new AbortController().signal };
    const [first, second] = [sink.open(context), sink.open({ ...context, index: 1 })];
    first.write([1, 2]);
    first.write([3]);
    second.write([4]);
    expect([first.recordCount(), second.recordCount()]).toEqual([3, 1]);
  });
});

/** A program that writes to standard output from a worker, whose main thread then blocks or not. */
function printing(body: string): ChildProcess {
  const module = new URL('../../../connectors/streams/index.ts', import.meta.url).href;
  const program = `
    const { Worker, isMainThread } = await import('node:worker_threads');
    const { toStdout } = await import(${JSON.stringify(module)});
    const open = (options) => toStdout(options).open({ index: 0, count: 1, signal: new AbortController().signal });
    ${body}`;
  return spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function outputOf(child: ChildProcess): Promise<{ stdout: string; stderr: string; code: number | null }> {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text) => (stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text) => (stderr += text));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { stdout, stderr, code };
}

describe('toStdout', () => {
  it('prints records as JSON lines, or by a function', async () => {
    const child = printing(`
      const json = open();
      await json.write([{ a: 1, text: 'zwölf\\n' }, null, undefined, NaN]);
      const lines = open({ format: (r) => 'record ' + r });
      await lines.write([1, 2]);
      await json.write([]);
      console.error(json.bytesWritten(), lines.bytesWritten());`);
    expect(await outputOf(child)).toEqual({
      stdout: '{"a":1,"text":"zwölf\\n"}\nnull\nnull\nnull\nrecord 1\nrecord 2\n',
      stderr: '41 18\n',
      code: 0,
    });
  });

  it('loses nothing to a slow reader of a non-blocking pipe, and holds the writer back meanwhile', async () => {
    const child = printing(`
      const writer = open();
      const text = 'x'.repeat(1000);
      let blocked = 0;
      const timer = setInterval(() => blocked++, 5);
      for (let i = 0; i < 2000; i += 100) await writer.write(Array.from({ length: 100 }, (_, k) => ({ i: i + k, text })));
      clearInterval(timer);
      console.error(blocked > 20, writer.bytesWritten());`);
    await delay(700);
    const { stdout, stderr, code } = await outputOf(child);
    expect({ stderr, code }).toEqual({ stderr: `true ${stdout.length}\n`, code: 0 });
    const indices = stdout
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { i: number }).i);
    expect(indices).toEqual(Array.from({ length: 2000 }, (_, i) => i));
  });

  it('says that its reader has gone away', async () => {
    const child = printing(`
      const writer = open();
      try { for (;;) await writer.write(['x'.repeat(1000)]) }
      catch (error) { console.error(error.code, error.message.replace(/\\d+/, 'n'), error.cause.code) }`);
    child.stdout?.once('data', () => child.stdout?.destroy());
    expect((await outputOf(child)).stderr).toBe('ERR_SINK stdout failed after n bytes: its reader closed it EPIPE\n');
  });

  it('refuses formats and records that make no line', async () => {
    expect(() => toStdout({ format: 'csv' as never })).toThrow(/format=csv/);
    await expect((await open(toStdout())).write([1n])).rejects.toThrow(/stdout could not format a record: .*BigInt/);
    await expect((await open(toStdout({ format: () => 5 as never }))).write([1])).rejects.toThrow(
      /must return a string: got number/,
    );
  });
});
