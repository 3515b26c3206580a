import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeySlots } from '../../../engine/window/key-slots.ts';

describe('slots of keys', () => {
  it('are one a key as long as somebody holds it, whatever comes and goes beside it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: 4_000 }), fc.integer({ min: 1, max: 3_000 })), { minLength: 5, maxLength: 20 }),
        (script) => {
          const slots = new KeySlots();
          /** By key: its slot, and how often it is held. */
          const held = new Map<number, { slot: number; times: number }>();
          let next = 0;
          for (const [keep, bring] of script) {
            for (let i = 0; i < bring; i++) {
              // Half of them are known, mostly.
              const key = i % 2 === 0 ? next++ : Math.floor(next / 2) + i;
              const slot = slots.find(key).slot;
              const before = held.get(key);
              if (before !== undefined) expect(slot).toBe(before.slot);
              slots.hold(slot);
              held.set(key, { slot, times: (before?.times ?? 0) + 1 });
            }
            const leaving = [...held].slice(keep);
            slots.release(Int32Array.from(leaving.map(([, { slot }]) => slot)), leaving.length);
            for (const [key, { slot, times }] of leaving) {
              if (times === 1) held.delete(key);
              else held.set(key, { slot, times: times - 1 });
            }
            expect(new Set([...held.values()].map(({ slot }) => slot)).size).toBe(held.size);
            for (const [key, { slot }] of held) {
              expect(slots.peek(key)).toBe(slot);
              expect(slots.at(slot).key).toBe(key);
              expect(slot).toBeLessThan(slots.limit);
            }
          }
        },
      ),
      { numRuns: 8 },
    );
  });

  it('are kept for keys that come again, and given to others when too many wait', () => {
    const slots = new KeySlots();
    const bring = (from: number, count: number): void => {
      const brought = Int32Array.from({ length: count }, (_, i) => slots.find(from + i).slot);
      for (const slot of brought) slots.hold(slot);
      slots.release(brought, count);
    };
    bring(0, 5_000);
    const slot = slots.find(17).slot;
    bring(0, 5_000);
    expect(slots.find(17).slot).toBe(slot);
    // Always others: what waits stays bounded, and so do the slots.
    for (let round = 1; round < 40; round++) bring(round * 5_000, 5_000);
    expect(slots.limit).toBeLessThan(25_000);
    expect(slots.peek(17)).toBe(-1);
  });

  it('are few again when the keys of a burst are gone', () => {
    const slots = new KeySlots();
    const steady = Int32Array.from({ length: 100 }, (_, key) => slots.find(key).slot);
    for (const slot of steady) slots.hold(slot);
    const burst = Int32Array.from({ length: 200_000 }, (_, i) => slots.find(`burst ${i}`).slot);
    for (const slot of burst) slots.hold(slot);
    slots.release(burst, burst.length);
    for (let pane = 0; pane < 1_000; pane++) {
      for (const slot of steady) slots.hold(slot);
      slots.release(steady, steady.length);
    }
    expect(slots.limit).toBeLessThan(3_000);
    for (let key = 0; key < 100; key++) expect(slots.find(key).slot).toBe(steady[key]);
  });

  it('of -0 and 0 are one, and NaN has one', () => {
    const slots = new KeySlots();
    expect(slots.find(-0)).toBe(slots.find(0));
    expect(slots.find(Number.NaN)).toBe(slots.find(Number.NaN));
    expect(slots.find(undefined)).toBe(slots.find(undefined));
    expect(slots.peek(null)).toBe(-1);
  });
});
