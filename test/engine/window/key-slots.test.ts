import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeySlots } from '../../../engine/window/key-slots.ts';

/** Looked up and held, as a pane does. */
function broughtTo(slots: KeySlots, count: number, keyOf: (i: number) => unknown): Int32Array {
  return Int32Array.from({ length: count }, (_, i) => {
    const slot = slots.find(keyOf(i));
    slots.hold(slot);
    return slot;
  });
}

describe('slots of keys', () => {
  it('are one a key as long as somebody holds it, whatever comes and goes beside it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: 40_000 }), fc.integer({ min: 1, max: 30_000 })), {
          minLength: 5,
          maxLength: 20,
        }),
        (script) => {
          const slots = new KeySlots();
          /** By key: its slot, and how often it is held. */
          const held = new Map<number, { slot: number; times: number }>();
          let next = 0;
          for (const [keep, bring] of script) {
            for (let i = 0; i < bring; i++) {
              // Half of them are known, mostly.
              const key = i % 2 === 0 ? next++ : Math.floor(next / 2) + i;
              const slot = slots.find(key);
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
              expect(slots.keyAt(slot)).toBe(key);
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
      slots.release(
        broughtTo(slots, count, (i) => from + i),
        count,
      );
    };
    bring(0, 50_000);
    const slot = slots.peek(17);
    expect(slot).toBeGreaterThanOrEqual(0);
    for (let round = 0; round < 5; round++) bring(0, 50_000);
    expect(slots.peek(17)).toBe(slot);
    // Always others: what waits stays bounded, and so do the slots.
    for (let round = 1; round < 40; round++) bring(round * 50_000, 50_000);
    expect(slots.limit).toBeLessThan(100_000);
    expect(slots.peek(17)).toBe(-1);
  });

  it('are few again when the keys of a burst are gone', () => {
    const slots = new KeySlots();
    const steady = broughtTo(slots, 100, (i) => i);
    const burst = broughtTo(slots, 200_000, (i) => `burst ${i}`);
    slots.release(burst, burst.length);
    // They wait for the next pane, and no longer.
    expect(slots.waiting).toBe(200_000);
    for (const slot of steady) slots.hold(slot);
    slots.release(steady, steady.length);
    expect(slots.waiting).toBe(0);
    expect(slots.limit).toBe(100);
    for (let key = 0; key < 100; key++) expect(slots.find(key)).toBe(steady[key]);
  });

  it('are not kept for keys that do not come again: as many new ones as a part of them show it', () => {
    const slots = new KeySlots();
    slots.release(
      broughtTo(slots, 200_000, (i) => `a ${i}`),
      200_000,
    );
    broughtTo(slots, 200_000, (i) => `b ${i}`);
    expect(slots.limit).toBeLessThan(260_000);
    expect(slots.peek('a 1')).toBe(-1);
  });

  it('are kept for keys that come in turn, a few thousand in every third pane', () => {
    const slots = new KeySlots();
    const first: number[] = [];
    for (let pane = 0; pane < 12; pane++) {
      const brought = broughtTo(slots, 3_000, (i) => (pane % 3) * 3_000 + i);
      if (pane < 3) first.push(...brought);
      else expect([...brought]).toEqual(first.slice((pane % 3) * 3_000, (pane % 3) * 3_000 + 3_000));
      slots.release(brought, brought.length);
    }
  });

  it('are kept while some keys are new and more come again', () => {
    const slots = new KeySlots();
    slots.release(
      broughtTo(slots, 200_000, (i) => i),
      200_000,
    );
    broughtTo(slots, 200_000, (i) => (i % 3 === 0 ? -1 - i : i));
    expect(slots.peek(200_000 - 3)).toBeGreaterThanOrEqual(0);
  });

  it('can all be given up at once, but by whoever is held', () => {
    const slots = new KeySlots();
    const keys = [undefined, null, 'a', 1, Number.NaN, [1, 2], new Date(3)];
    const held = broughtTo(slots, 1, () => 'held');
    const others = broughtTo(slots, keys.length, (i) => keys[i]);
    slots.release(others, others.length);
    slots.forget();
    for (const key of keys) expect(slots.peek(key)).toBe(-1);
    expect(slots.peek('held')).toBe(held[0]);
    expect(slots.limit).toBe(1);
    slots.release(held, 1);
    slots.forget();
    expect(slots.limit).toBe(0);
    expect(slots.find('held')).toBe(0);
  });

  it('of -0 and 0 are one, and NaN has one', () => {
    const slots = new KeySlots();
    expect(slots.find(-0)).toBe(slots.find(0));
    expect(slots.find(Number.NaN)).toBe(slots.find(Number.NaN));
    expect(slots.find(undefined)).toBe(slots.find(undefined));
    expect(slots.peek(null)).toBe(-1);
  });
});
