// Refuses options that do not exist: a misspelt one would be left out of account without a word. Any thread.

import { MillraceError } from '../../engine/errors/millrace-error.ts';

/** Throws one ERR_OPTION_UNKNOWN that names every option of `options` that is not among `known`. */
export function checkOptionNames(owner: string, options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  throw new MillraceError(
    'ERR_OPTION_UNKNOWN',
    `${owner} has no option ${unknown.join(', ')}: it has ${known.join(', ')}`,
  );
}
