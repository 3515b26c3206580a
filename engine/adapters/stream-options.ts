// Options that every source over something in memory or a stream takes, and their check. Any thread.

import { MillraceError } from '../errors/millrace-error.ts';
import { checkOptionNames } from '../errors/option-names.ts';

export interface StreamSourceOptions {
  /** For people, plans and errors. */
  name?: string;
  /** False for a source that never ends by itself. Default true. */
  bounded?: boolean;
}

const OPTION_NAMES = ['name', 'bounded'];

/** Throws ERR_OPTION_UNKNOWN or ERR_OPTION_INVALID; fills in the defaults. */
export function checkStreamSourceOptions(
  of: string,
  options: StreamSourceOptions,
  defaultName: string,
): Required<StreamSourceOptions> {
  checkOptionNames(of, options, OPTION_NAMES);
  const { name = defaultName, bounded = true } = options;
  if (typeof name !== 'string' || name === '') {
    throw new MillraceError(
      'ERR_OPTION_INVALID',
      `${of}: name must be a string that is not empty: name=${String(name)}`,
    );
  }
  if (typeof bounded !== 'boolean') {
    throw new MillraceError('ERR_OPTION_INVALID', `${of}: bounded must be true or false: bounded=${String(bounded)}`);
  }
  return { name, bounded };
}
