// What windows there are, as plain data. Any thread.
//
//   tumbling   |----|----|----|           each record in one window
//   hopping    |--------|                 one window a step, each record in size / step of them
//                  |--------|
//   session    |-- - -|    |- --|         as long as records of the key come within the gap
//   sliding       |------*                one window a record, which ends with it
//   global     |----------------------    one window a key, told when a trigger says so
//
// A window is [start, end) in milliseconds of event time, or of processing time where it says so; starts are aligned to 1970 plus `offsetMs`.

import { MillraceError } from '../errors/millrace-error.ts';

export interface HoppingWindow {
  readonly kind: 'hopping';
  readonly sizeMs: number;
  readonly stepMs: number;
  readonly offsetMs: number;
  /** Present where the clock on the wall decides which window a record is in. */
  readonly time?: 'processing';
}

/** Each record is in one window. */
export interface TumblingWindow extends HoppingWindow {
  readonly touching: true;
}

export interface SessionWindow {
  readonly kind: 'session';
  readonly gapMs: number;
  readonly time?: 'processing';
}

export interface SlidingWindow {
  readonly kind: 'sliding';
  readonly sizeMs: number;
}

export interface GlobalWindow {
  readonly kind: 'global';
  readonly everyCount?: number;
  readonly everyMs?: number;
}

export type WindowSpec = HoppingWindow | SessionWindow | SlidingWindow | GlobalWindow;

export type WindowClock = 'event' | 'processing';

/** `'processing'`: by the clock on the wall when the record comes to its window, and no record is late. Default `'event'`. */
export interface WindowTime<C extends WindowClock = WindowClock> {
  readonly time?: C;
}

/** Windows that are known to go by the clock on the wall have fewer options. */
export type OnClock<W extends WindowSpec, C extends WindowClock> = [C] extends ['processing']
  ? W & { readonly time: 'processing' }
  : W;

/**
 * Windows of `sizeMs` that touch and do not overlap.
 *
 * @example
 * bids.keyBy((b) => b.auction).window(tumbling({ sizeMs: 10_000 })).aggregate(count());
 */
export function tumbling<C extends WindowClock = 'event'>(
  options: { readonly sizeMs: number; readonly offsetMs?: number } & WindowTime<C>,
): OnClock<TumblingWindow, C> {
  const window: TumblingWindow = { ...gridOf({ ...options, stepMs: options.sizeMs }), touching: true };
  return Object.freeze(window) as OnClock<TumblingWindow, C>;
}

/**
 * Windows of `sizeMs` that begin every `stepMs`. The cost of a record does not depend on how many windows it is in; the cost of
 * results does: each window gives one for each of its keys.
 *
 * @example
 * bids.keyBy((b) => b.auction).window(hopping({ sizeMs: 10_000, stepMs: 2_000 })).aggregate(count());
 */
export function hopping<C extends WindowClock = 'event'>(
  options: { readonly sizeMs: number; readonly stepMs: number; readonly offsetMs?: number } & WindowTime<C>,
): OnClock<HoppingWindow, C> {
  return Object.freeze(gridOf(options)) as OnClock<HoppingWindow, C>;
}

function gridOf(
  options: { readonly sizeMs: number; readonly stepMs: number; readonly offsetMs?: number } & WindowTime,
): HoppingWindow {
  const { sizeMs, stepMs, offsetMs = 0 } = options;
  const problems = [
    ...wrongMs('sizeMs', sizeMs, 1),
    ...(Object.is(stepMs, sizeMs) ? [] : wrongMs('stepMs', stepMs, 1)),
    ...wrongMs('offsetMs', offsetMs, Number.MIN_SAFE_INTEGER),
  ];
  if (stepMs > sizeMs) {
    problems.push(
      `stepMs must not be larger than sizeMs, or records would be in no window: stepMs=${stepMs}, sizeMs=${sizeMs}`,
    );
  }
  if (problems.length > 0) throw new MillraceError('ERR_OPTION_INVALID', problems.join('; '));
  return { kind: 'hopping', sizeMs, stepMs, offsetMs, ...timeOf(options) };
}

/**
 * For each key, a window from a record to `gapMs` behind the last one that came less than `gapMs` behind another.
 *
 * @example
 * clicks.keyBy((c) => c.user).window(session({ gapMs: 30 * 60_000 })).aggregate(count());
 */
export function session<C extends WindowClock = 'event'>(
  options: { readonly gapMs: number } & WindowTime<C>,
): OnClock<SessionWindow, C> {
  wholeMs('gapMs', options.gapMs, 1);
  const window: SessionWindow = { kind: 'session', gapMs: options.gapMs, ...timeOf(options) };
  return Object.freeze(window) as OnClock<SessionWindow, C>;
}

/**
 * For each record the window that ends with it: records of its key in (t - sizeMs, t], as [t - sizeMs + 1, t + 1). One result a record, in the
 * order of their times, once no record before or beside it can follow.
 *
 * @example
 * bids.keyBy((b) => b.auction).window(sliding({ sizeMs: 60_000 })).aggregate(max((b) => b.price));
 */
export function sliding(options: { readonly sizeMs: number }): SlidingWindow {
  wholeMs('sizeMs', options.sizeMs, 1);
  return Object.freeze({ kind: 'sliding', sizeMs: options.sizeMs });
}

/**
 * One window for all records of a key: it tells what it has come to after every `everyCount` records of the key, or `everyMs` of the clock on
 * the wall behind a record (`emission: 'early'`), and what came since then when the input ends (`emission: 'final'`). Bounds: ±Infinity.
 *
 * @example
 * bids.keyBy((b) => b.auction).window(global({ everyCount: 100 })).aggregate(mean((b) => b.price));
 */
export function global(options: { readonly everyCount?: number; readonly everyMs?: number }): GlobalWindow {
  const { everyCount, everyMs } = options;
  if (everyCount === undefined && everyMs === undefined) {
    throw new MillraceError('ERR_OPTION_INVALID', 'a global window needs a trigger: everyCount, everyMs or both');
  }
  if (everyCount !== undefined && !(Number.isSafeInteger(everyCount) && everyCount >= 1)) {
    const rule = `everyCount must be a whole number from 1 up: everyCount=${everyCount}`;
    throw new MillraceError('ERR_OPTION_INVALID', rule);
  }
  if (everyMs !== undefined) wholeMs('everyMs', everyMs, 1);
  return Object.freeze({
    kind: 'global',
    ...(everyCount === undefined ? {} : { everyCount }),
    ...(everyMs === undefined ? {} : { everyMs }),
  });
}

/** Whether event time decides which window a record is in. */
export function isByEventTime(window: WindowSpec): boolean {
  return window.kind === 'sliding' || (window.kind !== 'global' && window.time === undefined);
}

function timeOf({ time }: WindowTime): { time?: 'processing' } {
  if (time === 'processing') return { time };
  if (time === undefined || time === 'event') return {};
  const rule = `time must be 'event' or 'processing': time=${String(time)}`;
  throw new MillraceError('ERR_OPTION_INVALID', rule);
}

/** The longest slices of time that no window cuts: panes. Windows that overlap share them. */
export function paneMs({ sizeMs, stepMs }: HoppingWindow): number {
  let [a, b] = [sizeMs, stepMs];
  while (b !== 0) [a, b] = [b, a % b];
  return a;
}

export function wholeMs(name: string, value: number, least: number): void {
  for (const problem of wrongMs(name, value, least)) throw new MillraceError('ERR_OPTION_INVALID', problem);
}

/** What is wrong with a number of milliseconds, if anything is. */
export function* wrongMs(name: string, value: number, least: number): Generator<string> {
  if (Number.isSafeInteger(value) && value >= least) return;
  yield `${name} must be a whole number of milliseconds${least > Number.MIN_SAFE_INTEGER ? `, ${least} or more` : ''}: ${name}=${value}`;
}
