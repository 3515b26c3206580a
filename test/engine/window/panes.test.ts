import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SlotValues } from '../../../engine/window/pane.ts';
import { Panes } from '../../../engine/window/panes.ts';

type Step =
  | { readonly kind: 'add' | 'giveUp'; readonly timeMs: number; readonly key: number }
  | { readonly kind: 'take' | 'drop' | 'pack' | 'detach' | 'open'; readonly nth: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('add' as const, 'giveUp' as const),
      timeMs: fc.integer({ min: -60, max: 60 }),
      key: fc.nat({ max: 40 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom('take' as const, 'drop' as const, 'pack' as const, 'detach' as const, 'open' as const),
      nth: fc.nat({ max: 5 }),
    }),
  },
);

/** Numbers are kept in another way than other accumulators. */
const accumulators = {
  numbers: { create: (): unknown => 0, add: (value: unknown): unknown => (value as number) + 1, plain: Number },
  halves: { create: (): unknown => 0.5, add: (value: unknown): unknown => (value as number) + 1, plain: Math.floor },
  objects: {
    create: (): unknown => ({ count: 0 }),
    add: ({ count }: { count: number }): unknown => ({ count: count + 1 }),
    plain: ({ count }: { count: number }): number => count,
  },
  either: {
    create: (): unknown => 0,
    add: (value: unknown): unknown => (Number(value) === 2 ? '3' : Number(value) + 1),
    plain: Number,
  },
};

const keysOf = {
  numbers: (n: number): unknown => n - 20,
  strings: (n: number): unknown => `key ${n}`,
  pairs: (n: number): unknown => [n % 7, `of ${n}`],
};

describe('panes', () => {
  it('keep each key in the pane of its time, count all keys, and give panes out once, packed or not', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: -9, max: 9 }),
        fc.constantFrom(...Object.values(accumulators)),
        fc.constantFrom(...Object.values(keysOf)),
        fc.array(step, { maxLength: 300, size: 'max' }),
        (paneMs, offsetMs, { create, add, plain }, keyOf, script) => {
          const panes = new Panes(paneMs, offsetMs, create);
          const model = new Map<number, Map<string, number>>();
          const told = (key: unknown): string => JSON.stringify(key);
          const contents = (values: SlotValues | undefined): Map<string, number> | undefined =>
            values &&
            new Map(
              Array.from({ length: values.size }, (_, i) => [
                told(panes.keys.keyAt(values.slots[i]!)),
                plain(values.values[i] as never),
              ]),
            );
          for (const move of script) {
            if ('key' in move) {
              const start = Math.floor((move.timeMs - offsetMs) / paneMs) * paneMs + offsetMs;
              const key = keyOf(move.key);
              const own = model.get(start) ?? new Map<string, number>();
              model.set(start, own);
              const pane = panes.at(move.timeMs);
              expect(pane).toBe(panes.current);
              expect(panes.fromMs <= move.timeMs && move.timeMs < panes.toMs).toBe(true);
              expect(pane.peek(key) >= 0).toBe(own.has(told(key)));
              const before = pane.size;
              const place = pane.place(key);
              expect(pane.peek(key)).toBe(place);
              expect(pane.keyAt(place)).toEqual(key);
              if (move.kind === 'add') {
                pane.values[place] = add(pane.values[place] as never);
                own.set(told(key), (own.get(told(key)) ?? 0) + 1);
              } else if (pane.size > before) pane.removeLast();
            } else {
              const start = [...model.keys()].sort((a, b) => a - b)[move.nth] ?? 1_000;
              const expected = model.get(start);
              expect(contents(panes.read(start))).toEqual(expected);
              if (move.kind === 'pack') {
                panes.pack(start);
                expect(contents(panes.read(start))).toEqual(expected);
              } else if (move.kind === 'open') {
                expect(contents(panes.get(start))).toEqual(expected);
              } else if (move.kind === 'detach') {
                if (expected === undefined) continue;
                const taken = panes.detach(start);
                expect(taken.size).toBe(expected.size);
                expect(
                  new Map([...taken.entries()].map(({ key, value }) => [told(key), plain(value as never)])),
                ).toEqual(expected);
                expected.clear();
              } else if (move.kind === 'drop') {
                panes.drop(start);
                model.delete(start);
              } else {
                const taken = panes.take(start);
                expect(contents(taken)).toEqual(expected);
                if (taken !== undefined) panes.recycle(taken);
                model.delete(start);
              }
            }
            expect(panes.starts).toEqual([...model.keys()].sort((a, b) => a - b));
            expect(panes.size).toBe([...model.values()].reduce((sum, { size }) => sum + size, 0));
          }
          for (const [start, expected] of model) expect(contents(panes.read(start))).toEqual(expected);
        },
      ),
    );
  });

  it('without windows are one for all time', () => {
    const panes = Panes.eternal(() => 0);
    panes.current.values[panes.current.place('a')] = 1;
    expect(panes.size).toBe(1);
    const taken = panes.take(0)!;
    expect([...taken.entries()]).toEqual([{ key: 'a', value: 1 }]);
    panes.recycle(taken);
    panes.current.place('b');
    expect(panes.starts).toEqual([0]);
    expect([...panes.current.entries()]).toEqual([{ key: 'b', value: 0 }]);
    expect(panes.size).toBe(1);
  });

  it('find each of very many keys, in whatever order their slots were given out', () => {
    const panes = new Panes(10, 0, () => 0);
    for (let key = 0; key < 100_000; key++) panes.at(0).place(key);
    const odd = panes.at(10);
    for (let key = 99_999; key > 0; key -= 2) odd.values[odd.place(key)] = key;
    expect(odd.size).toBe(50_000);
    for (let key = 0; key < 100_000; key++) expect(odd.peek(key) >= 0).toBe(key % 2 === 1);
    for (const { key, value } of odd.entries()) expect(value).toBe(key);
  });
});
