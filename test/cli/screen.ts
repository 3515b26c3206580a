// As much of a VT100 terminal as the live view uses, for tests: scrolling region, saved cursor, clearing, wrapping, scrollback.
// What it does not know it refuses, so that a test does not pass over it.

import type { OutputStream } from '../../cli/progress-view.ts';

export class Screen implements OutputStream {
  readonly isTTY = true;
  readonly columns: number;
  readonly rows: number;
  readonly scrollback: string[] = [];
  readonly #cells: string[][];
  #row = 0;
  #column = 0;
  #saved = { row: 0, column: 0 };
  #bottom: number;

  constructor(columns: number, rows: number) {
    this.columns = columns;
    this.rows = rows;
    this.#bottom = rows - 1;
    this.#cells = Array.from({ length: rows }, () => []);
  }

  /** Everything printed that is still to be seen, scrolled away or not, without empty lines at the end. */
  get text(): string {
    return [...this.scrollback, ...this.lines].join('\n').trimEnd();
  }

  /** The lines on the screen. */
  get lines(): string[] {
    return this.#cells.map((cells) =>
      Array.from(cells, (cell) => cell ?? ' ')
        .join('')
        .trimEnd(),
    );
  }

  get cursor(): [row: number, column: number] {
    return [this.#row, this.#column];
  }

  write(text: string): boolean {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what a terminal is about
    for (const [token, parameters, command] of text.matchAll(/\u001b\[([\d;]*)([A-Za-z])|\u001b.|[\s\S]/gu)) {
      if (command !== undefined) this.#control(command, parameters === '' ? [] : parameters!.split(';').map(Number));
      else if (token === '\u001b7') this.#saved = { row: this.#row, column: this.#column };
      else if (token === '\u001b8') ({ row: this.#row, column: this.#column } = this.#saved);
      else if (token === '\u001bD') this.#index();
      else if (token === '\r') this.#column = 0;
      else if (token === '\n') {
        this.#column = 0;
        this.#index();
      } else if (/\p{Cc}/u.test(token)) throw new Error(`unknown control ${JSON.stringify(token)}`);
      else this.#print(token);
    }
    return true;
  }

  #print(character: string): void {
    if (this.#column === this.columns) {
      this.#column = 0;
      this.#index();
    }
    this.#cells[this.#row]![this.#column++] = character;
  }

  #index(): void {
    if (this.#row < this.#bottom) this.#row++;
    else if (this.#row > this.#bottom) this.#row = Math.min(this.rows - 1, this.#row + 1);
    else {
      this.scrollback.push(this.lines[0]!);
      this.#cells.splice(0, 1);
      this.#cells.splice(this.#bottom, 0, []);
    }
  }

  #control(command: string, parameters: readonly number[]): void {
    const [first = 1, second = 1] = parameters;
    if (command === 'A') this.#row = Math.max(0, this.#row - first);
    else if (command === 'H') [this.#row, this.#column] = [first - 1, second - 1];
    else if (command === 'K') this.#cells[this.#row]!.length = Math.min(this.#cells[this.#row]!.length, this.#column);
    else if (command === 'J') {
      this.#control('K', []);
      for (let row = this.#row + 1; row < this.rows; row++) this.#cells[row] = [];
    } else if (command === 'r') {
      this.#bottom = parameters.length === 0 ? this.rows - 1 : second - 1;
      [this.#row, this.#column] = [0, 0];
    } else if (command !== 'm') throw new Error(`unknown control sequence ${command}`);
  }
}
