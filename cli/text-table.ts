// Columns of text, fitted into the width of a terminal. Pure: knows nothing of jobs.
//
//   stage      in  out   wait ──────────  service ───────
//                         p50   p99 p99.9   p50   p99 p99.9
//   read     1.2M 1.2M      -     -     -  41ns  60ns 1.2µs
//
// The first column gives way: it is cut, and when that is not enough, whole columns (or groups) leave, highest `dropOrder` first.
// No line is ever longer than the width, for a line that wraps would spoil a table that is redrawn in place.

export type Style = 'bold' | 'dim' | 'green' | 'yellow' | 'red' | 'none';

export interface Cell {
  text: string;
  style?: Style;
}

export interface Column {
  header: string;
  cells: readonly Cell[];
  /** Neighbours of one group stand closer together, under its name. */
  group?: string;
  /** Columns with the highest number leave first, all that share it at once; one without never leaves. */
  dropOrder?: number;
}

const STYLE_CODES: Readonly<Record<Style, string>> = {
  bold: '1',
  dim: '2',
  green: '32',
  yellow: '33',
  red: '31',
  none: '',
};
const FIRST_COLUMN_MIN = 8;

/** The lines of a table, header first. The first column is aligned left, the others right. */
export function tableLines(columns: readonly Column[], width: number, color: boolean): string[] {
  const kept = columnsThatFit(columns, width);
  const first = kept[0]!;
  const rest = kept.slice(1);
  const firstWidth = Math.max(1, Math.min(naturalWidth(first), width - widthOf(rest)));
  const widths = [firstWidth, ...rest.map(naturalWidth)];
  const line = (cells: readonly Cell[]): string => {
    const parts = cells.map((cell, index) => {
      const text = fitText(cell.text, widths[index]!);
      const padding = ' '.repeat(widths[index]! - charactersOf(text));
      const painted = paint(text, cell.style ?? 'none', color);
      return index === 0 ? painted + padding : gapBefore(kept, index) + padding + painted;
    });
    return parts.join('');
  };
  const lines: string[] = [];
  if (kept.some((column) => column.group !== undefined)) lines.push(groupLine(kept, widths, color));
  lines.push(line(kept.map((column) => ({ text: column.header, style: 'dim' }))));
  for (let row = 0; row < first.cells.length; row++) lines.push(line(kept.map((column) => column.cells[row]!)));
  // Only a terminal narrower than one column and its gap comes to this; colour codes must not be cut in half.
  return lines.map((text) => (color ? text : fitText(text, width)));
}

/** `text` in a style, where colours are wanted. */
export function paint(text: string, style: Style, color: boolean): string {
  return color && style !== 'none' ? `\u001b[${STYLE_CODES[style]}m${text}\u001b[0m` : text;
}

/** `text` cut to `width` characters, the last of them an ellipsis where something is missing. */
export function fitText(text: string, width: number): string {
  if (charactersOf(text) <= width) return text;
  return width <= 0
    ? ''
    : `${Array.from(text)
        .slice(0, width - 1)
        .join('')}…`;
}

/** `text` without characters that would move the cursor or change the terminal. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, '?');
}

function columnsThatFit(columns: readonly Column[], width: number): readonly Column[] {
  let kept = columns;
  while (widthOf(kept.slice(1)) + Math.min(FIRST_COLUMN_MIN, naturalWidth(kept[0]!)) > width) {
    const leaves = Math.max(...kept.map((column) => column.dropOrder ?? -1));
    if (leaves < 0) break;
    kept = kept.filter((column) => column.dropOrder !== leaves);
  }
  return kept;
}

function widthOf(rest: readonly Column[]): number {
  return rest.reduce((sum, column, index) => {
    const gap = index > 0 && column.group !== undefined && column.group === rest[index - 1]!.group ? 1 : 2;
    return sum + gap + naturalWidth(column);
  }, 0);
}

function naturalWidth(column: Column): number {
  return Math.max(charactersOf(column.header), ...column.cells.map((cell) => charactersOf(cell.text)));
}

function gapBefore(columns: readonly Column[], index: number): string {
  const group = columns[index]!.group;
  return group !== undefined && group === columns[index - 1]!.group ? ' ' : '  ';
}

function groupLine(columns: readonly Column[], widths: readonly number[], color: boolean): string {
  let line = '';
  for (let index = 0; index < columns.length; ) {
    const group = columns[index]!.group;
    const gap = index === 0 ? '' : gapBefore(columns, index);
    let span = widths[index]!;
    let end = index + 1;
    while (end < columns.length && group !== undefined && columns[end]!.group === group) span += 1 + widths[end++]!;
    line +=
      gap +
      (group === undefined
        ? ' '.repeat(span)
        : fitText(`${group} ${'─'.repeat(Math.max(0, span - group.length - 1))}`, span));
    index = end;
  }
  return paint(line.trimEnd(), 'dim', color);
}

function charactersOf(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}
