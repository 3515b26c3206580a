import { describe, expect, it } from 'vitest';
import { EventGenerator } from '../../../../bench/nexmark/generator/event-generator.ts';
import { JavaRandom } from '../../../../bench/nexmark/generator/java-random.ts';
import {
  type Auction,
  type Bid,
  isAuction,
  isBid,
  isPerson,
  type NexmarkEvent,
  type Person,
} from '../../../../bench/nexmark/model.ts';

// A run of hot keys, in which consecutive seeds draw alike, is some thousand events long: enough for many.
const EVENTS = 100_000;

function eventsOf(options: { seed?: number; disorder?: number; events?: number; from?: number }): NexmarkEvent[] {
  const { seed = 1, disorder = 1, events = EVENTS, from = 0 } = options;
  const generator = new EventGenerator({ rate: 10_000, disorder, seed }, 500);
  const all: NexmarkEvent[] = [];
  for (let at = from; at < from + events; at += 500) {
    for (const event of generator.events(at, Math.min(500, from + events - at))) all.push(event);
  }
  return all;
}

const events = eventsOf({});
const persons: Person[] = events.filter(isPerson);
const auctions: Auction[] = events.filter(isAuction);
const bids: Bid[] = events.filter(isBid);

/** Share of the values for which the test holds. */
function share<T>(values: readonly T[], test: (value: T) => boolean): number {
  return values.filter(test).length / values.length;
}

function sorted(all: readonly NexmarkEvent[]): string[] {
  return all.map((event) => JSON.stringify(event)).sort();
}

describe('the events', () => {
  it('are one person, three auctions and 46 bids in each period of 50', () => {
    expect([persons.length, auctions.length, bids.length]).toEqual([
      EVENTS / 50,
      (EVENTS / 50) * 3,
      (EVENTS / 50) * 46,
    ]);
    const kinds = events.map((event) => (isPerson(event) ? 'p' : isAuction(event) ? 'a' : 'b')).join('');
    expect(kinds.replaceAll(`paaa${'b'.repeat(46)}`, '')).toBe('');
  });

  it('number persons and auctions from 1000 on, each once', () => {
    expect(persons.map(({ id }) => id)).toEqual(persons.map((_, i) => 1000 + i));
    expect(auctions.map(({ id }) => id)).toEqual(auctions.map((_, i) => 1000 + i));
  });

  it('do not depend on how they are asked for', () => {
    const pieces = new EventGenerator({ rate: 10_000, disorder: 50, seed: 3 }, 100);
    const together = eventsOf({ seed: 3, disorder: 50, events: 1000 });
    const apart: NexmarkEvent[] = [];
    // Backwards, in pieces of three lengths.
    for (const [from, count] of [
      [900, 100],
      [817, 83],
      [800, 17],
      ...[7, 6, 5, 4, 3, 2, 1, 0].map((i) => [i * 100, 100]),
    ]) {
      apart.unshift(...pieces.events(from!, count!));
    }
    expect(apart).toEqual(together);
  });

  it('are the same events out of order, none displaced by a group or more', () => {
    const shuffled = eventsOf({ disorder: 50 });
    expect(sorted(shuffled)).toEqual(sorted(events));
    expect(shuffled).not.toEqual(events);
    for (let from = 0; from < EVENTS; from += 50) {
      expect(shuffled[from]!.dateTime).toBeLessThanOrEqual(events[from + 49]!.dateTime);
      expect(shuffled[from]!.dateTime).toBeGreaterThanOrEqual(events[from]!.dateTime);
    }
  });

  it("are Beam's with seeds 0 and 1, and others with each other seed, always the same", () => {
    const some = (seed: number): string[] => eventsOf({ seed, events: 500 }).map((event) => JSON.stringify(event));
    expect(some(0)).toEqual(some(1));
    expect(some(2)).toEqual(some(2));
    for (const [a, b] of [
      [1, 2],
      [1, 3],
      [2, 3],
      [2, 2 ** 47],
    ]) {
      // Ids and times stay; nearly all else differs.
      const others = some(b!);
      expect(some(a!).filter((event, i) => event === others[i])).toEqual([]);
    }
    expect(eventsOf({ seed: 2, events: 500 }).map(({ dateTime }) => dateTime)).toEqual(
      eventsOf({ seed: 1, events: 500 }).map(({ dateTime }) => dateTime),
    );
  });

  it('begin as the draws of java.util.Random say, taken by hand', () => {
    const ofPerson = new JavaRandom(0);
    const first = ['Peter', 'Paul', 'Luke', 'John', 'Saul', 'Vicky', 'Kate', 'Julie', 'Sarah', 'Deiter', 'Walter'];
    const last = ['Shultz', 'Abrams', 'Spencer', 'White', 'Bartels', 'Walton', 'Smith', 'Jones', 'Noris'];
    expect(persons[0]!.name).toBe(`${first[ofPerson.below(11)]} ${last[ofPerson.below(9)]}`);
    // The first bid: event 4, of the only person and three auctions.
    const ofBid = new JavaRandom(4);
    const auction = ofBid.below(2) > 0 ? 0 : ofBid.below(2 + 1 + 10);
    const bidder = ofBid.below(4) > 0 ? 1 : ofBid.below(1 + 10);
    const price = Math.round(10 ** (ofBid.nextDouble() * 6) * 100);
    const channel =
      ofBid.below(2) > 0 ? ['Google', 'Facebook', 'Baidu', 'Apple'][ofBid.below(4)] : `channel-${ofBid.below(10_000)}`;
    expect(bids[0]).toMatchObject({ auction: 1000 + auction, bidder: 1000 + bidder, price, channel });
    // d = 68, delta = 14: from 54 to 81 letters.
    expect(bids[0]!.extra).toHaveLength(68 - 14 + ofBid.below(28));
  });
});

describe('a bid', () => {
  it('goes to the hot auction and comes from the hot bidder as often as the ratios say', () => {
    const last = (index: number): number => 3 * Math.floor(index / 46) + 2;
    expect(
      share(
        bids.map((bid, i) => bid.auction - 1000 === last(i) - (last(i) % 100)),
        Boolean,
      ),
    ).toBeCloseTo(0.5, 1);
    const person = (index: number): number => Math.floor(index / 46);
    expect(
      share(
        bids.map((bid, i) => bid.bidder - 1000 === person(i) - (person(i) % 100) + 1),
        Boolean,
      ),
    ).toBeCloseTo(0.75, 1);
  });

  it('names auctions and bidders in flight, or among the next ten', () => {
    const strays = bids.filter(({ auction, bidder }, i) => {
      const period = Math.floor(i / 46);
      const oldestAuction = 1000 + Math.max(0, 3 * period + 2 - 100);
      const oldestBidder = 1000 + Math.max(0, period - 999);
      return (
        auction < oldestAuction ||
        auction > 1000 + 3 * period + 2 + 10 ||
        bidder < oldestBidder ||
        bidder > 1000 + period + 10
      );
    });
    expect(strays).toEqual([]);
  });

  it('has a price of which the logarithm is uniform', () => {
    const isPrice = (price: number): boolean => Number.isInteger(price) && price >= 100 && price <= 100_000_000;
    expect(bids.filter(({ price }) => !isPrice(price))).toEqual([]);
    for (const exponent of [3, 4, 5, 6, 7]) {
      expect(share(bids, ({ price }) => price < 10 ** exponent)).toBeCloseTo((exponent - 2) / 6, 1);
    }
  });

  it('comes from a hot channel every second time, and always has the url of its channel', () => {
    const hot = new Set(['Google', 'Facebook', 'Baidu', 'Apple']);
    expect(share(bids, ({ channel }) => hot.has(channel))).toBeCloseTo(0.5, 1);
    const urls = new Map<string, Set<string>>();
    for (const { channel, url } of bids) urls.set(channel, (urls.get(channel) ?? new Set()).add(url));
    expect([...urls.values()].filter(({ size }) => size > 1)).toEqual([]);
    const others = [...urls].filter(([channel]) => !hot.has(channel));
    expect(others.length).toBeGreaterThan(9_000);
    expect(share(others, ([, url]) => [...url][0]!.includes('channel_id'))).toBeCloseTo(0.9, 1);
    for (const [channel, [url]] of urls) {
      expect(channel).toMatch(/^(Google|Facebook|Baidu|Apple|channel-\d{1,4})$/);
      expect(url).toMatch(/^https:\/\/www\.nexmark\.com(\/[a-z_]{3,4}){3}\/item\.htm\?query=1(&channel_id=\d{1,10})?$/);
      const id = url!.split('channel_id=')[1];
      // The 32 bits of its number backwards, without the sign.
      const bits = [...Number(channel.slice('channel-'.length)).toString(2).padStart(32, '0')].reverse().join('');
      if (id !== undefined) expect(Number(id)).toBe(Math.abs(Number.parseInt(bits, 2) | 0));
    }
  });

  it('has about a hundred bytes', () => {
    expect(bids.filter(({ extra }) => !/^[a-z]{54,81}$/.test(extra))).toEqual([]);
    const letters = bids
      .slice(0, 2000)
      .map(({ extra }) => extra)
      .join('');
    for (const letter of 'abcdefghijklmnopqrstuvwxyz') {
      expect(share([...letters], (one) => one === letter) * 26, letter).toBeCloseTo(1, 1);
    }
  });
});

describe('an auction', () => {
  it('belongs to the hot seller three times of four, and to a category of five', () => {
    const person = (index: number): number => Math.floor(index / 3);
    const hot = auctions.map(({ seller }, i) => seller - 1000 === person(i) - (person(i) % 100));
    expect(share(hot, Boolean)).toBeCloseTo(0.75, 1);
    for (const category of [10, 11, 12, 13, 14]) {
      expect(share(auctions, (auction) => auction.category === category)).toBeCloseTo(0.2, 1);
    }
  });

  it('closes within twice the time in which a hundred more are opened', () => {
    for (const { dateTime, expires, initialBid, reserve } of auctions) {
      expect(expires - dateTime).toBeGreaterThanOrEqual(1);
      // 1666 events, at 10 a millisecond.
      expect(expires - dateTime).toBeLessThanOrEqual(2 * 167);
      expect(reserve - initialBid).toBeGreaterThanOrEqual(100);
    }
    const mean = auctions.reduce((total, { dateTime, expires }) => total + expires - dateTime, 0) / auctions.length;
    expect(mean).toBeGreaterThan(150);
    expect(mean).toBeLessThan(185);
  });

  it('has words that do not begin or end with a space, and about five hundred bytes', () => {
    for (const { itemName, description, extra } of auctions) {
      expect(itemName).toMatch(/^([a-z]([a-z ]*[a-z])?)?$/);
      expect(itemName.length).toBeLessThan(20);
      expect(description.length).toBeLessThan(100);
      const bytes = 48 + itemName.length + description.length + extra.length;
      expect(bytes).toBeGreaterThanOrEqual(390);
      expect(bytes).toBeLessThanOrEqual(610);
    }
    expect(auctions.some(({ description }) => description.includes(' '))).toBe(true);
  });
});

describe('a person', () => {
  it('has an address, a card, and a city and state of the lists', () => {
    for (const { email, creditCard, city, state, extra } of persons) {
      expect(email).toMatch(/^[a-z ]{0,6}@[a-z ]{0,4}\.com$/);
      expect(creditCard).toMatch(/^\d{4} \d{4} \d{4} \d{4}$/);
      expect(city).not.toBe('');
      expect(['AZ', 'CA', 'ID', 'OR', 'WA', 'WY']).toContain(state);
      expect(extra).toMatch(/^[a-z]+$/);
    }
    expect(new Set(persons.map(({ name }) => name)).size).toBeGreaterThan(80);
    expect(new Set(persons.map(({ city }) => city)).size).toBe(10);
  });
});
