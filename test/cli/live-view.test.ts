import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LiveView } from '../../cli/live-view.ts';
import { renderTable } from '../../cli/render-table.ts';
import type { JobMetrics } from '../../index.ts';
import { metrics, stage } from './sample-metrics.ts';
import { Screen } from './screen.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function table(now: JobMetrics, previous: JobMetrics = now): string[] {
  return renderTable(now, { width: 99, color: false, previous }).split('\n');
}

describe('the live table', () => {
  it('stands at the bottom and is redrawn in place, with the rates of the last second', () => {
    const screen = new Screen(100, 40);
    let uptimeMs = 0;
    const view = new LiveView(screen, () => metrics({ uptimeMs: (uptimeMs += 250) }), false);
    vi.advanceTimersByTime(2_000);
    const expected = table(metrics({ uptimeMs: 2_000 }), metrics({ uptimeMs: 1_000 }));
    expect(screen.lines.slice(-expected.length)).toEqual(expected);
    expect(screen.lines.slice(0, -expected.length).join('')).toBe('');
    expect(screen.cursor).toEqual([0, 0]);
    view.close();
  });

  it('is gone when the view is closed, and stays away', () => {
    const screen = new Screen(100, 40);
    const view = new LiveView(screen, () => metrics(), true);
    vi.advanceTimersByTime(600);
    expect(screen.text).toContain('flights');
    view.close();
    vi.advanceTimersByTime(1_000);
    expect(screen.text).toBe('');
    expect(screen.cursor).toEqual([0, 0]);
  });

  it.each([0, 5, 23])('leaves every line that anyone prints to the terminal whole, begun in row %d', (startRow) => {
    const screen = new Screen(100, 24);
    const printed: string[] = [];
    const print = (line: string): void => {
      printed.push(line);
      screen.write(`${line}\n`);
    };
    for (let line = 0; line < startRow; line++) print(`before ${line}`);
    const view = new LiveView(screen, () => metrics(), true);
    for (let line = 0; line < 100; line++) {
      vi.advanceTimersByTime(70);
      print(`line ${line}`);
    }
    vi.advanceTimersByTime(250);
    expect(screen.lines.slice(-table(metrics()).length)).toEqual(table(metrics()));
    view.close();
    for (let line = 0; line < 100; line++) print(`after ${line}`);
    expect(screen.text.split('\n')).toEqual(printed);
  });

  it('lets a line that is printed in pieces stay one line', () => {
    const screen = new Screen(100, 24);
    const view = new LiveView(screen, () => metrics(), false);
    for (const piece of ['one ', 'line ', 'in ', 'pieces']) {
      vi.advanceTimersByTime(300);
      screen.write(piece);
    }
    vi.advanceTimersByTime(300);
    view.close();
    screen.write('and the next\n');
    expect(screen.text).toBe('one line in pieces\nand the next');
  });

  it('says its remarks above, on lines of their own', () => {
    const screen = new Screen(100, 24);
    const view = new LiveView(screen, () => metrics(), false);
    view.say('two workers');
    vi.advanceTimersByTime(300);
    screen.write('half a line');
    view.say('draining');
    screen.write('whole line\n');
    vi.advanceTimersByTime(300);
    view.close();
    expect(screen.text).toBe('millrace: two workers\nhalf a line\nmillrace: draining\nwhole line');
  });

  it('grows when the job gets its stages, and moves what was printed up', () => {
    const screen = new Screen(100, 20);
    for (let line = 0; line < 19; line++) screen.write(`before ${line}\n`);
    const stages: JobMetrics['stages'] = [];
    const view = new LiveView(screen, () => metrics({ stages }), false);
    vi.advanceTimersByTime(300);
    stages.push(stage('read'), stage('write'));
    vi.advanceTimersByTime(300);
    const expected = table(metrics({ stages }));
    expect(screen.lines.slice(-expected.length)).toEqual(expected);
    screen.write('after');
    view.close();
    expect(screen.text.split('\n')).toEqual([...Array.from({ length: 19 }, (_, line) => `before ${line}`), 'after']);
  });

  it('fits a terminal that is too small for it', () => {
    for (const [columns, rows] of [
      [30, 5],
      [10, 2],
      [1, 1],
    ] as const) {
      const screen = new Screen(columns, rows);
      const view = new LiveView(screen, () => metrics(), false);
      vi.advanceTimersByTime(2_000);
      if (rows > 1) expect(screen.lines.at(-1)).not.toBe('');
      expect(screen.scrollback.join('')).toBe('');
      view.close();
      expect(screen.text).toBe('');
    }
  });

  it('draws itself anew after the terminal changed its size', () => {
    const small = new Screen(60, 20);
    const large = new Screen(100, 40);
    let screen = small;
    const terminal = {
      write: (text: string) => screen.write(text),
      get columns() {
        return screen.columns;
      },
      get rows() {
        return screen.rows;
      },
    };
    const view = new LiveView(terminal, () => metrics(), false);
    vi.advanceTimersByTime(500);
    screen = large;
    vi.advanceTimersByTime(500);
    const expected = table(metrics());
    expect(large.lines.slice(-expected.length)).toEqual(expected);
    view.close();
    expect(large.text).toBe('');
  });

  it('gives the terminal back when the process exits under it', () => {
    const screen = new Screen(100, 24);
    const before = process.listeners('exit');
    const view = new LiveView(screen, () => metrics(), false);
    vi.advanceTimersByTime(300);
    const [onExit] = process.listeners('exit').filter((listener) => !before.includes(listener));
    onExit!(0);
    expect(screen.text).toBe('');
    view.close();
    expect(process.listeners('exit')).toEqual(before);
  });
});
