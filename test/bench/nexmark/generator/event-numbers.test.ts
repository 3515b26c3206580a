import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BASE_TIME_MS,
  eventIdOf,
  eventTimeOf,
  isDisorder,
  lastAuction,
  lastPerson,
  oldestTimeFrom,
} from '../../../../bench/nexmark/generator/event-numbers.ts';

describe('event numbers', () => {
  it('count persons and auctions as a walk over all ids does', () => {
    let persons = 0;
    let auctions = 0;
    for (let id = 0; id < 10_000; id++) {
      const place = id % 50;
      if (place < 1) persons++;
      else if (place < 4) auctions++;
      expect(lastPerson(id)).toBe(persons - 1);
      expect(lastAuction(id)).toBe(auctions - 1);
    }
  });

  it('are shuffled within their groups and nowhere else', () => {
    const groupSizes = fc.integer({ min: 1, max: 3000 }).filter(isDisorder);
    fc.assert(
      fc.property(groupSizes, fc.nat(1_000_000), (groupSize, group) => {
        const first = group * groupSize;
        const ids = Array.from({ length: groupSize }, (_, i) => eventIdOf(first + i, groupSize));
        expect([...ids].sort((a, b) => a - b)).toEqual(ids.map((_, i) => first + i));
      }),
    );
    expect(isDisorder(953)).toBe(false);
    expect(isDisorder(0)).toBe(false);
  });

  it('are shuffled as the formula says, where its product is exact', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 40), fc.integer({ min: 1, max: 1000 }).filter(isDisorder), (number, groupSize) => {
        const group = Math.floor(number / groupSize) * groupSize;
        expect(eventIdOf(number, groupSize)).toBe(group + ((number * 953) % groupSize));
      }),
    );
  });

  it('are their own ids in order', () => {
    for (const number of [0, 1, 49, 2 ** 40]) expect(eventIdOf(number, 1)).toBe(number);
  });

  it('have times that rise with the rate', () => {
    expect(BASE_TIME_MS).toBe(1436918400000);
    expect(eventTimeOf(0, 10_000)).toBe(BASE_TIME_MS);
    expect(eventTimeOf(9, 10_000)).toBe(BASE_TIME_MS);
    expect(eventTimeOf(10, 10_000)).toBe(BASE_TIME_MS + 1);
    expect(eventTimeOf(10_000_000, 10_000)).toBe(BASE_TIME_MS + 1_000_000);
    expect(eventTimeOf(1, 3)).toBe(BASE_TIME_MS + 333);
  });

  it('know the oldest time that is still to come', () => {
    for (const groupSize of [1, 7, 50]) {
      const times = Array.from({ length: 700 }, (_, number) => eventTimeOf(eventIdOf(number, groupSize), 10));
      for (let number = 0; number < 350; number++) {
        const oldest = oldestTimeFrom(number, groupSize, 10);
        expect(Math.min(...times.slice(number))).toBeGreaterThanOrEqual(oldest);
        if (number % groupSize === 0) expect(Math.min(...times.slice(number))).toBe(oldest);
      }
    }
  });
});
