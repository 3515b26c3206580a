import { HistogramLogReader, listTags } from 'hdr-histogram-js';
import { describe, expect, it } from 'vitest';
import { intervalLog, tagOf } from '../../../bench/hdr/interval-log.ts';
import { recorded } from './recorded.ts';

const startedAt = new Date('2026-11-22T12:00:00.500Z');

describe('a log of intervals', () => {
  const intervals = [
    { tag: 'totals-wait', startSeconds: 0, lengthSeconds: 0.5, histogram: recorded([1_000, 2_000]) },
    { tag: 'totals-age', startSeconds: 0, lengthSeconds: 0.5, histogram: recorded([9_000_000]) },
    { tag: 'totals-wait', startSeconds: 0.5, lengthSeconds: 0.25, histogram: recorded([]) },
  ];
  const log = intervalLog(startedAt, intervals);

  it('is read back by the library, interval by interval', () => {
    const reader = new HistogramLogReader(log, 64);
    const read = intervals.map(() => reader.nextIntervalHistogram()!);
    expect(reader.nextIntervalHistogram()).toBeNull();
    expect(read.map(({ tag }) => tag)).toEqual(['totals-wait', 'totals-age', 'totals-wait']);
    expect(read.map(({ totalCount }) => totalCount)).toEqual([2, 1, 0]);
    expect(read[1]!.getValueAtPercentile(50)).toBe(intervals[1]!.histogram.getValueAtPercentile(50));
    expect(read[2]!.startTimeStampMsec).toBe(startedAt.getTime() + 500);
    expect(read[2]!.endTimeStampMsec).toBe(startedAt.getTime() + 750);
    expect(listTags(log)).toEqual(['totals-wait', 'totals-age']);
  });

  it('has the lines that the format documents', () => {
    const lines = log.split('\n');
    expect(lines[0]).toBe('#[Histogram log format version 1.3]');
    expect(lines[1]).toBe('#[StartTime: 1795348800.500 (seconds since epoch), 2026-11-22T12:00:00.500Z]');
    expect(lines[2]).toBe('#[BaseTime: 1795348800.500 (seconds since epoch)]');
    expect(lines[3]).toBe('"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"');
    expect(lines[5]).toMatch(/^Tag=totals-age,0\.000,0\.500,9\.000,HISTF[A-Za-z0-9+/]+=*$/);
    expect(lines.at(-1)).toBe('');
  });

  it('refuses a tag that its readers would cut short, and makes one of any name', () => {
    for (const tag of ['', 'a b', 'a,b', 'a\nb']) {
      const interval = { tag, startSeconds: 0, lengthSeconds: 1, histogram: recorded([]) };
      expect(() => intervalLog(startedAt, [interval])).toThrow(/a tag must be one word without commas/);
    }
    expect(tagOf('keyBy, then\n map')).toBe('keyBy-then-map');
  });
});
