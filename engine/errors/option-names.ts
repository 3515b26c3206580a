// Refuses options that do not exist: a misspelt one would be left out of account without a word. Any thread.

import { type ErrorPlace, MillraceError } from './millrace-error.ts';

/** @throws MillraceError ERR_OPTION_UNKNOWN that names every option of `options` that is not among `known`, and those that are */
export function checkOptionNames(
  owner: string,
  options: object,
  known: readonly string[],
  place: ErrorPlace = {},
): void {
  const unknown = Object.keys(options).filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  const has = known.length === 0 ? 'none' : known.join(', ');
  throw new MillraceError('ERR_OPTION_UNKNOWN', `${owner} has no option '${unknown.join("', '")}': it has ${has}`, {
    place,
  });
}
