import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Panes } from '../../../engine/window/panes.ts';

const steps = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constant('add' as const),
      timeMs: fc.integer({ min: -60, max: 60 }),
      key: fc.nat({ max: 3 }),
    }),
    fc.record({ kind: fc.constantFrom('take' as const, 'drop' as const, 'pack' as const), nth: fc.nat({ max: 5 }) }),
  ),
);

describe('panes', () => {
  it('keep each key in the pane of its time, count all keys, and give panes out once, packed or not', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: -9, max: 9 }),
        steps,
        (paneMs, offsetMs, script) => {
          const panes = new Panes(paneMs, offsetMs, () => 0);
          const model = new Map<number, Map<number, number>>();
          for (const step of script) {
            if (step.kind === 'add') {
              const start = Math.floor((step.timeMs - offsetMs) / paneMs) * paneMs + offsetMs;
              const own = model.get(start) ?? new Map<number, number>();
              model.set(start, own.set(step.key, (own.get(step.key) ?? 0) + 1));
              const entry = panes.at(step.timeMs).find(step.key);
              expect(panes.fromMs <= step.timeMs && step.timeMs < panes.toMs).toBe(true);
              entry.value = (entry.value as number) + 1;
            } else {
              const start = [...model.keys()].sort((a, b) => a - b)[step.nth] ?? 1_000;
              if (step.kind === 'pack') {
                panes.pack(start);
                const packed = panes.packed(start);
                expect(packed && new Map(packed.keys.map((key, i) => [key, packed.values[i]]))).toEqual(
                  model.get(start),
                );
              } else if (step.kind === 'drop') {
                panes.drop(start);
                expect(panes.get(start)).toBeUndefined();
                model.delete(start);
              } else {
                const taken = panes.take(start);
                expect(
                  taken === undefined ? undefined : new Map([...taken.entries()].map((e) => [e.key, e.value])),
                ).toEqual(model.get(start));
                model.delete(start);
              }
            }
            expect(panes.starts).toEqual([...model.keys()].sort((a, b) => a - b));
            expect(panes.size).toBe([...model.values()].reduce((sum, { size }) => sum + size, 0));
          }
        },
      ),
    );
  });

  it('without windows are one for all time', () => {
    const panes = Panes.eternal(() => 0);
    panes.table.find('a').value = 1;
    expect(panes.size).toBe(1);
    expect([...panes.take(0)!.entries()]).toEqual([{ key: 'a', value: 1 }]);
    panes.table.find('b');
    expect(panes.starts).toEqual([0]);
    expect(panes.size).toBe(1);
  });
});
