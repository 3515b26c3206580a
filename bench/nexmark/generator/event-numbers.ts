// From the number of an event to its id, its time and the ids around it, as Apache Beam's generator defines them. Any thread.
//
//   number     0 1 2 3 ...             the order in which events leave the generator
//   id         number, or, out of order by groups of g, (number / g) * g + (number * 953) mod g
//   period     50 ids: one person, three auctions, 46 bids
//
// 953 is prime: multiplying by it permutes the numbers of a group, unless g is a multiple of it.

export const PERIOD = 50;
export const PERSONS_A_PERIOD = 1;
export const AUCTIONS_A_PERIOD = 3;

export const FIRST_PERSON = 1000;
export const FIRST_AUCTION = 1000;
export const FIRST_CATEGORY = 10;
export const CATEGORIES = 5;

export const BASE_TIME_MS: number = Date.UTC(2015, 6, 15);

const SHUFFLE = 953;

export function isDisorder(groupSize: number): boolean {
  return Number.isSafeInteger(groupSize) && groupSize >= 1 && groupSize % SHUFFLE !== 0;
}

/** The id of the event with this number. */
export function eventIdOf(number: number, groupSize: number): number {
  const place = number % groupSize;
  // (number * 953) mod g, kept small: the remainder of an integer is ten times as fast as that of a double.
  return number - place + ((place * SHUFFLE) % groupSize);
}

/** The time of an event by its id, in ms. */
export function eventTimeOf(id: number, ratePerSecond: number): number {
  return BASE_TIME_MS + Math.floor((id * 1000) / ratePerSecond);
}

/** No event with this number or a later one is older, in ms. */
export function oldestTimeFrom(number: number, groupSize: number, ratePerSecond: number): number {
  return eventTimeOf(number - (number % groupSize), ratePerSecond);
}

/** The youngest person that exists at this event, counted from 0; at a person, that one. */
export function lastPerson(id: number): number {
  return Math.floor(id / PERIOD);
}

/** The youngest auction that exists at this event, counted from 0; at an auction, that one. -1 at the very first event. */
export function lastAuction(id: number): number {
  const period = Math.floor(id / PERIOD);
  const offset = id % PERIOD;
  if (offset < PERSONS_A_PERIOD) return period * AUCTIONS_A_PERIOD - 1;
  return period * AUCTIONS_A_PERIOD + Math.min(offset - PERSONS_A_PERIOD, AUCTIONS_A_PERIOD - 1);
}
