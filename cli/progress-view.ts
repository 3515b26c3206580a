// What the command shows on stderr while a job runs: a table redrawn in place on a terminal, a line every few seconds elsewhere, or
// nothing. stdout belongs to the job; where both are one terminal, the table makes room for what the job prints.

import type { JobMetrics } from '../index.ts';
import { formatCount, formatDuration, formatShare } from './quantities.ts';
import { renderTable, timeLeftMs } from './render-table.ts';
import { printable } from './text-table.ts';

const REDRAW_MS = 250;
const LINE_MS = 5_000;
/** Rates are of the last second or so: shorter ones jump, and cannot be read anyway. */
const RATE_READINGS = 4;
const FALLBACK_COLUMNS = 80;
const FALLBACK_ROWS = 24;

/** The part of a terminal or pipe that the views need. */
export interface OutputStream {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
  rows?: number;
}

export interface ProgressView {
  /** Shows a remark of the command itself. */
  say(text: string): void;
  /** Ends the view and leaves nothing of it on the screen. */
  close(): void;
}

/** Only remarks. */
export class SilentView implements ProgressView {
  readonly #stream: OutputStream;

  constructor(stream: OutputStream) {
    this.#stream = stream;
  }

  say(text: string): void {
    this.#stream.write(`millrace: ${text}\n`);
  }

  close(): void {}
}

/** A line every five seconds, for logs. */
export class LineView implements ProgressView {
  readonly #stream: OutputStream;
  readonly #timer: NodeJS.Timeout;
  #previous: JobMetrics | undefined;

  constructor(stream: OutputStream, read: () => JobMetrics, everyMs: number = LINE_MS) {
    this.#stream = stream;
    this.#timer = setInterval(() => {
      const metrics = read();
      stream.write(`${progressLine(metrics, this.#previous)}\n`);
      this.#previous = metrics;
    }, everyMs);
  }

  say(text: string): void {
    this.#stream.write(`millrace: ${text}\n`);
  }

  close(): void {
    clearInterval(this.#timer);
  }
}

/** One reading of a job as one line: `flights 12.4s: 62% done, 7.6s left; read 1.20M/s, write 30.1k/s; busiest parse (91%)`. */
export function progressLine(metrics: JobMetrics, previous?: JobMetrics): string {
  const { stages, progress, uptimeMs } = metrics;
  const parts: string[] = [];
  if (progress !== undefined) {
    const leftMs = timeLeftMs(progress, uptimeMs);
    parts.push(
      `${Math.floor(progress.fraction * 100)}% done${leftMs === undefined ? '' : `, ${formatDuration(leftMs * 1e6)} left`}`,
    );
  }
  if (stages.length > 0) {
    const spanMs = uptimeMs - (previous?.uptimeMs ?? 0);
    const rates = stages.map((stage) => {
      const before = previous?.stages.find((earlier) => earlier.stage === stage.stage)?.recordsIn ?? 0;
      const perSecond = spanMs > 0 ? ((stage.recordsIn - before) * 1_000) / spanMs : 0;
      return `${printable(stage.stage)} ${formatCount(perSecond)}/s`;
    });
    parts.push(rates.join(', '));
    const busiest = stages.reduce((most, stage) => (stage.busy > most.busy ? stage : most));
    parts.push(`busiest ${printable(busiest.stage)} (${formatShare(busiest.busy)})`);
    const last = stages.at(-1)!;
    if (last.age.count > 0) parts.push(`age p99 ${formatDuration(last.age.p99Ns)}`);
  }
  return `${printable(metrics.job)} ${formatDuration(uptimeMs * 1e6)}: ${parts.join('; ') || 'starting'}`;
}

/**
 * A table that is redrawn in place four times a second. While it is open, writes to the streams in `others` (and to its own) first
 * wipe the table, so that what a job prints stands above it and is never overwritten.
 */
export class LiveView implements ProgressView {
  readonly #stream: OutputStream;
  readonly #read: () => JobMetrics;
  readonly #color: boolean;
  readonly #write: (text: string) => void;
  readonly #timer: NodeJS.Timeout;
  readonly #undo: Array<() => void> = [];
  readonly #readings: JobMetrics[] = [];
  #drawnLines = 0;
  #midLine = false;

  constructor(stream: OutputStream, others: readonly OutputStream[], read: () => JobMetrics, color: boolean) {
    this.#stream = stream;
    this.#read = read;
    this.#color = color;
    const write = stream.write;
    this.#write = (text) => void write.call(stream, text);
    for (const shared of new Set([stream, ...others])) this.#makeRoomFor(shared);
    this.#timer = setInterval(() => this.draw(), REDRAW_MS);
  }

  draw(): void {
    const metrics = this.#read();
    const previous = this.#readings[0];
    this.#readings.push(metrics);
    if (this.#readings.length > RATE_READINGS) this.#readings.shift();
    const width = Math.max(1, (this.#stream.columns ?? FALLBACK_COLUMNS) - 1);
    const table = renderTable(metrics, { width, color: this.#color, ...(previous === undefined ? {} : { previous }) });
    // A table taller than the screen would scroll, and its top could not be reached to draw it again.
    const lines = table.split('\n').slice(0, Math.max(1, (this.#stream.rows ?? FALLBACK_ROWS) - 1));
    // What the job printed without a line break keeps its line; wiping and drawing are one write, so that nothing flickers.
    this.#write(`${this.#wipeCode()}${this.#midLine ? '\n' : ''}${lines.join('\n')}\n`);
    this.#midLine = false;
    this.#drawnLines = lines.length;
  }

  say(text: string): void {
    this.#wipe();
    this.#write(`millrace: ${text}\n`);
  }

  close(): void {
    clearInterval(this.#timer);
    for (const undo of this.#undo) undo();
    this.#wipe();
    if (this.#midLine) this.#write('\n');
  }

  #makeRoomFor(stream: OutputStream): void {
    const original = stream.write;
    const makeRoom = (chunk: unknown): void => {
      this.#wipe();
      this.#midLine = !endsLine(chunk);
    };
    const replacement = function (this: OutputStream, ...args: Parameters<OutputStream['write']>): unknown {
      makeRoom(args[0]);
      return original.apply(this, args);
    };
    stream.write = replacement;
    this.#undo.push(() => {
      if (stream.write === replacement) stream.write = original;
    });
  }

  #wipe(): void {
    if (this.#drawnLines > 0) this.#write(this.#wipeCode());
    this.#drawnLines = 0;
  }

  /** Up to the table's first line, and everything from there on cleared. */
  #wipeCode(): string {
    return this.#drawnLines > 0 ? `\u001b[${this.#drawnLines}A\r\u001b[J` : '';
  }
}

function endsLine(chunk: unknown): boolean {
  if (typeof chunk === 'string') return chunk === '' || chunk.endsWith('\n');
  return !(chunk instanceof Uint8Array) || chunk.length === 0 || chunk[chunk.length - 1] === 0x0a;
}
