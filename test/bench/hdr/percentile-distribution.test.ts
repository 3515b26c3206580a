import { describe, expect, it } from 'vitest';
import { percentileDistribution } from '../../../bench/hdr/percentile-distribution.ts';
import { recorded } from './recorded.ts';

describe('a percentile distribution', () => {
  const histogram = recorded(Array.from({ length: 10_000 }, (_, i) => (i + 1) * 1_000));
  const lines = percentileDistribution(histogram).split('\n');
  const rows = lines.filter((line) => /^\s*\d/.test(line)).map((line) => line.trim().split(/\s+/).map(Number));

  it('has the columns and the summary that HdrHistogram writes', () => {
    expect(lines[0]!.trim().split(/\s+/)).toEqual(['Value', 'Percentile', 'TotalCount', '1/(1-Percentile)']);
    expect(lines[1]).toBe('');
    expect(lines).toContainEqual(expect.stringMatching(/^#\[Mean +=.*StdDeviation +=.*\]$/));
    expect(lines).toContainEqual(expect.stringMatching(/^#\[Max +=.*Total count +=.*10000\]$/));
    expect(lines).toContainEqual(expect.stringMatching(/^#\[Buckets +=.*SubBuckets +=.*256\]$/));
  });

  it('rises from the smallest to the largest value, and accounts for every record', () => {
    expect(rows.length).toBeGreaterThan(40);
    for (let i = 1; i < rows.length; i++) {
      for (const column of [0, 1, 2]) expect(rows[i]![column]).toBeGreaterThanOrEqual(rows[i - 1]![column]!);
    }
    expect(rows.at(-1)!.slice(1)).toEqual([1, 10_000]);
    for (const [, share, , inverse] of rows.slice(0, -1)) expect(inverse).toBeCloseTo(1 / (1 - share!), 1);
  });

  it('gives milliseconds', () => {
    const [median] = rows.find(([, share]) => share! >= 0.5)!;
    expect(median).toBeGreaterThan(4.95);
    expect(median).toBeLessThan(5.05);
  });
});
