// What windows there are, as plain data. Any thread.
//
//   tumbling   |----|----|----|           each record in one window
//   hopping    |--------|                 one window a step, each record in size / step of them
//                  |--------|
//   session    |-- - -|    |- --|         as long as records of the key come within the gap
//
// A window is [start, end) in milliseconds of event time; starts are aligned to 1970 plus `offsetMs`.

import { MillraceError } from '../errors/millrace-error.ts';

export interface HoppingWindow {
  readonly kind: 'hopping';
  readonly sizeMs: number;
  readonly stepMs: number;
  readonly offsetMs: number;
}

export interface SessionWindow {
  readonly kind: 'session';
  readonly gapMs: number;
}

export type WindowSpec = HoppingWindow | SessionWindow;

/**
 * Windows of `sizeMs` that touch and do not overlap.
 *
 * @example
 * bids.keyBy((b) => b.auction).window(tumbling({ sizeMs: 10_000 })).aggregate(count());
 */
export function tumbling(options: { readonly sizeMs: number; readonly offsetMs?: number }): WindowSpec {
  return hopping({ ...options, stepMs: options.sizeMs });
}

/**
 * Windows of `sizeMs` that begin every `stepMs`. The cost of a record does not depend on how many windows it is in; the cost of
 * results does: each window gives one for each of its keys.
 *
 * @example
 * bids.keyBy((b) => b.auction).window(hopping({ sizeMs: 10_000, stepMs: 2_000 })).aggregate(count());
 */
export function hopping(options: {
  readonly sizeMs: number;
  readonly stepMs: number;
  readonly offsetMs?: number;
}): WindowSpec {
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
  return Object.freeze({ kind: 'hopping', sizeMs, stepMs, offsetMs });
}

/**
 * For each key, a window from a record to `gapMs` behind the last one that came less than `gapMs` behind another.
 *
 * @example
 * clicks.keyBy((c) => c.user).window(session({ gapMs: 30 * 60_000 })).aggregate(count());
 */
export function session(options: { readonly gapMs: number }): WindowSpec {
  wholeMs('gapMs', options.gapMs, 1);
  return Object.freeze({ kind: 'session', gapMs: options.gapMs });
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
