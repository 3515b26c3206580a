// What the command shows on stderr while a job runs: a table redrawn in place on a terminal, a line every few seconds elsewhere, or
// nothing. stdout belongs to the job; the live table has a file of its own, live-view.ts.

import type { JobMetrics } from '../index.ts';
import { formatCount, formatDuration, formatShare } from './quantities.ts';
import { timeLeftMs } from './render-table.ts';
import { printable } from './text-table.ts';

const LINE_MS = 5_000;

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
