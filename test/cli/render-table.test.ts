import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { renderTable, timeLeftMs } from '../../cli/render-table.ts';
import { metrics, stage } from './sample-metrics.ts';

const WIDE = { width: 160, color: false };

/** The words of the line that begins with `first`, of which there are several; `nth` counts from 0. */
function words(table: string, first: string, nth = 0): string[] {
  return (table.split('\n').filter((line) => line.startsWith(first))[nth] ?? '').split(/\s+/);
}

describe('the table of a job', () => {
  it('says which job it is, on how many workers, for how long, how far and how much longer', () => {
    const lines = renderTable(metrics(), WIDE).split('\n');
    expect(lines[0]).toBe('flights  2 workers, 2.00s');
    expect(lines[1]).toBe(`${'█'.repeat(12)}${'░'.repeat(12)} 50%, 2.00s left`);
  });

  it('shows what flows through each stage, per second since the beginning', () => {
    const table = renderTable(metrics(), WIDE);
    expect(words(table, 'stage')).toEqual([
      'stage',
      'in',
      'out',
      'in/s',
      'out/s',
      'busy',
      'idle',
      'backpressured',
      'lanes',
    ]);
    expect(words(table, 'read')).toEqual(['read', '3.00M', '2.50M', '1.50M', '1.25M', '90%', '4%', '6%', '-']);
    expect(words(table, 'delays')).toEqual(['delays', '2.50M', '312', '1.25M', '156', '40%', '60%', '0%', '25%']);
  });

  it('shows wait, service and age of each stage, and a dash where nothing was measured', () => {
    const table = renderTable(metrics(), WIDE);
    expect(words(table, 'read', 1)).toEqual([
      'read',
      '-',
      '-',
      '-',
      '-',
      '41ns',
      '123ns',
      '164ns',
      '246ns',
      '20.0µs',
      '60.0µs',
      '80.0µs',
      '120µs',
    ]);
    expect(words(table, 'delays', 1)).toEqual([
      'delays',
      '150µs',
      '450µs',
      '600µs',
      '900µs',
      '95ns',
      '285ns',
      '380ns',
      '570ns',
      '2.00ms',
      '6.00ms',
      '8.00ms',
      '12.0ms',
    ]);
    expect(table).toMatch(/wait ─+ {2}service ─+ {2}age ─+\n/);
  });

  it('shows rates and shares of the time since an earlier reading, where there is one', () => {
    const worker = { ...stage('read'), worker: 0, busyMs: 1_000, idleMs: 0, backpressuredMs: 0 };
    const before = metrics({
      uptimeMs: 1_000,
      stages: [stage('read', { recordsIn: 10_000, workers: [worker], busy: 1 })],
    });
    const later = { ...worker, busyMs: 1_100, idleMs: 300, backpressuredMs: 600 };
    const now = metrics({
      uptimeMs: 2_000,
      stages: [stage('read', { recordsIn: 10_500, recordsOut: 50, workers: [later], busy: 0.6 })],
    });
    expect(words(renderTable(now, { ...WIDE, previous: before }), 'read').slice(1, 8)).toEqual([
      '10.5k',
      '50',
      '500',
      '50',
      '10%',
      '30%',
      '60%',
    ]);
  });

  it('shows how full the lanes are now while the job runs, and the mean when it is over', () => {
    const live = renderTable(metrics(), { ...WIDE, previous: metrics({ uptimeMs: 1_000 }) });
    expect(words(live, 'delays').at(-1)).toBe('2%');
    expect(words(renderTable(metrics(), WIDE), 'delays').at(-1)).toBe('25%');
  });

  it('never writes a line longer than the width, at any width, and keeps the names of stages', () => {
    for (let width = 1; width <= 200; width++) {
      const lines = renderTable(metrics(), { width, color: false }).split('\n');
      expect(Math.max(...lines.map((line) => Array.from(line).length)), `width ${width}`).toBeLessThanOrEqual(width);
      if (width >= 40) expect(lines.filter((line) => line.startsWith('delays')).length).toBe(2);
    }
  });

  it('keeps p50, p99 and p99.9 of all three latencies on a terminal of 80 columns', () => {
    const table = renderTable(metrics(), { width: 80, color: false });
    expect(words(table, 'delays', 1)).toHaveLength(10);
  });

  it('looks the same with colours, apart from them', () => {
    for (const width of [60, 80, 160]) {
      const colored = renderTable(metrics(), { width, color: true });
      expect(colored).toContain('\u001b[');
      expect(stripVTControlCharacters(colored)).toBe(renderTable(metrics(), { width, color: false }));
    }
  });

  it('tells of records that did not come through', () => {
    const lossy = metrics({ stages: [stage('parse', { recordsSkipped: 12, recordsDropped: 3 }), stage('write')] });
    expect(renderTable(lossy, WIDE)).toContain('parse: 12 skipped, 3 dropped');
    expect(renderTable(lossy, WIDE)).not.toContain('write:');
  });

  it('lets no stage name move the cursor', () => {
    const hostile = metrics({ job: 'a\u001b[2J', stages: [stage('x\r\n\u001b[Hy')] });
    expect(renderTable(hostile, WIDE)).not.toMatch(/\p{Cc}(?<!\n)/u);
    expect(renderTable(hostile, WIDE)).toContain('x???[Hy');
  });

  it('is the heading alone before there are stages', () => {
    expect(renderTable({ job: 'j', uptimeMs: 0, workers: 1, stages: [] }, WIDE)).toBe('j  1 worker, 0');
  });
});

describe('the time left', () => {
  it('goes by the pace so far', () => {
    expect(timeLeftMs({ done: 1, total: 4, fraction: 0.25 }, 1_000)).toBe(3_000);
  });

  it('is unknown at first, and when all is done', () => {
    expect(timeLeftMs({ done: 1, total: 1_000, fraction: 0.001 }, 1_000)).toBeUndefined();
    expect(timeLeftMs({ done: 4, total: 4, fraction: 1 }, 1_000)).toBeUndefined();
  });
});

describe('the table of a job with event time', () => {
  const windowed = metrics({
    stages: [
      stage('read', {
        eventTime: { state: 'running', watermarkMs: Date.UTC(2024, 0, 31, 23, 59, 58, 120), lagMs: 1_250 },
      }),
      stage('count', { eventTime: { state: 'starting' }, recordsLate: 12 }),
      stage('print'),
    ],
  });

  it('shows watermark and lag of the stages that have it', () => {
    const table = renderTable(windowed, WIDE);
    expect(table).toMatch(/^stage +watermark +lag +event time +late$/m);
    expect(words(table, 'read', 2)).toEqual(['read', '2024-01-31', '23:59:58.120', '1.25s', 'running', '0']);
    expect(words(table, 'count', 2)).toEqual(['count', '-', '-', 'starting', '12']);
    expect(words(table, 'print', 2)).toEqual(['']);
    expect(renderTable(metrics(), WIDE)).not.toContain('watermark');
  });

  it('says that records were late', () => {
    expect(renderTable(windowed, WIDE)).toContain('count: 12 late');
  });
});
