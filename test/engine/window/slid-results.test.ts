// In which order a window that slides tells its keys, and that it tells each of them once.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Aggregator } from '../../../engine/aggregate/aggregator.ts';
import type { StatefulHost } from '../../../engine/operators/stateful-operator.ts';
import { WindowedAggregate } from '../../../engine/window/windowed-aggregate.ts';

interface Told {
  readonly key: number;
  readonly windowEnd: number;
  readonly value: number;
}

/** A hopping count; `combined` counts how often a key came in with a pane. */
function hoppingCount(sizeMs: number, stepMs: number) {
  const told: Told[] = [];
  let combined = 0;
  const count = {
    create: () => 0,
    add: (n: number) => n + 1,
    combine: (n: number, other: number) => {
      combined++;
      return n + other;
    },
    deduct: (n: number, other: number) => n - other,
    result: (n: number) => n,
  } as unknown as Aggregator<unknown>;
  const host = {
    full: false,
    emit: (record: Told) => void told.push(record),
    failed: (error: unknown) => {
      throw error;
    },
  } as unknown as StatefulHost;
  const window = { kind: 'hopping', sizeMs, stepMs, offsetMs: 0 } as const;
  const logic = new WindowedAggregate(window, {}, count, false, host);
  return { logic, told, combined: () => combined };
}

it('tells the first keys when as many have come in, and not behind all of a pane', () => {
  const { logic, told, combined } = hoppingCount(100, 10);
  for (let key = 0; key < 1_000; key++) logic.onRecord(key, key, 5);
  const firing = logic.fire(10);
  firing.next();
  expect(told.length).toBeGreaterThan(0);
  expect(told.length).toBeLessThan(100);
  expect(combined()).toBe(told.length);
  while (firing.next().done !== true);
  expect(told.length).toBe(1_000);
});

it('tells each key of each window once, with what its panes come to', () => {
  const records = fc.array(fc.record({ key: fc.nat({ max: 200 }), at: fc.nat({ max: 120 }) }), { maxLength: 400 });
  // Panes are as long as the step, or a part of it.
  const shapes = fc.constantFrom([20, 10], [30, 10], [25, 10], [15, 10], [12, 9]);
  fc.assert(
    fc.property(records, shapes, fc.nat({ max: 40 }), (all, [sizeMs, stepMs], everyMs) => {
      const { logic, told } = hoppingCount(sizeMs!, stepMs!);
      const sorted = all.toSorted((a, b) => a.at - b.at);
      for (const [i, { key, at }] of sorted.entries()) {
        // A watermark between two records, not behind the second.
        if (i > 0 && at > sorted[i - 1]!.at + everyMs && logic.isDue(at)) for (const _ of logic.fire(at));
        logic.onRecord(key, key, at);
      }
      if (logic.isDue(1e6)) for (const _ of logic.fire(1e6));
      const expected: Told[] = [];
      for (let windowEnd = 1; windowEnd <= 120 + sizeMs! + stepMs!; windowEnd++) {
        const windowStart = windowEnd - sizeMs!;
        if (windowStart % stepMs! !== 0) continue;
        const counts = new Map<number, number>();
        for (const { key, at } of all) {
          if (at >= windowStart && at < windowEnd) counts.set(key, (counts.get(key) ?? 0) + 1);
        }
        for (const [key, value] of counts) expected.push({ key, windowEnd, value });
      }
      const inOrder = (results: readonly Told[]): Told[] =>
        results
          .map(({ key, windowEnd, value }) => ({ key, windowEnd, value }))
          .sort((a, b) => a.windowEnd - b.windowEnd || a.key - b.key);
      expect(inOrder(told)).toEqual(inOrder(expected));
    }),
    { numRuns: 300 },
  );
});
