// State, time to live and timers against a naive model, call by call, with the state moved between any two calls.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  type Command,
  DrivenProcess,
  type Emitted,
  ModelProcess,
  type Op,
  type TimesToLive,
} from './scripted-process.ts';

const times = fc.constantFrom('event' as const, 'processing' as const);
const inMs = fc.integer({ min: -5, max: 30 });
const ops: fc.Arbitrary<Op> = fc.oneof(
  fc.constantFrom('set' as const, 'add' as const, 'read' as const).map((op) => ({ op })),
  fc
    .constantFrom('shift' as const, 'clear' as const, 'clearList' as const, 'forget' as const, 'throw' as const)
    .map((op) => ({ op })),
  fc.record({ op: fc.constantFrom('put' as const, 'put' as const, 'delete' as const), at: fc.nat({ max: 3 }) }),
  fc.record(
    { op: fc.constant('timer' as const), time: times, inMs, name: fc.constantFrom('a', 'chain') },
    { requiredKeys: ['op', 'time', 'inMs'] },
  ),
  fc.record(
    { op: fc.constant('clearTimer' as const), time: times, inMs, name: fc.constant('a') },
    { requiredKeys: ['op', 'time', 'inMs'] },
  ),
);
const command = fc.record({
  key: fc.constantFrom('ada', 'bob', 'cy'),
  byMs: fc.integer({ min: -10, max: 10 }),
  ops: fc.array(ops, { maxLength: 5 }),
});
const happening = fc.oneof(
  { weight: 6, arbitrary: command.map((record) => ({ record })) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 25 }).map((advanceMs) => ({ advanceMs })) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 25 }).map((passMs) => ({ passMs })) },
);
const ttl = fc.option(fc.record({ ttlMs: fc.integer({ min: 1, max: 25 }), ttlTime: times }), { nil: undefined });
const ttls = fc.record({ value: ttl, list: ttl, map: ttl }).map((all) => {
  return Object.fromEntries(Object.entries(all).filter(([, one]) => one !== undefined)) as TimesToLive;
});

/** Between keys of different partitions there is no order. */
function byKey(emitted: readonly Emitted[]): Record<string, unknown[]> {
  const keys: Record<string, unknown[]> = {};
  for (const [[key, ...said], timeMs] of emitted) (keys[key as string] ??= []).push([...said, timeMs]);
  return keys;
}

it('is as a naive model says after any calls, wherever its state is moved between them', () => {
  fc.assert(
    fc.property(
      ttls,
      fc.array(happening, { maxLength: 40 }),
      fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }),
      (ttl, happenings, moves) => {
        const real = new DrivenProcess(ttl);
        const model = new ModelProcess(ttl);
        let latestMs = 0;
        let watermarkMs = -20;
        let nowMs = 0;
        for (const [index, what] of [...happenings, { end: true }].entries()) {
          if (moves[index]) real.move();
          for (const one of [real, model]) {
            if ('record' in what) {
              const { key, byMs, ops } = what.record;
              const told: Command = { key, ops, id: index, timeMs: latestMs + byMs };
              one.record(told);
            } else if ('advanceMs' in what) one.advance(watermarkMs + what.advanceMs);
            else if ('passMs' in what) one.tick(nowMs + what.passMs);
            else one.advance(Number.POSITIVE_INFINITY);
          }
          if ('record' in what) latestMs = Math.max(latestMs, latestMs + what.record.byMs);
          if ('advanceMs' in what) watermarkMs += what.advanceMs;
          if ('passMs' in what) nowMs += what.passMs;
        }
        expect(byKey(real.emitted)).toEqual(byKey(model.emitted));
        expect(real.failures.map(String)).toEqual(model.failures.map(String));
      },
    ),
    { numRuns: 500 },
  );
});
