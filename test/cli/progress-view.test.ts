import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LineView, LiveView, type OutputStream, progressLine, SilentView } from '../../cli/progress-view.ts';
import { renderTable } from '../../cli/render-table.ts';
import { metrics } from './sample-metrics.ts';

/** As much of a terminal as the live table uses: lines, cursor up, carriage return, clear to the end. */
class Screen implements OutputStream {
  readonly isTTY = true;
  columns = 100;
  rows = 40;
  readonly #lines: string[] = [''];
  #row = 0;
  #column = 0;

  write(text: string): boolean {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what a terminal is about
    for (const [token, up] of text.matchAll(/\u001b\[(\d+)A|\u001b\[J|\u001b\[\d*m|[\s\S]/gu)) {
      if (up !== undefined) this.#row = Math.max(0, this.#row - Number(up));
      else if (token === '\u001b[J') {
        this.#lines.length = this.#row + 1;
        this.#lines[this.#row] = this.#lines[this.#row]!.slice(0, this.#column);
      } else if (token === '\r') this.#column = 0;
      else if (token === '\n') {
        this.#row++;
        this.#column = 0;
        this.#lines[this.#row] ??= '';
      } else if (!token.startsWith('\u001b')) {
        const line = Array.from(this.#lines[this.#row]!);
        line[this.#column++] = token;
        this.#lines[this.#row] = line.join('');
        if (this.#column > this.columns) throw new Error(`a line wraps: ${this.#lines[this.#row]}`);
      }
    }
    return true;
  }

  get text(): string {
    return this.#lines.join('\n');
  }
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('the live table', () => {
  it('is redrawn in place four times a second, with the rates of the last second', () => {
    const screen = new Screen();
    let uptimeMs = 0;
    const view = new LiveView(screen, [], () => metrics({ uptimeMs: (uptimeMs += 250) }), false);
    vi.advanceTimersByTime(2_000);
    const expected = renderTable(metrics({ uptimeMs: 2_000 }), {
      width: 99,
      color: false,
      previous: metrics({ uptimeMs: 1_000 }),
    });
    expect(screen.text).toBe(`${expected}\n`);
    view.close();
  });

  it('is gone when the view is closed', () => {
    const screen = new Screen();
    const view = new LiveView(screen, [], () => metrics(), true);
    vi.advanceTimersByTime(600);
    view.close();
    expect(screen.text).toBe('');
    vi.advanceTimersByTime(1_000);
    expect(screen.text).toBe('');
  });

  it('stays below what the job prints to the same terminal, and overwrites none of it', () => {
    const screen = new Screen();
    const stdout: OutputStream = { isTTY: true, write: (text) => screen.write(text) };
    const view = new LiveView(screen, [stdout], () => metrics(), false);
    const table = renderTable(metrics(), { width: 99, color: false, previous: metrics() });
    vi.advanceTimersByTime(500);
    stdout.write('one\ntwo\n');
    screen.write('three\n');
    vi.advanceTimersByTime(500);
    expect(screen.text).toBe(`one\ntwo\nthree\n${table}\n`);
    stdout.write('four');
    vi.advanceTimersByTime(500);
    expect(screen.text).toBe(`one\ntwo\nthree\nfour\n${table}\n`);
    view.say('draining');
    stdout.write('five\n');
    view.close();
    expect(screen.text).toBe('one\ntwo\nthree\nfour\nmillrace: draining\nfive\n');
  });

  it('gives the streams their own write back', () => {
    const write = () => true;
    const stdout: OutputStream = { write };
    const screen = new Screen();
    const view = new LiveView(screen, [stdout], () => metrics(), false);
    expect(stdout.write).not.toBe(write);
    view.close();
    expect(stdout.write).toBe(write);
  });

  it('is never taller or wider than the terminal', () => {
    const screen = new Screen();
    screen.rows = 5;
    screen.columns = 30;
    const view = new LiveView(screen, [], () => metrics(), false);
    vi.advanceTimersByTime(2_000);
    expect(screen.text.trimEnd().split('\n').length).toBeLessThanOrEqual(4);
    expect(screen.text).toMatch(/^flights/);
    view.close();
  });

  it('contains no other control characters than those of a terminal', () => {
    const written: string[] = [];
    const view = new LiveView({ write: (text) => written.push(text) }, [], () => metrics(), true);
    vi.advanceTimersByTime(500);
    view.close();
    expect(stripVTControlCharacters(written.join(''))).not.toMatch(/\p{Cc}(?<![\n\r])/u);
  });
});

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
