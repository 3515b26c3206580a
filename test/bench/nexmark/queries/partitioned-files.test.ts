import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SinkWriter } from 'millrace';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { partitionedFiles } from '../../../../bench/nexmark/queries/partitioned-files.ts';
import { dayOf, hourOf, minuteOf } from '../../../../bench/nexmark/queries/utc.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'partitioned-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

type Entry = { place: string; n: number };

async function open(): Promise<SinkWriter<Entry>> {
  const sink = partitionedFiles<Entry>(folder, ({ place }) => place);
  return sink.open({ index: 3, count: 4, signal: new AbortController().signal });
}

const files = (): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.includes('part-'));

describe('files by place', () => {
  it('appear on commit, each with the records of its place in their order', async () => {
    const writer = await open();
    const entries = Array.from({ length: 5000 }, (_, n) => ({
      place: `a=${n % 3}/b=${n % 2}`,
      n,
      text: 'x'.repeat(100),
    }));
    for (let at = 0; at < entries.length; at += 500) await writer.write(entries.slice(at, at + 500));
    await writer.prepare!();
    expect(files().every((name) => name.endsWith('.unfinished'))).toBe(true);
    await writer.commit!();
    expect(files().sort()).toEqual(
      ['0/b=0', '0/b=1', '1/b=0', '1/b=1', '2/b=0', '2/b=1'].map((place) => `a=${place}/part-3.ndjson`),
    );
    const read = files().map((name) => readFileSync(join(folder, name), 'utf8'));
    expect(writer.bytesWritten!()).toBe(read.join('').length);
    for (const [index, name] of files().entries()) {
      const place = name.slice(0, name.lastIndexOf('/'));
      expect(
        read[index]!.trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line)),
      ).toEqual(entries.filter((entry) => entry.place === place));
    }
  });

  it('leave nothing behind an abort', async () => {
    const writer = await open();
    await writer.write(Array.from({ length: 3000 }, (_, n) => ({ place: 'only', n, text: 'x'.repeat(50) })));
    expect(files()).toEqual(['only/part-3.ndjson.unfinished']);
    await writer.abort!();
    expect(files()).toEqual([]);
  });
});

describe('days, hours and minutes', () => {
  it('are those of the ISO form, in any order of asking', () => {
    const start = Date.UTC(2015, 6, 15, 23, 59, 59, 999);
    for (const ms of [start, start + 1, start, 0, start + 86_400_000, start - 60_000, start + 59_999]) {
      const iso = new Date(ms).toISOString();
      expect([dayOf(ms), minuteOf(ms), hourOf(ms)]).toEqual([
        iso.slice(0, 10),
        iso.slice(11, 16),
        Number(iso.slice(11, 13)),
      ]);
    }
  });
});
