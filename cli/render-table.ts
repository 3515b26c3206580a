// A job's metrics as text: a heading with progress, how much flows through each stage, and how long each stage makes records wait.
// Pure: the same metrics give the same text, whether they are live or final.

import type { EventTimeMetrics, JobMetrics, LatencySummary, ProgressMetrics, StageMetrics } from '../index.ts';
import { formatCount, formatDuration, formatMoment, formatShare } from './quantities.ts';
import { type Cell, type Column, fitText, paint, printable, type Style, tableLines } from './text-table.ts';

export interface TableOptions {
  /** Characters in a line; no line is longer. */
  width: number;
  /** Whether to use terminal colours. */
  color: boolean;
  /** An earlier reading of the same job: rates and shares are then of the time since, and not since the job began. */
  previous?: JobMetrics;
}

const NONE: Cell = { text: '-', style: 'dim' };
const BAR_WIDTH = 24;
/** Below this share of the input a forecast is a guess. */
const FORECAST_FROM = 0.01;

/**
 * The metrics of a job as a table of lines, without a line break at the end.
 *
 * @example
 * const report = await run(new URL('./job.js', import.meta.url)).completed;
 * console.error(renderTable(report, { width: process.stderr.columns ?? 100, color: false }));
 */
export function renderTable(metrics: JobMetrics, options: TableOptions): string {
  const { width, color, previous } = options;
  const lines = headingLines(metrics, width, color);
  if (metrics.stages.length > 0) {
    lines.push('', ...tableLines(flowColumns(metrics, previous), width, color));
    lines.push('', ...tableLines(latencyColumns(metrics.stages), width, color));
    const timed = metrics.stages.filter((stage) => stage.eventTime !== undefined);
    if (timed.length > 0) lines.push('', ...tableLines(eventTimeColumns(timed), width, color));
  }
  const losses = lossLines(metrics.stages, width, color);
  if (losses.length > 0) lines.push('', ...losses);
  return lines.join('\n');
}

/** How long the rest takes at the pace so far, in ms; undefined as long as that is a guess, and when nothing is left. */
export function timeLeftMs(progress: ProgressMetrics, uptimeMs: number): number | undefined {
  const { fraction } = progress;
  return fraction >= FORECAST_FROM && fraction < 1 ? (uptimeMs * (1 - fraction)) / fraction : undefined;
}

function headingLines(metrics: JobMetrics, width: number, color: boolean): string[] {
  const name = printable(metrics.job);
  const facts = `${metrics.workers} ${metrics.workers === 1 ? 'worker' : 'workers'}, ${formatDuration(metrics.uptimeMs * 1e6)}`;
  const heading = fitText(`${name}  ${facts}`, width);
  const lines = [paint(heading.slice(0, name.length), 'bold', color) + heading.slice(name.length)];
  if (metrics.progress !== undefined) lines.push(progressLine(metrics.progress, metrics.uptimeMs, width));
  return lines;
}

function progressLine(progress: ProgressMetrics, uptimeMs: number, width: number): string {
  const leftMs = timeLeftMs(progress, uptimeMs);
  const filled = Math.floor(progress.fraction * BAR_WIDTH);
  const bar = '█'.repeat(filled) + '░'.repeat(BAR_WIDTH - filled);
  // Rounded down: 100 % is shown only of what is complete.
  const share = `${Math.floor(progress.fraction * 100)}%`;
  const left = leftMs === undefined ? '' : `, ${formatDuration(leftMs * 1e6)} left`;
  return fitText(`${bar} ${share}${left}`, width);
}

function flowColumns(metrics: JobMetrics, previous: JobMetrics | undefined): Column[] {
  const spans = metrics.stages.map((stage) => {
    const before = previous?.stages.find((earlier) => earlier.stage === stage.stage);
    return spanOf(stage, before, metrics.uptimeMs - (before === undefined ? 0 : previous!.uptimeMs));
  });
  const column = (header: string, dropOrder: number, cell: (stage: StageMetrics, span: Span) => Cell): Column => ({
    header,
    dropOrder,
    cells: metrics.stages.map((stage, index) => cell(stage, spans[index]!)),
  });
  return [
    stageColumn(metrics.stages),
    column('in', 3, (stage) => ({ text: formatCount(stage.recordsIn) })),
    column('out', 3, (stage) => ({ text: formatCount(stage.recordsOut) })),
    column('in/s', 1, (_, span) => ({ text: formatCount(span.inPerSecond) })),
    column('out/s', 1, (_, span) => ({ text: formatCount(span.outPerSecond) })),
    column('busy', 0, (_, span) => ({ text: formatShare(span.busy), style: span.busy > 0.8 ? 'green' : 'none' })),
    column('idle', 5, (_, span) => ({ text: formatShare(span.idle) })),
    column('backpressured', 2, (_, span) => ({
      text: formatShare(span.backpressured),
      style: heldUpStyle(span.backpressured),
    })),
    column('lanes', 4, (stage) => laneCell(stage, previous !== undefined)),
  ];
}

function latencyColumns(stages: readonly StageMetrics[]): Column[] {
  const column = (
    group: 'wait' | 'service' | 'age',
    header: string,
    dropOrder: number,
    valueNs: (latency: LatencySummary) => number,
  ): Column => ({
    group,
    header,
    dropOrder,
    cells: stages.map((stage) => (stage[group].count === 0 ? NONE : { text: formatDuration(valueNs(stage[group])) })),
  });
  const group = (name: 'wait' | 'service' | 'age', dropOrder: number): Column[] => [
    column(name, 'p50', dropOrder, (latency) => latency.p50Ns),
    column(name, 'p99', dropOrder, (latency) => latency.p99Ns),
    column(name, 'p99.9', dropOrder, (latency) => latency.p999Ns),
    column(name, 'max', 9, (latency) => latency.maxNs),
  ];
  return [stageColumn(stages), ...group('wait', 2), ...group('service', 1), ...group('age', 3)];
}

/** How far each stage has come in event time, and how far that is behind the clock on the wall. */
function eventTimeColumns(stages: readonly StageMetrics[]): Column[] {
  const column = (
    header: string,
    dropOrder: number,
    cell: (time: EventTimeMetrics, stage: StageMetrics) => Cell,
  ): Column => ({
    header,
    dropOrder,
    cells: stages.map((stage) => cell(stage.eventTime!, stage)),
  });
  return [
    stageColumn(stages),
    column('watermark', 0, ({ watermarkMs }) =>
      watermarkMs === undefined ? NONE : { text: formatMoment(watermarkMs) },
    ),
    column('lag', 1, ({ lagMs }) => (lagMs === undefined ? NONE : { text: formatDuration(lagMs * 1e6) })),
    column('event time', 3, ({ state }) => ({ text: state, style: state === 'running' ? 'none' : 'dim' })),
    column('late', 2, (_, { recordsLate }) => ({
      text: formatCount(recordsLate),
      style: recordsLate > 0 ? 'yellow' : 'none',
    })),
  ];
}

function stageColumn(stages: readonly StageMetrics[]): Column {
  return { header: 'stage', cells: stages.map((stage) => ({ text: printable(stage.stage) })) };
}

/** A lane's fill now, or of a job that is over (whose lanes are empty) the mean that its polls met. */
function laneCell(stage: StageMetrics, live: boolean): Cell {
  if (stage.lanes.count === 0) return NONE;
  return { text: formatShare(live ? stage.lanes.occupancy : (stage.lanes.meanOccupancy ?? stage.lanes.occupancy)) };
}

function heldUpStyle(share: number): Style {
  return share > 0.5 ? 'yellow' : 'none';
}

/** Records that did not come through, in words: silence about them would look like success. */
function lossLines(stages: readonly StageMetrics[], width: number, color: boolean): string[] {
  return stages.flatMap((stage) => {
    const losses = [
      [stage.recordsSkipped, 'skipped'],
      [stage.recordsDeadLettered, 'dead-lettered'],
      [stage.recordsDropped, 'dropped'],
      [stage.recordsLate, 'late'],
    ] as const;
    const told = losses.filter(([count]) => count > 0).map(([count, word]) => `${count} ${word}`);
    if (told.length === 0) return [];
    return [paint(fitText(`${printable(stage.stage)}: ${told.join(', ')}`, width), 'yellow', color)];
  });
}

interface Span {
  inPerSecond: number;
  outPerSecond: number;
  busy: number;
  idle: number;
  backpressured: number;
}

/** Rates and shares of a stage between two readings, or since the job began. */
function spanOf(stage: StageMetrics, before: StageMetrics | undefined, spanMs: number): Span {
  const perSecond = (records: number): number => (spanMs > 0 ? (records * 1_000) / spanMs : 0);
  const rates = {
    inPerSecond: perSecond(stage.recordsIn - (before?.recordsIn ?? 0)),
    outPerSecond: perSecond(stage.recordsOut - (before?.recordsOut ?? 0)),
  };
  const totals = { busy: stage.busy, idle: stage.idle, backpressured: stage.backpressured };
  if (before === undefined) return { ...rates, ...totals };
  const busyMs = totalMs(stage, 'busyMs') - totalMs(before, 'busyMs');
  const idleMs = totalMs(stage, 'idleMs') - totalMs(before, 'idleMs');
  const backpressuredMs = totalMs(stage, 'backpressuredMs') - totalMs(before, 'backpressuredMs');
  const allMs = busyMs + idleMs + backpressuredMs;
  if (!(allMs > 0)) return { ...rates, ...totals };
  return { ...rates, busy: busyMs / allMs, idle: idleMs / allMs, backpressured: backpressuredMs / allMs };
}

function totalMs(stage: StageMetrics, word: 'busyMs' | 'idleMs' | 'backpressuredMs'): number {
  return stage.workers.reduce((sum, worker) => sum + worker[word], 0);
}
