// State, time to live and timers against a naive model, call by call, with the state moved between any two calls.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { StatefulHost, StatefulLogic } from '../../../engine/operators/stateful-operator.ts';
import type { AnyProcess } from '../../../engine/process/process-definition.ts';
import { ProcessLogic } from '../../../engine/process/process-logic.ts';
import { TimeOrdered } from '../../../engine/process/time-ordered.ts';
import { valueState } from '../../../index.ts';
import { lmdbState } from '../../../workers/lmdb-store.ts';
import { MapColdStore } from '../state/map-cold-store.ts';
import { DrivenProcess, type Emitted, ModelProcess, type Op, type TimesToLive } from './scripted-process.ts';

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

type Happening =
  | { record: { key: string; byMs: number; ops: readonly Op[] } }
  | { advanceMs: number }
  | { passMs: number };

const happenings = fc.array(happening, { maxLength: 40 });
const moves = fc.array(fc.boolean(), { minLength: 41, maxLength: 41 });

/** Has the same happen to all of them, then the end of the input. Those that can are moved where `moves` says so. */
function happen(
  happenings: readonly Happening[],
  all: readonly Pick<DrivenProcess, 'record' | 'advance' | 'tick'>[],
  moves: readonly boolean[],
  movable: readonly DrivenProcess[],
): void {
  let latestMs = 0;
  let watermarkMs = -20;
  let nowMs = 0;
  const move = (index: number): void => {
    if (moves[index]) for (const one of movable) one.move();
  };
  for (const [id, what] of happenings.entries()) {
    move(id);
    if ('record' in what) {
      const { key, byMs, ops } = what.record;
      for (const one of all) one.record({ key, ops, id, timeMs: latestMs + byMs });
      latestMs = Math.max(latestMs, latestMs + byMs);
    } else if ('advanceMs' in what) {
      watermarkMs += what.advanceMs;
      for (const one of all) one.advance(watermarkMs);
    } else {
      nowMs += what.passMs;
      for (const one of all) one.tick(nowMs);
    }
  }
  move(happenings.length);
  for (const one of all) one.advance(Number.POSITIVE_INFINITY);
}

it.each([
  ['in memory', undefined],
  ['almost none of it in memory', { memoryBytes: 1, open: () => new MapColdStore() }],
])('is as a naive model says after any calls, wherever its state is moved between them (%s)', (_, cold) => {
  fc.assert(
    fc.property(ttls, happenings, moves, (ttl, happenings, moves) => {
      const real = new DrivenProcess(ttl, undefined, cold);
      const model = new ModelProcess(ttl);
      happen(happenings, [real, model], moves, [real]);
      expect(byKey(real.emitted)).toEqual(byKey(model.emitted));
      expect(real.failures.map(String)).toEqual(model.failures.map(String));
    }),
    { numRuns: 500 },
  );
});

it('is as a naive model says with its state in a file of lmdb', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-process-'));
  await fc.assert(
    fc.asyncProperty(ttls, happenings, async (ttl, happenings) => {
      const real = new DrivenProcess(ttl, undefined, await lmdbState({ directory, memoryBytes: 1 }, 0, 1));
      const model = new ModelProcess(ttl);
      happen(happenings, [real, model], [], []);
      expect(byKey(real.emitted)).toEqual(byKey(model.emitted));
      await real.close();
    }),
    { numRuns: 30 },
  );
  rmSync(directory, { recursive: true });
}, 60_000);

const inTimeOrder = (definition: AnyProcess, host: StatefulHost): StatefulLogic =>
  new TimeOrdered(new ProcessLogic(definition, true, host), host);

it('in the order of time what the last record has made due comes before the end of the input', () => {
  const driven = new DrivenProcess({}, inTimeOrder);
  const ops = (['processing', 'event'] as const).map((time) => ({ op: 'timer' as const, time, inMs: 0 }));
  driven.record({ key: 'ada', timeMs: -2, id: 0, ops });
  driven.advance(Number.POSITIVE_INFINITY);
  const fired = (byKey(driven.emitted)['ada'] as unknown[][]).filter(([what]) => what === 'timer');
  expect(fired.map(([, time]) => time)).toEqual(['event', 'processing']);
});

it('in the order of time is the same wherever its state and the records that wait are moved', () => {
  fc.assert(
    fc.property(ttls, happenings, moves, (ttl, happenings, moves) => {
      const staying = new DrivenProcess(ttl, inTimeOrder);
      const moved = new DrivenProcess(ttl, inTimeOrder);
      happen(happenings, [staying, moved], moves, [moved]);
      expect(byKey(moved.emitted)).toEqual(byKey(staying.emitted));
      expect(moved.failures.map(String).sort()).toEqual(staying.failures.map(String).sort());
    }),
    { numRuns: 300 },
  );
});

it('forgets a key of which nothing is left', () => {
  const driven = new DrivenProcess({
    value: { ttlMs: 10, ttlTime: 'event' },
    map: { ttlMs: 5, ttlTime: 'processing' },
  });
  const { keyed } = driven.logic as ProcessLogic;
  driven.record({ key: 'ada', timeMs: 0, id: 0, ops: [{ op: 'read' }] });
  expect(keyed.size).toBe(0);
  driven.record({ key: 'ada', timeMs: 0, id: 1, ops: [{ op: 'set' }, { op: 'put', at: 1 }] });
  driven.record({ key: 'bob', timeMs: 0, id: 2, ops: [{ op: 'set' }, { op: 'throw' }] });
  driven.record({ key: 'cy', timeMs: 0, id: 3, ops: [{ op: 'add' }, { op: 'timer', time: 'event', inMs: 30 }] });
  driven.record({ key: 'cy', timeMs: 0, id: 4, ops: [{ op: 'clearList' }] });
  expect(keyed.size).toBe(2);
  driven.advance(9);
  expect(keyed.size).toBe(2);
  driven.advance(10);
  expect(keyed.size).toBe(2);
  driven.tick(5);
  expect(keyed.size).toBe(1);
  driven.advance(30);
  expect(keyed.size).toBe(0);
});

it('says which state of which key cannot be stored', () => {
  const driven = new DrivenProcess({}, (_, host) => {
    const state = { rules: valueState<unknown>() };
    const onRecord = (context: { state: { rules: { set(value: unknown): void } } }): void =>
      context.state.rules.set(() => {});
    return new ProcessLogic({ state, onRecord } as unknown as AnyProcess, true, host);
  });
  driven.record({ key: 'ada', timeMs: 0, id: 0, ops: [] });
  expect(() => driven.move()).toThrow("state must be data that structured clone keeps: 'rules' of key 'ada' is not");
});
