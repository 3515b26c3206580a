import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { totalsOfRange } from '../../bench/one-brc/hand-written-worker.ts';
import { answerOf, expectedBrc, lineAt, STATION_NAMES, stationAt, tenthsAt } from '../../bench/one-brc/measurements.ts';

describe('the measurements of the One Billion Row Challenge', () => {
  it('have 413 different stations, some of them not ASCII', () => {
    expect(new Set(STATION_NAMES).size).toBe(413);
    expect(STATION_NAMES.some((name) => Buffer.byteLength(name) > name.length)).toBe(true);
  });

  it('lie between -99.9 and 99.9 degrees, on both sides of zero, with one decimal', () => {
    const tenths = Array.from({ length: 20_000 }, (_, row) => tenthsAt(row, stationAt(row)));
    expect(Math.min(...tenths)).toBeGreaterThan(-999);
    expect(Math.min(...tenths)).toBeLessThan(0);
    expect(Math.max(...tenths)).toBeGreaterThan(300);
    expect(Math.max(...tenths)).toBeLessThan(999);
    for (let row = 0; row < 1000; row++) expect(lineAt(row)).toMatch(/^\D+;-?\d{1,2}\.\d\n$/);
  });

  it('come to the expected answer when the hand-written loop reads them, across its blocks', () => {
    const rows = 20_000;
    const folder = mkdtempSync(join(tmpdir(), 'millrace-brc-'));
    try {
      const path = join(folder, 'measurements.txt');
      const text = Array.from({ length: rows }, (_, row) => lineAt(row)).join('');
      writeFileSync(path, text);
      const totals = totalsOfRange({ path, from: 0, to: Buffer.byteLength(text) });
      expect(answerOf(totals)).toEqual(expectedBrc(rows));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('come to another answer when one minimum differs by a tenth', () => {
    const total = { station: 'Port Marta', min: -34, max: 270, sum: 1000, count: 10 };
    expect(answerOf([{ ...total, min: -33 }]).digest).not.toBe(answerOf([total]).digest);
  });
});
