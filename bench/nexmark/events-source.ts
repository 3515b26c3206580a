// The Nexmark stream as a source: persons, auctions and bids in their proportions. Readers run on workers.

import type { Source } from 'millrace';
import { MillraceError } from 'millrace';
import { EventGenerator, type StreamOptions } from './generator/event-generator.ts';
import { isDisorder } from './generator/event-numbers.ts';
import { interleavedSource } from './interleaved-source.ts';
import type { NexmarkEvent } from './model.ts';

export interface EventOptions extends StreamOptions {
  /** How many events of all three kinds together. */
  readonly events: number;
}

export const DEFAULT_RATE = 10_000;

/** Event ids are seeds of 48 bits; this leaves room for the arithmetic around them. */
const MOST_EVENTS = 2 ** 40;
const MOST_RATE = 1e9;
const MOST_DISORDER = 1e6;
const MOST_READ = 512;

/**
 * `events` events, of which one in 50 is a person, three are auctions and 46 are bids; event n is the same whatever the number of workers.
 *
 * Rate is in events per second of event time. Within each group of `disorder` events the order is shuffled. When the events are no multiple of
 * it, the last group is not whole: it then holds some of the ids behind `events` in place of some before, as Beam's does.
 *
 * @throws {MillraceError} ERR_OPTION_INVALID, all problems together
 * @example
 * flow.from(nexmarkEvents({ events: 1_000_000, rate: 10_000, disorder: 50, seed: 1 })).filter(isBid)
 */
export function nexmarkEvents(options: EventOptions): Source<NexmarkEvent> {
  checkEventOptions(options);
  return interleavedSource('nexmark', options.events, () => {
    const generator = new EventGenerator(options, MOST_READ);
    return (from, count) => generator.events(from, count);
  });
}

function checkEventOptions({ events, rate, disorder, seed }: EventOptions): void {
  const problems: string[] = [];
  const rule = (holds: boolean, text: string, name: string, value: number): void => {
    if (!holds) problems.push(`${name} must be ${text}: ${name}=${value}`);
  };
  const isWhole = (value: number, least: number, most: number): boolean =>
    Number.isSafeInteger(value) && value >= least && value <= most;
  rule(isWhole(events, 0, MOST_EVENTS), `a whole number from 0 to ${MOST_EVENTS}`, 'events', events);
  rule(isWhole(rate, 1, MOST_RATE), `a whole number from 1 to ${MOST_RATE}`, 'rate', rate);
  rule(
    isDisorder(disorder) && disorder <= MOST_DISORDER,
    `a whole number from 1 to ${MOST_DISORDER} that is no multiple of 953, which shuffles`,
    'disorder',
    disorder,
  );
  rule(isWhole(seed, 0, 2 ** 48 - 1), 'a whole number from 0 to 2^48 - 1', 'seed', seed);
  if (problems.length > 0) throw new MillraceError('ERR_OPTION_INVALID', `nexmark: ${problems.join('; ')}`);
}
