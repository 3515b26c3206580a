// What windows do about results before the end and records behind it. Any thread.

import { MillraceError } from '../errors/millrace-error.ts';
import { checkOptionNames } from '../errors/option-names.ts';
import { paneMs, type WindowSpec, wrongMs } from './window-spec.ts';

export interface WindowOptions {
  /**
   * How long behind its end a window still takes records: those that come give their key's result anew (`emission: 'late'`), several that
   * come together give one. Default 0 ms.
   */
  readonly allowedLatenessMs?: number;
  /** Tells what open windows have come to, every so many ms of the clock on the wall (`emission: 'early'`). Default: never. */
  readonly earlyMs?: number;
  /** Each result holds only what came since the one before it, instead of all. Tumbling and global windows only. Default false. */
  readonly discarding?: boolean;
  /** Combine on each worker before the exchange. Default true. */
  readonly preaggregate?: boolean;
}

const OPTION_NAMES = ['allowedLatenessMs', 'earlyMs', 'discarding', 'preaggregate', 'late'];

/** @throws MillraceError ERR_OPTION_UNKNOWN or ERR_OPTION_INVALID, naming every option that is wrong */
export function checkWindowOptions(window: WindowSpec, options: WindowOptions, job: string): void {
  const place = { job };
  checkOptionNames('window', options, OPTION_NAMES, place);
  const problems = [...problemsWith(window, options)];
  if (problems.length > 0) throw new MillraceError('ERR_OPTION_INVALID', problems.join('; '), { place });
}

function* problemsWith(window: WindowSpec, options: WindowOptions): Generator<string> {
  const { allowedLatenessMs, earlyMs, discarding } = options;
  if (allowedLatenessMs !== undefined) yield* wrongMs('allowedLatenessMs', allowedLatenessMs, 0);
  if (earlyMs !== undefined) yield* wrongMs('earlyMs', earlyMs, 1);
  if (window.kind !== 'hopping' || window.time === 'processing') {
    const others = window.kind === 'global' ? [] : (['discarding'] as const);
    const wrong = (['allowedLatenessMs', 'earlyMs', ...others] as const).filter((name) => options[name]);
    const which = window.kind === 'hopping' ? 'windows of processing time' : `${window.kind} windows`;
    if (wrong.length > 0) yield `${which} have no option '${wrong.join("', '")}' yet`;
  } else if (discarding === true && (paneMs(window) !== window.sizeMs || allowedLatenessMs !== undefined)) {
    yield 'discarding needs tumbling windows without allowedLatenessMs: a record in several windows cannot be discarded from one';
  }
}
