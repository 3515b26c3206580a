// What windows do about results before the end and records behind it. Any thread.

import { MillraceError } from '../errors/millrace-error.ts';
import { checkOptionNames } from '../errors/option-names.ts';
import {
  type GlobalWindow,
  isByEventTime,
  paneMs,
  type SessionWindow,
  type SlidingWindow,
  type TumblingWindow,
  type WindowSpec,
  wrongMs,
} from './window-spec.ts';

export interface WindowOptions {
  /**
   * How long behind its end a window still takes records: those that come give their key's result anew (`emission: 'late'`), several that
   * come together give one. Default 0 ms. Tumbling, hopping and session windows of event time only.
   */
  readonly allowedLatenessMs?: number;
  /**
   * Tells what open windows have come to, every so many ms of the clock on the wall (`emission: 'early'`); of sessions, those that have
   * changed. Default: never. Tumbling, hopping and session windows only.
   */
  readonly earlyMs?: number;
  /** Each result holds only what came since the one before it, instead of all. Tumbling and global windows only. Default false. */
  readonly discarding?: boolean;
  /** Combine on each worker before the exchange. Default true. Tumbling and hopping windows only. */
  readonly preaggregate?: boolean;
}

/** Options that say nothing to windows of this kind; of several kinds, those that say nothing to one of them. */
type RefusedBy<W extends WindowSpec> =
  | (W extends GlobalWindow ? 'allowedLatenessMs' | 'earlyMs' | 'preaggregate' | 'late' : never)
  | (W extends SlidingWindow ? 'allowedLatenessMs' | 'earlyMs' | 'discarding' | 'preaggregate' : never)
  | (W extends SessionWindow ? 'discarding' | 'preaggregate' : never)
  | (W extends { readonly kind: 'hopping' } ? (W extends TumblingWindow ? never : 'discarding') : never)
  | (W extends { readonly time: 'processing' } ? 'allowedLatenessMs' | 'late' : never);

/** Those of the options `O` that windows of this kind have. A window of which nothing is known is checked when the job is built. */
export type OptionsOf<W extends WindowSpec, O> = [WindowSpec] extends [W]
  ? O
  : Omit<O, RefusedBy<W>> & { readonly [P in RefusedBy<W>]?: never };

const OPTION_NAMES = ['allowedLatenessMs', 'earlyMs', 'discarding', 'preaggregate', 'late'];

/** @throws MillraceError ERR_OPTION_UNKNOWN or ERR_OPTION_INVALID, naming every option that is wrong; ERR_JOB_GRAPH without event time where it takes that */
export function checkWindow(window: WindowSpec, options: WindowOptions, job: string, hasEventTime: boolean): void {
  const place = { job };
  checkOptionNames('window', options, OPTION_NAMES, place);
  const problems = [...problemsWith(window, options)];
  if (problems.length > 0) throw new MillraceError('ERR_OPTION_INVALID', problems.join('; '), { place });
  if (isByEventTime(window) && !hasEventTime) {
    const rule = 'a window needs event time: call .eventTime((record) => ...) behind the source';
    throw new MillraceError('ERR_JOB_GRAPH', rule, { place });
  }
}

function* problemsWith(window: WindowSpec, options: WindowOptions): Generator<string> {
  const { allowedLatenessMs, earlyMs, discarding } = options;
  if (allowedLatenessMs !== undefined) yield* wrongMs('allowedLatenessMs', allowedLatenessMs, 0);
  if (earlyMs !== undefined) yield* wrongMs('earlyMs', earlyMs, 1);
  const { kind } = window;
  const unknown = NOT_FOR[kind].filter((name) => options[name] !== undefined && options[name] !== false);
  if (unknown.length > 0) yield `${kind} windows have no option '${unknown.join("', '")}'`;
  if ((kind === 'hopping' || kind === 'session') && window.time === 'processing' && allowedLatenessMs !== undefined) {
    yield "windows of processing time have no option 'allowedLatenessMs': no record is late there";
  }
  if (kind !== 'hopping' || discarding !== true) return;
  if (paneMs(window) !== window.sizeMs || allowedLatenessMs !== undefined) {
    yield 'discarding needs tumbling windows without allowedLatenessMs: a record in several windows cannot be discarded from one';
  }
}

/** As the types say (RefusedBy), for those who have none. */
const NOT_FOR: Readonly<Record<WindowSpec['kind'], readonly ('allowedLatenessMs' | 'earlyMs' | 'discarding')[]>> = {
  hopping: [],
  session: ['discarding'],
  sliding: ['allowedLatenessMs', 'earlyMs', 'discarding'],
  global: ['allowedLatenessMs', 'earlyMs'],
};
