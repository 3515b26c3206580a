// Results as text for people. Any process.

import type { JudgedTarget } from '../targets.ts';
import type { BenchResults, ComparisonResult } from './results.ts';

export function renderResults({ results, comparisons }: BenchResults): string {
  const rows = results.map((result) => [
    result.variant,
    result.measure,
    figure(result.min),
    figure(result.median),
    figure(result.max),
    result.unit,
    result.variant === result.baseline ? '' : `${figure(result.ratioToBaseline)} x ${result.baseline}`,
  ]);
  const table = renderTable(['variant', 'measure', 'min', 'median', 'max', 'unit', 'ratio, round by round'], rows);
  return comparisons.length === 0 ? table : `${table}\n\n${renderComparisons(comparisons)}`;
}

export function renderComparisons(comparisons: readonly ComparisonResult[]): string {
  const rows = comparisons.map((result) => [
    `${result.bench}: ${result.variant}`,
    figure(result.min),
    figure(result.median),
    figure(result.max),
    targetOf(result),
    verdict(result),
  ]);
  return renderTable(['comparison', 'min', 'median', 'max', 'target', ''], rows);
}

/** One line a target. */
export function renderTargets(judged: readonly JudgedTarget[]): string {
  const rows = judged.map(({ row, comparison, result }) =>
    result === undefined
      ? [row, comparison, '-', '', '-', 'not measured']
      : [
          row,
          comparison,
          figure(result.median),
          `${figure(result.min)} - ${figure(result.max)}`,
          `${targetOf(result)}${result.unit === 'ratio' ? '' : ` ${result.unit}`}`,
          verdict(result),
        ],
  );
  return renderTable(['target', 'comparison', 'measured', 'min - max', 'target', ''], rows);
}

function targetOf({ target, atMost }: ComparisonResult): string {
  return target !== undefined ? `>= ${target}` : atMost !== undefined ? `<= ${atMost}` : '';
}

function verdict({ met, median, target, atMost }: ComparisonResult): string {
  if (met === undefined) return '';
  if (met) return 'met';
  return target !== undefined && median < target
    ? `short by ${figure((1 - median / target) * 100)} %`
    : `over by ${figure((median / atMost! - 1) * 100)} %`;
}

/** Three significant digits, as many as such a measurement can have. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const digits = value === 0 ? 0 : Math.floor(Math.log10(Math.abs(value)));
  return value.toFixed(Math.max(0, 2 - digits));
}

/** Columns padded to their widest cell; those of figures on the right. */
export function renderTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)));
  const numeric = header.map((_, column) => rows.length > 0 && rows.every((row) => /^[\d.]+$/.test(row[column]!)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => (numeric[column] ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
      .join('  ')
      .trimEnd();
  return [line(header), widths.map((width) => '-'.repeat(width)).join('  '), ...rows.map(line)].join('\n');
}
