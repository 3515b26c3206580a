// process() within jobs: against naive models, whatever the splits, batches, disorder and interleaving; and what becomes of its errors.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  collect,
  type DeadLetter,
  job,
  listState,
  mapState,
  type ProcessDefinition,
  type Stream,
  typeOf,
  valueState,
} from '../../../index.ts';
import { simulate } from '../../support/simulate-anywhere.ts';
import { arriving } from './arriving.ts';
import { type Click, inputs, manners, splitsOf } from './clicks.ts';

const byText = (values: readonly unknown[]): string[] => values.map((value) => JSON.stringify(value)).sort();

describe('process', () => {
  it('counts by hand what tumbling windows would, with timers and a map', async () => {
    await fc.assert(
      fc.asyncProperty(inputs, manners, async ({ splits, disorderMs }, { batch, ...options }) => {
        const counted = job('counted', (flow) => {
          flow
            .from(splitsOf(splits, batch))
            .eventTime((click) => click.at, { outOfOrderMs: disorderMs })
            .keyBy((click) => click.user)
            .process({
              emits: typeOf<{ user: string; end: number; clicks: number }>(),
              state: { counts: mapState<number, number>() },
              onRecord({ state, timeMs, setTimer }) {
                const end = Math.floor(timeMs / 20) * 20 + 20;
                state.counts.set(end, (state.counts.get(end) ?? 0) + 1);
                setTimer(end);
              },
              onTimer({ key, state, emit }, { timeMs: end }) {
                emit({ user: key, end, clicks: state.counts.get(end)! });
                state.counts.delete(end);
              },
            })
            .to(collect('counts'));
        });
        const { results } = await simulate(counted, options);
        const expected = new Map<string, { user: string; end: number; clicks: number }>();
        for (const { user, at } of splits.flat()) {
          const end = Math.floor(at / 20) * 20 + 20;
          const clicks = (expected.get(`${user} ${end}`)?.clicks ?? 0) + 1;
          expected.set(`${user} ${end}`, { user, end, clicks });
        }
        expect(byText(results['counts']!)).toEqual(byText([...expected.values()]));
      }),
      { numRuns: 150 },
    );
  }, 60_000);

  it('puts the records of each key into the order of their time, with a list and one named timer', async () => {
    await fc.assert(
      fc.asyncProperty(inputs, manners, async ({ splits, disorderMs }, { batch, ...options }) => {
        const ordered = job('ordered', (flow) => {
          const sorted = flow
            .from(splitsOf(splits, batch))
            .eventTime((click) => click.at, { outOfOrderMs: disorderMs })
            .keyBy((click) => click.user)
            .process({
              emits: typeOf<Click>(),
              state: () => ({ waiting: [] as Click[] }),
              onRecord({ state, setTimer }, click) {
                state.waiting.push(click);
                setTimer(Math.min(...state.waiting.map(({ at }) => at)), 'first');
              },
              onTimer({ state, emit, setTimer, forget, timeMs }, { name }) {
                expect(name).toBe('first');
                const due = state.waiting.filter(({ at }) => at <= timeMs);
                state.waiting = state.waiting.filter(({ at }) => at > timeMs);
                for (const click of due.sort((a, b) => a.at - b.at || a.id - b.id)) emit(click, click.at);
                if (state.waiting.length === 0) forget();
                else setTimer(Math.min(...state.waiting.map(({ at }) => at)), 'first');
              },
            });
          sorted.to(collect('sorted'));
        });
        const { results } = await simulate(ordered, options);
        const all = results['sorted'] as Click[];
        for (const user of new Set(splits.flat().map((click) => click.user))) {
          const own = all.filter((click) => click.user === user);
          const expected = splits.flat().filter((click) => click.user === user);
          expect(own).toEqual(expected.sort((a, b) => a.at - b.at || a.id - b.id));
        }
        expect(all.length).toBe(splits.flat().length);
      }),
      { numRuns: 150 },
    );
  }, 60_000);

  it('in the order of time gives the same answer however records come: sessions by hand', async () => {
    await fc.assert(
      fc.asyncProperty(
        inputs,
        fc.integer({ min: 1, max: 30 }),
        manners,
        async ({ splits, disorderMs }, gapMs, manner) => {
          const { batch, ...options } = manner;
          const sessions = job('sessions', (flow) => {
            flow
              .from(splitsOf(splits, batch))
              .eventTime((click) => click.at, { outOfOrderMs: disorderMs })
              .keyBy((click) => click.user)
              .process(
                {
                  emits: typeOf<{ user: string; from: number; to: number; clicks: number }>(),
                  state: () => ({ from: 0, clicks: 0 }),
                  onRecord({ state, timeMs, setTimer }) {
                    if (state.clicks++ === 0) state.from = timeMs;
                    setTimer(timeMs + gapMs, 'quiet');
                  },
                  onTimer({ key, state, timeMs, emit, forget }) {
                    emit({ user: key, from: state.from, to: timeMs, clicks: state.clicks });
                    forget();
                  },
                },
                { inTimeOrder: true, late: (late) => late.to(collect('late')) },
              )
              .to(collect('sessions'));
          });
          const { results } = await simulate(sessions, options);
          const expected: { user: string; from: number; to: number; clicks: number }[] = [];
          for (const user of new Set(splits.flat().map((click) => click.user))) {
            const own = splits.flat().filter((click) => click.user === user);
            for (const at of own.map((click) => click.at).sort((a, b) => a - b)) {
              const last = expected.at(-1);
              if (last?.user === user && at < last.to) Object.assign(last, { to: at + gapMs, clicks: last.clicks + 1 });
              else expected.push({ user, from: at, to: at + gapMs, clicks: 1 });
            }
          }
          expect(byText(results['sessions']!)).toEqual(byText(expected));
          expect(results['late']).toEqual([]);
        },
      ),
      { numRuns: 150 },
    );
  }, 60_000);

  it('gives what it emits the event time of the record or timer, or the one that it says', async () => {
    const timed = job('timed', (flow) => {
      flow
        .from(splitsOf([[{ user: 'ada', at: 7, id: 0 }]], 1))
        .eventTime((click) => click.at)
        .keyBy((click) => click.user)
        .process({
          emits: typeOf<string>(),
          onRecord({ emit, setTimer }) {
            emit('own');
            emit('said', 12);
            setTimer(30);
          },
          onTimer: ({ emit }) => emit('timer'),
        })
        .keyBy((name) => name)
        .process({
          emits: typeOf<{ name: string; timeMs: number }>(),
          onRecord: ({ emit, timeMs }, name) => emit({ name, timeMs }),
        })
        .to(collect('times'));
    });
    const { results } = await simulate(timed);
    expect(byText(results['times']!)).toEqual(
      byText([
        { name: 'own', timeMs: 7 },
        { name: 'said', timeMs: 12 },
        { name: 'timer', timeMs: 30 },
      ]),
    );
  });
});

describe('processing time', () => {
  it('fires timers by the clock while nothing else happens, in order, and all that are left when the input ends', async () => {
    const { VirtualClock } = await import('../../../engine/time/clock.ts');
    const clock = new VirtualClock();
    const nowMs = (): number => clock.nowNs() / 1e6;
    const ticking = job('ticking', (flow) => {
      flow
        .from(
          arriving(
            [5, 1_000].map((at) => [at, at]),
            nowMs,
          ),
        )
        .keyBy(() => 'all')
        .process({
          emits: typeOf<{ name: string | undefined; setFor: number; fired: number }>(),
          onRecord({ nowMs, setProcessingTimer, clearProcessingTimer, setTimer }, at) {
            expect(nowMs).toBe(at);
            expect(() => setTimer(5)).toThrow('setTimer needs event time');
            setProcessingTimer(nowMs + 40, 'moved');
            setProcessingTimer(nowMs + 20);
            setProcessingTimer(nowMs + 20);
            setProcessingTimer(nowMs + 10);
            setProcessingTimer(nowMs + 30, 'moved');
            setProcessingTimer(nowMs + 25, 'cleared');
            clearProcessingTimer('cleared');
            clearProcessingTimer(nowMs + 10);
          },
          onTimer({ emit, nowMs: fired }, { name, timeMs: setFor }) {
            emit({ name, setFor, fired });
          },
        })
        .to(collect('fired'));
    });
    const { results } = await simulate(ticking, { clock, workers: 1 });
    expect(results['fired']).toEqual(
      [
        { setFor: 25, fired: 25 },
        { name: 'moved', setFor: 35, fired: 35 },
        { setFor: 1_020, fired: 1_000 },
        { name: 'moved', setFor: 1_030, fired: 1_000 },
      ].map((one) => ({ name: undefined, ...one })),
    );
  });

  it('lets state expire by the clock', async () => {
    const { VirtualClock } = await import('../../../engine/time/clock.ts');
    const clock = new VirtualClock();
    const expiring = job('expiring', (flow) => {
      flow
        .from(
          arriving(
            [0, 10, 19, 40, 41].map((at) => [at, at]),
            () => clock.nowNs() / 1e6,
          ),
        )
        .keyBy(() => 'all')
        .process({
          emits: typeOf<number[]>(),
          ttlMs: 10,
          ttlTime: 'processing',
          state: { seen: listState<number>(), count: valueState(0) },
          onRecord({ state, emit }, at) {
            state.seen.add(at);
            emit([...state.seen.values(), state.count.update((count) => count + 1)]);
          },
        })
        .to(collect('seen'));
    });
    const { results } = await simulate(expiring, { clock, workers: 1 });
    expect(results['seen']).toEqual([
      [0, 1],
      [10, 1],
      [10, 19, 2],
      [40, 1],
      [40, 41, 2],
    ]);
  });
});

const words = (
  definition: ProcessDefinition<string, string, () => { said: number }, string>,
  then: (made: Stream<string>) => Stream<string> = (made) => made,
) =>
  job('words', (flow) => {
    const made = flow
      .from(['one', 'bad', 'one', 'bad', 'one'])
      .keyBy(() => 'all')
      .process(definition)
      .named('talk');
    then(made).to(collect('said'));
  });

describe('errors of process', () => {
  it('name job, stage and operator, and fail the job', async () => {
    const failing = words({
      onRecord() {
        throw new Error('no such word');
      },
    });
    await expect(simulate(failing)).rejects.toMatchObject({
      code: 'ERR_OPERATOR',
      place: { job: 'words', stage: 'talk', operator: 'talk' },
      message: expect.stringContaining('no such word'),
    });
    const late = words({
      onRecord: ({ setProcessingTimer, nowMs }) => setProcessingTimer(nowMs + 5),
      onTimer() {
        throw new Error('no such time');
      },
    });
    await expect(simulate(late)).rejects.toMatchObject({
      code: 'ERR_OPERATOR',
      place: { job: 'words', stage: 'talk', operator: 'talk' },
      message: expect.stringContaining('no such time'),
    });
  });

  it('leave nothing behind of a record that is skipped or sent to the dead letters', async () => {
    const half: ProcessDefinition<string, string, () => { said: number }, string> = {
      emits: typeOf<string>(),
      state: () => ({ said: 0 }),
      onRecord({ state, emit, setProcessingTimer, nowMs }, word) {
        state.said++;
        emit(`${word} ${state.said}`);
        setProcessingTimer(nowMs + 1_000_000, word);
        if (word === 'bad') throw new Error('bad word');
      },
      onTimer({ emit }, { name }) {
        emit(`timer ${name}`);
        if (name !== 'one') throw new Error('bad timer');
        throw new Error('timers fail as well');
      },
    };
    const skipping = words(half, (made) => made.onError('skip'));
    const { results, stages } = await simulate(skipping, { workers: 1 });
    expect(results['said']).toEqual(['one 1', 'one 2', 'one 3']);
    expect(stages.find(({ stage }) => stage === 'talk')!.recordsSkipped).toBe(3);

    const telling = words(half, (made) => made.onError(collect<DeadLetter>('dead')));
    const told = await simulate(telling, { workers: 1 });
    expect(told.results['said']).toEqual(['one 1', 'one 2', 'one 3']);
    expect((told.results['dead'] as DeadLetter[]).map(({ record, message }) => [record, message])).toEqual([
      ['bad', 'bad word'],
      ['bad', 'bad word'],
      [{ key: 'all', timer: { name: 'one', timeMs: 1_000_000, time: 'processing' } }, 'timers fail as well'],
    ]);
  });

  it('name state that cannot be stored', async () => {
    const functions = words({
      state: () => ({ said: 0, shout: () => {} }),
      onRecord: ({ state }) => void state.said++,
    });
    await expect(simulate(functions)).rejects.toThrow('state() must return a plain object that structured clone keeps');
    class Counter {
      said = 0;
    }
    const classes = words({ state: () => new Counter(), onRecord: ({ state }) => void state.said++ });
    await expect(simulate(classes)).rejects.toThrow('structured clone keeps: it returned Counter');
  });

  it('refuse what would outlive the call', async () => {
    const promising = words({ onRecord: (async () => {}) as () => void });
    await expect(simulate(promising)).rejects.toThrow('onRecord and onTimer must not be async');
    let kept: ((word: string) => void) | undefined;
    const keeping = words({
      onRecord({ emit }, word) {
        kept ??= emit;
        if (word === 'bad') return;
        emit(word);
      },
    });
    await simulate(keeping);
    expect(() => kept!('too late')).toThrow('valid only until onRecord or onTimer returns');
  });

  it('call an end to timers that set themselves again for ever', async () => {
    const endless = words({
      onRecord: ({ setProcessingTimer, nowMs }) => setProcessingTimer(nowMs + 1_000),
      onTimer: ({ setProcessingTimer, nowMs }) => setProcessingTimer(nowMs + 1_000),
    });
    await expect(simulate(endless)).rejects.toThrow('onTimer must come to an end when the input has');
    const periodic = words({
      emits: typeOf<string>(),
      onRecord: ({ setProcessingTimer, nowMs }) => setProcessingTimer(nowMs + 1_000),
      onTimer({ emit, setProcessingTimer, watermarkMs, nowMs }) {
        emit(watermarkMs === Number.POSITIVE_INFINITY ? 'last' : 'next');
        if (watermarkMs < Number.POSITIVE_INFINITY) setProcessingTimer(nowMs + 1_000);
      },
    });
    expect((await simulate(periodic)).results['said']).toEqual(['last']);
  });

  it('are told while the job is built, where they can be', () => {
    const build = (definition: object) => () => words(definition as never).graph({});
    expect(build({ state: {} })).toThrow('process needs a function onRecord');
    expect(build({ onRecord() {}, state: { count: 0 } })).toThrow('state must be a function that makes an object');
    expect(build({ onRecord() {}, state: { count: valueState(0, { ttlMs: 5 }) } })).toThrow(
      'a time to live by event time',
    );
    expect(build({ onRecord() {}, state: () => ({}), ttlMs: 5 })).toThrow("set ttlTime: 'processing'");
    expect(build({ onRecord() {}, ttlMs: 0.5, ttlTime: 'processing' })).toThrow('ttlMs must be a whole number');
  });
});

it('emits a copy of the state of its key, for that will change', async () => {
  const copying = job('copying', (flow) => {
    flow
      .from(['a', 'b', 'c'])
      .keyBy(() => 'all')
      .process({
        emits: typeOf<{ seen: number }>(),
        state: () => ({ seen: 0 }),
        onRecord({ state, emit }) {
          state.seen++;
          emit(state);
        },
      })
      .to(collect('seen'));
  });
  expect((await simulate(copying)).results['seen']).toEqual([{ seen: 1 }, { seen: 2 }, { seen: 3 }]);
});
