// The four kinds of join, as types and as code. Any thread.
//
//              a left record without a right one     a right record without a left one
//   inner      left out                              left out
//   left       (l, undefined)                        left out
//   right      left out                              (undefined, r)
//   full       (l, undefined)                        (undefined, r)

import { MillraceError } from '../errors/millrace-error.ts';

export type JoinType = 'inner' | 'left' | 'right' | 'full';

/** What `select` gets for the left side. */
export type LeftOf<L, J extends JoinType> = J extends 'right' | 'full' ? L | undefined : L;

/** What `select` gets for the right side. */
export type RightOf<R, J extends JoinType> = J extends 'left' | 'full' ? R | undefined : R;

const TYPES: readonly string[] = ['inner', 'left', 'right', 'full'] satisfies JoinType[];

/** @throws MillraceError ERR_OPTION_INVALID for what is none of the `allowed` types */
export function checkJoinType(type: string, allowed: readonly string[] = TYPES): void {
  if (allowed.includes(type)) return;
  const rule = `type must be one of ${allowed.map((name) => `'${name}'`).join(', ')}: type=${String(type)}`;
  throw new MillraceError('ERR_OPTION_INVALID', rule);
}

export function keepsLeft(type: JoinType): boolean {
  return type === 'left' || type === 'full';
}

export function keepsRight(type: JoinType): boolean {
  return type === 'right' || type === 'full';
}
