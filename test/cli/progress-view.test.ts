import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LineView, progressLine, SilentView } from '../../cli/progress-view.ts';
import { metrics } from './sample-metrics.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('the plain view', () => {
  it('writes a line every few seconds and nothing between', () => {
    const lines: string[] = [];
    const view = new LineView({ write: (text) => lines.push(text) }, () => metrics());
    vi.advanceTimersByTime(14_000);
    view.close();
    vi.advanceTimersByTime(14_000);
    expect(lines).toHaveLength(2);
    for (const line of lines) expect(line).toMatch(/^flights .*\n$/);
  });

  it('says how far the job is, how fast each stage goes, and which is busiest', () => {
    expect(progressLine(metrics())).toBe(
      'flights 2.00s: 50% done, 2.00s left; read 1.50M/s, delays 1.25M/s; busiest read (90%); age p99 6.00ms',
    );
    expect(progressLine(metrics(), metrics({ uptimeMs: 1_000 }))).toContain('read 0/s');
    expect(progressLine({ job: 'j', uptimeMs: 0, workers: 1, stages: [] })).toBe('j 0: starting');
  });
});

describe('the silent view', () => {
  it('writes remarks only', () => {
    const lines: string[] = [];
    const view = new SilentView({ write: (text) => lines.push(text) });
    vi.advanceTimersByTime(60_000);
    view.say('draining');
    view.close();
    expect(lines).toEqual(['millrace: draining\n']);
  });
});
