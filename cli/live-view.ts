// The table of a running job at the bottom of the terminal, redrawn in place four times a second. Main thread.
//
//   +------------------------------+  row 1
//   | what the job prints scrolls  |
//   | up here                      |  row = rows - height
//   +------------------------------+
//   | flights  2 workers, 12.4s    |  the table: outside the scrolling region
//   | ...                          |  row = rows
//   +------------------------------+
//
// The job may print to the same terminal, from any thread and straight to file descriptor 1, so nobody can be asked to step aside
// first. The terminal keeps both apart instead: its scrolling region (DECSTBM) ends above the table, and each redraw is one write
// that saves the cursor, draws and restores it. The region is given back when the view is closed, and when the process exits.

import type { JobMetrics } from '../index.ts';
import type { OutputStream, ProgressView } from './progress-view.ts';
import { renderTable } from './render-table.ts';

const REDRAW_MS = 250;
/** Rates are of the last second: shorter ones jump, and cannot be read anyway. */
const RATE_READINGS = 4;
const FALLBACK_COLUMNS = 80;
const FALLBACK_ROWS = 24;
/** Rows that the table leaves to the job at least. */
const JOB_ROWS = 3;

const SAVE_CURSOR = '\u001b7';
const RESTORE_CURSOR = '\u001b8';
const DOWN_OR_SCROLL = '\u001bD';
const CLEAR_LINE_END = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';
const PLAIN_STYLE = '\u001b[0m';
const WHOLE_SCREEN_SCROLLS = '\u001b[r';

export class LiveView implements ProgressView {
  readonly #stream: OutputStream;
  readonly #read: () => JobMetrics;
  readonly #color: boolean;
  readonly #timer: NodeJS.Timeout;
  readonly #readings: JobMetrics[] = [];
  /** Rows at the bottom that do not scroll; 0 while nothing is drawn. */
  #height = 0;
  /** Size of the terminal when they were set aside. */
  #rows = 0;
  #columns = 0;

  constructor(stream: OutputStream, read: () => JobMetrics, color: boolean) {
    this.#stream = stream;
    this.#read = read;
    this.#color = color;
    this.#timer = setInterval(() => this.#draw(), REDRAW_MS);
    process.once('exit', this.#giveBack);
  }

  /** Says it above the table, where the job prints. */
  say(text: string): void {
    this.#stream.write(`${freshLine(this.#columns)}millrace: ${text}\n`);
  }

  close(): void {
    clearInterval(this.#timer);
    process.off('exit', this.#giveBack);
    this.#giveBack();
  }

  #draw(): void {
    const metrics = this.#read();
    const previous = this.#readings[0];
    this.#readings.push(metrics);
    if (this.#readings.length > RATE_READINGS) this.#readings.shift();
    const columns = this.#stream.columns ?? FALLBACK_COLUMNS;
    const rows = this.#stream.rows ?? FALLBACK_ROWS;
    // One column less: a line that fills the last one makes some terminals wrap.
    const options = { width: Math.max(1, columns - 1), color: this.#color };
    const table = renderTable(metrics, previous === undefined ? options : { ...options, previous });
    const lines = table.split('\n').slice(0, Math.max(1, rows - JOB_ROWS));
    this.#stream.write(this.#setAside(lines.length, rows, columns) + this.#paintOver(lines));
  }

  /** Makes the bottom rows stand still; afterwards the cursor is where it was in the text of the job. The table never shrinks. */
  #setAside(lineCount: number, rows: number, columns: number): string {
    let text = '';
    if (this.#height > 0 && (rows !== this.#rows || columns !== this.#columns)) {
      // The terminal has moved everything. The job's cursor went along; what stands below it is the old table.
      text += SAVE_CURSOR + WHOLE_SCREEN_SCROLLS + RESTORE_CURSOR + CLEAR_BELOW;
      this.#height = 0;
    }
    this.#rows = rows;
    this.#columns = columns;
    const missing = Math.min(lineCount, rows - 1) - this.#height;
    if (missing <= 0) return text;
    this.#height += missing;
    // Down and up again: what stands at the bottom moves up by what is missing, and the column of the cursor stays.
    text += `${DOWN_OR_SCROLL.repeat(missing)}\u001b[${missing}A`;
    return `${text}${SAVE_CURSOR}\u001b[1;${rows - this.#height}r${RESTORE_CURSOR}`;
  }

  #paintOver(lines: readonly string[]): string {
    let text = SAVE_CURSOR + PLAIN_STYLE;
    for (let index = 0; index < this.#height; index++) {
      text += `\u001b[${this.#rows - this.#height + 1 + index};1H${lines[index] ?? ''}${CLEAR_LINE_END}`;
    }
    return text + RESTORE_CURSOR;
  }

  /** The whole screen scrolls again, the table is gone, and the cursor stands at the beginning of a line below what the job printed. */
  readonly #giveBack = (): void => {
    if (this.#height === 0) return;
    const top = this.#rows - this.#height + 1;
    this.#height = 0;
    const wiped = `${SAVE_CURSOR}${WHOLE_SCREEN_SCROLLS}\u001b[${top};1H${CLEAR_BELOW}${RESTORE_CURSOR}`;
    this.#stream.write(wiped + freshLine(this.#columns));
  };
}

/**
 * Goes to the next line unless the cursor is at the beginning of one, without knowing where it is: as many blanks as a line holds
 * but one wrap into the next line from everywhere but the beginning. (zsh places its prompt so.)
 */
function freshLine(columns: number): string {
  return columns === 0 ? '' : `${PLAIN_STYLE}${' '.repeat(columns - 1)}\r${CLEAR_LINE_END}`;
}
