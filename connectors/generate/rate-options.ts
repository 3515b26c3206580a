// The options of ratePerSecond: checked once, all problems in one error. Any thread.

import { MillraceError } from '../../engine/errors/millrace-error.ts';
import { checkOptionNames } from '../../engine/errors/option-names.ts';
import type { Arrival } from './arrivals.ts';

export interface RateOptions {
  /** End after so many records. Absent, and without durationMs: never. */
  count?: number;
  /** End before the first record that is due later than this. */
  durationMs?: number;
  /** Fail with `ERR_SOURCE` when a record is handed out later than this after it was due. Absent: however late. */
  maxBehindMs?: number;
  /** `constant` (the default): evenly spaced. `poisson`: independent arrivals of that mean rate. */
  arrival?: Arrival;
  /** Of the Poisson arrivals. Default 1. */
  seed?: number;
  /** How many workers share the rate; record i belongs to split i mod splits. At most the number of workers. Default 1. */
  splits?: number;
  /**
   * Wait for a record that is due within 2 ms by asking for the time again and again: a busy core instead of the coarseness of timers
   * (about 1 ms, which counts as latency). Default false.
   */
  spin?: boolean;
  /** For people, plans and errors. */
  name?: string;
}

/** Every option with its value; what is unlimited is Infinity. */
export type CheckedRateOptions = Required<RateOptions> & { rate: number };

const FASTEST_PER_SECOND = 1e9;
const MOST_SPLITS = 1024;
const OPTION_NAMES = ['count', 'durationMs', 'maxBehindMs', 'arrival', 'seed', 'splits', 'spin', 'name'];

/** Throws ERR_OPTION_UNKNOWN or ERR_OPTION_INVALID; fills in the defaults. */
export function checkRateOptions(rate: number, make: unknown, options: RateOptions): CheckedRateOptions {
  checkOptionNames('ratePerSecond', options, OPTION_NAMES);
  const {
    count = Number.POSITIVE_INFINITY,
    durationMs = Number.POSITIVE_INFINITY,
    maxBehindMs = Number.POSITIVE_INFINITY,
    arrival = 'constant',
    seed = 1,
    splits = 1,
    spin = false,
    name = `ratePerSecond(${String(rate)})`,
  } = options;
  const problems: string[] = [];
  const rule = (holds: boolean, text: string, option: string, value: unknown): void => {
    if (!holds) problems.push(`${option} must be ${text}: ${option}=${String(value)}`);
  };
  rule(
    typeof rate === 'number' && rate > 0 && rate <= FASTEST_PER_SECOND,
    `above 0 and at most ${FASTEST_PER_SECOND}`,
    'rate',
    rate,
  );
  rule(typeof make === 'function', 'a function', 'make', make);
  rule(
    options.count === undefined || (Number.isSafeInteger(count) && count >= 0),
    'an integer of at least 0',
    'count',
    count,
  );
  rule(typeof durationMs === 'number' && durationMs > 0, 'above 0', 'durationMs', durationMs);
  rule(typeof maxBehindMs === 'number' && maxBehindMs >= 0, 'at least 0', 'maxBehindMs', maxBehindMs);
  rule(arrival === 'constant' || arrival === 'poisson', "'constant' or 'poisson'", 'arrival', arrival);
  rule(Number.isSafeInteger(seed), 'an integer', 'seed', seed);
  rule(
    Number.isInteger(splits) && splits >= 1 && splits <= MOST_SPLITS,
    `an integer from 1 to ${MOST_SPLITS}`,
    'splits',
    splits,
  );
  rule(typeof spin === 'boolean', 'true or false', 'spin', spin);
  rule(typeof name === 'string' && name !== '', 'a string that is not empty', 'name', name);
  if (problems.length > 0) throw new MillraceError('ERR_OPTION_INVALID', `ratePerSecond: ${problems.join('; ')}`);
  return { rate, count, durationMs, maxBehindMs, arrival, seed, splits, spin, name };
}
