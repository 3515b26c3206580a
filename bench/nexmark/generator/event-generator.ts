// Events by their numbers, whole and a batch at a time. Any thread.
//
// Two passes over a batch. The first makes all draws of all events in their order: numbers go into columns, text into a TextBatch. The
// second builds the records, with text cut from the one string of the batch. Every field of every event is computed; what a query does
// not read is not left out.
//
// Draws follow Apache Beam's generator: the random generator of an event is seeded with its id, so that an event does not depend on which
// worker makes it. Channel and url are those of nexmark/nexmark.

import type { Auction, Bid, NexmarkEvent, Person } from '../model.ts';
import { type Channels, channelsOf, HOT_CHANNELS, OTHER_CHANNELS } from './channels.ts';
import {
  AUCTIONS_A_PERIOD,
  CATEGORIES,
  eventIdOf,
  eventTimeOf,
  FIRST_AUCTION,
  FIRST_CATEGORY,
  FIRST_PERSON,
  lastAuction,
  lastPerson,
  PERIOD,
  PERSONS_A_PERIOD,
} from './event-numbers.ts';
import { JavaRandom } from './java-random.ts';
import { TextBatch } from './text-batch.ts';

export interface StreamOptions {
  /** Events per second of event time. */
  readonly rate: number;
  /** Size of the groups within which events are out of order; 1 is in order. */
  readonly disorder: number;
  /** 0 and 1 are Beam's own stream. */
  readonly seed: number;
}

/** What LCG states of seed s are changed by; nothing for Beam's own stream. */
export interface Salt {
  readonly high: number;
  readonly low: number;
}

const FIRST_NAMES = ['Peter', 'Paul', 'Luke', 'John', 'Saul', 'Vicky', 'Kate', 'Julie', 'Sarah', 'Deiter', 'Walter'];
const LAST_NAMES = ['Shultz', 'Abrams', 'Spencer', 'White', 'Bartels', 'Walton', 'Smith', 'Jones', 'Noris'];
const NAMES = FIRST_NAMES.flatMap((first) => LAST_NAMES.map((last) => `${first} ${last}`));
const CITIES = [
  'Phoenix',
  'Los Angeles',
  'San Francisco',
  'Boise',
  'Portland',
  'Bend',
  'Redmond',
  'Seattle',
  'Kent',
  'Cheyenne',
];
const STATES = ['AZ', 'CA', 'ID', 'OR', 'WA', 'WY'];

/** The hot one is the first of the last hundred. */
const HOT_BATCH = 100;
const ACTIVE_PERSONS = 1000;
const AUCTIONS_IN_FLIGHT = 100;
/** Ids that are not yet there are used as well: so many. */
const LEAD = 10;
const CARD_GROUPS = 4;
/** Events until as many auctions as are in flight have been opened. */
const EVENTS_IN_FLIGHT = Math.floor((AUCTIONS_IN_FLIGHT * PERIOD) / AUCTIONS_A_PERIOD);

const PERSON_BYTES = 200;
const AUCTION_BYTES = 500;
const BID_BYTES = 100;
const FIRST_BID = PERSONS_A_PERIOD + AUCTIONS_A_PERIOD;
const SPACE = 0x20;
/** The error of a price computed by exp is below 1e-6: 1e8 times a few units of the last place of the exponent, which is at most 14. */
const NEARLY_HALF = 0.5 - 1e-5;

/** What the first pass leaves of an event: at most seven numbers, and start and end of at most four pieces of text. */
const NUMBERS = 7;
const CUTS = 8;
/** Of an auction: 20 + 100 + 1.2 * 460, and room to align. */
const LONGEST_TEXT = 700;

export class EventGenerator {
  readonly #options: StreamOptions;
  readonly #salt: Salt;
  readonly #channels: Channels;
  readonly #random: JavaRandom = new JavaRandom();
  readonly #text: TextBatch;
  readonly #batch: number;
  readonly #ids: Float64Array;
  readonly #numbers: Float64Array;
  readonly #cuts: Int32Array;

  /** @param batch most events that are asked for at once */
  constructor(options: StreamOptions, batch: number) {
    this.#options = options;
    this.#salt = saltOf(options.seed);
    this.#channels = channelsOf(this.#salt.high, this.#salt.low);
    this.#text = new TextBatch(batch * LONGEST_TEXT);
    this.#batch = batch;
    this.#ids = new Float64Array(batch);
    this.#numbers = new Float64Array(batch * NUMBERS);
    this.#cuts = new Int32Array(batch * CUTS);
  }

  /** The events with the numbers [from, from + count). */
  events(from: number, count: number): NexmarkEvent[] {
    if (count > this.#batch) throw new RangeError(`at most ${this.#batch} events at once: count=${count}`);
    const { disorder } = this.#options;
    this.#text.clear();
    for (let i = 0; i < count; i++) this.#draw(i, eventIdOf(from + i, disorder));
    const text = this.#text.take();
    const ids = this.#ids;
    const events = new Array<NexmarkEvent>(count);
    for (let i = 0; i < count; i++) {
      const offset = ids[i]! % PERIOD;
      events[i] =
        offset >= FIRST_BID
          ? this.#bid(i, text)
          : offset >= PERSONS_A_PERIOD
            ? this.#auction(i, text)
            : this.#person(i, text);
    }
    return events;
  }

  #draw(i: number, id: number): void {
    const { rate } = this.#options;
    const { high, low } = this.#salt;
    this.#random.seed(id, high, low);
    this.#ids[i] = id;
    const timeMs = eventTimeOf(id, rate);
    const offset = id % PERIOD;
    if (offset >= FIRST_BID) this.#drawBid(i, id, timeMs);
    else if (offset >= PERSONS_A_PERIOD) this.#drawAuction(i, id, timeMs);
    else this.#drawPerson(i, id, timeMs);
  }

  #drawBid(i: number, id: number, timeMs: number): void {
    const random = this.#random;
    const numbers = this.#numbers;
    const at = i * NUMBERS;
    const auction = lastAuction(id);
    numbers[at] =
      FIRST_AUCTION + (random.below(2) > 0 ? auction - (auction % HOT_BATCH) : nextAuction(random, auction));
    const person = lastPerson(id);
    numbers[at + 1] =
      FIRST_PERSON + (random.below(4) > 0 ? person - (person % HOT_BATCH) + 1 : nextPerson(random, person));
    numbers[at + 2] = price(random);
    numbers[at + 3] =
      random.below(2) > 0 ? random.below(HOT_CHANNELS.length) : HOT_CHANNELS.length + random.below(OTHER_CHANNELS);
    numbers[at + 4] = timeMs;
    this.#text.extra(random, 32, BID_BYTES);
    this.#cut(i, 0);
  }

  #bid(i: number, text: string): Bid {
    const numbers = this.#numbers;
    const at = i * NUMBERS;
    const channel = numbers[at + 3]!;
    return {
      auction: numbers[at]!,
      bidder: numbers[at + 1]!,
      price: numbers[at + 2]!,
      channel: this.#channels.names[channel]!,
      url: this.#channels.urls[channel]!,
      dateTime: numbers[at + 4]!,
      extra: this.#piece(i, 0, text),
    };
  }

  #drawAuction(i: number, id: number, timeMs: number): void {
    const random = this.#random;
    const numbers = this.#numbers;
    const at = i * NUMBERS;
    const person = lastPerson(id);
    numbers[at] = FIRST_AUCTION + lastAuction(id);
    numbers[at + 1] = FIRST_PERSON + (random.below(4) > 0 ? person - (person % HOT_BATCH) : nextPerson(random, person));
    numbers[at + 2] = FIRST_CATEGORY + random.below(CATEGORIES);
    const initialBid = price(random);
    numbers[at + 3] = initialBid;
    const horizonMs = eventTimeOf(id + EVENTS_IN_FLIGHT, this.#options.rate) - timeMs;
    numbers[at + 4] = timeMs + 1 + random.below(Math.max(2 * horizonMs, 1));
    this.#text.words(random, 20, SPACE);
    const nameBytes = this.#cut(i, 0);
    this.#text.words(random, 100, SPACE);
    const descriptionBytes = this.#cut(i, 1);
    numbers[at + 5] = initialBid + price(random);
    numbers[at + 6] = timeMs;
    this.#text.extra(random, 8 + nameBytes + descriptionBytes + 40, AUCTION_BYTES);
    this.#cut(i, 2);
  }

  #auction(i: number, text: string): Auction {
    const numbers = this.#numbers;
    const at = i * NUMBERS;
    return {
      id: numbers[at]!,
      itemName: this.#piece(i, 0, text),
      description: this.#piece(i, 1, text),
      initialBid: numbers[at + 3]!,
      reserve: numbers[at + 5]!,
      dateTime: numbers[at + 6]!,
      expires: numbers[at + 4]!,
      seller: numbers[at + 1]!,
      category: numbers[at + 2]!,
      extra: this.#piece(i, 2, text),
    };
  }

  #drawPerson(i: number, id: number, timeMs: number): void {
    const random = this.#random;
    const text = this.#text;
    const numbers = this.#numbers;
    const at = i * NUMBERS;
    numbers[at] = FIRST_PERSON + lastPerson(id);
    const firstName = random.below(FIRST_NAMES.length);
    const name = firstName * LAST_NAMES.length + random.below(LAST_NAMES.length);
    // Two cuts, joined when the record is built: between them may lie spaces that were trimmed.
    text.words(random, 7, SPACE);
    const userBytes = this.#cut(i, 0);
    text.words(random, 5, SPACE);
    const hostBytes = this.#cut(i, 1);
    text.digitGroups(random, CARD_GROUPS);
    const cardBytes = this.#cut(i, 2);
    const city = random.below(CITIES.length);
    const state = random.below(STATES.length);
    numbers[at + 1] = name;
    numbers[at + 2] = city;
    numbers[at + 3] = state;
    numbers[at + 4] = timeMs;
    const tableBytes = NAMES[name]!.length + CITIES[city]!.length + STATES[state]!.length;
    text.extra(random, 8 + tableBytes + userBytes + '@.com'.length + hostBytes + cardBytes, PERSON_BYTES);
    this.#cut(i, 3);
  }

  #person(i: number, text: string): Person {
    const numbers = this.#numbers;
    const at = i * NUMBERS;
    return {
      id: numbers[at]!,
      name: NAMES[numbers[at + 1]!]!,
      email: `${this.#piece(i, 0, text)}@${this.#piece(i, 1, text)}.com`,
      creditCard: this.#piece(i, 2, text),
      city: CITIES[numbers[at + 2]!]!,
      state: STATES[numbers[at + 3]!]!,
      dateTime: numbers[at + 4]!,
      extra: this.#piece(i, 3, text),
    };
  }

  /** Remembers where the text that was written last lies, as piece `piece` of event i; returns its length. */
  #cut(i: number, piece: number): number {
    const { start, end } = this.#text;
    const at = i * CUTS + 2 * piece;
    this.#cuts[at] = start;
    this.#cuts[at + 1] = end;
    return end - start;
  }

  #piece(i: number, piece: number, text: string): string {
    const at = i * CUTS + 2 * piece;
    return text.substring(this.#cuts[at]!, this.#cuts[at + 1]!);
  }
}

/** A person near `last`, the youngest there is: one of the thousand before, or of the ten that are yet to come. */
function nextPerson(random: JavaRandom, last: number): number {
  const persons = last + 1;
  const active = Math.min(persons, ACTIVE_PERSONS);
  return persons - active + random.below(active + LEAD);
}

/** An auction near `last`: one of the hundred before, or of the ten that are yet to come. */
function nextAuction(random: JavaRandom, last: number): number {
  const oldest = Math.max(last - AUCTIONS_IN_FLIGHT, 0);
  return oldest + random.below(last - oldest + 1 + LEAD);
}

/**
 * In cents: round(10^(6 u) * 100), so 100 to 100 000 000, its logarithm uniform. The power by exp takes half the time of `**`; where it is so close
 * to a half that its last bits would decide the rounding, the power itself does: so the answer is that of the formula.
 */
function price(random: JavaRandom): number {
  const exponent = random.nextDouble() * 6;
  const near = Math.exp(exponent * Math.LN10) * 100;
  const rounded = Math.floor(near + 0.5);
  return Math.abs(near - rounded) < NEARLY_HALF ? rounded : Math.round(10 ** exponent * 100);
}

/** Of seed s: 48 bits drawn from `new Random(s)`. Java's own scrambling sees to it that small seeds differ in many bits. */
function saltOf(seed: number): Salt {
  if (seed <= 1) return { high: 0, low: 0 };
  const random = new JavaRandom(seed);
  random.nextInt();
  return { high: random.nextInt(), low: random.nextInt() & 0xffff };
}
