// How a worker passes the time when there is nothing to do.

import { describe, expect, it } from 'vitest';
import { ControlWords } from '../../engine/protocol/control-words.ts';
import type { Actor } from '../../workers/actor.ts';
import { DutyCycle } from '../../workers/duty-cycle.ts';
import type { Progress } from '../../workers/pipeline.ts';
import { StepClock } from '../../workers/step-clock.ts';

const SPINS = 50;
const nowNs = (): number => performance.now() * 1e6;

/** The moments (ms) at which an actor was stepped that answers as told, the n-th time with `answers(n)`. */
async function stepsOf(answers: (step: number) => Progress, waits = false, dueMs = Infinity): Promise<number[]> {
  const control = ControlWords.allocate(1, 1);
  const at: number[] = [];
  const clock = new StepClock(nowNs);
  const actor = {
    waits,
    dueNs: dueMs * 1e6,
    step: () => {
      clock.read();
      at.push(performance.now());
      return answers(at.length);
    },
  } as unknown as Actor;
  await new DutyCycle([actor], control, control.doorbell(0), { spins: SPINS, busySpin: false }, clock).run();
  return at;
}

/** Steps that end with a turn of the event loop behind them, on a clock that gains a millisecond a step. */
async function stepsBeforeTurns(
  steps: number,
  each: (step: number, cycle: DutyCycle) => Progress = () => 'made',
): Promise<number[]> {
  const control = ControlWords.allocate(1, 1);
  let step = 0;
  const turns: number[] = [];
  const turn = (): void => {
    turns.push(step);
    if (step < steps) setImmediate(turn);
  };
  const clock = new StepClock(() => step * 1e6);
  const actor = {
    waits: false,
    dueNs: Infinity,
    step: () => {
      step++;
      clock.read();
      return step < steps ? each(step, cycle) : 'done';
    },
  } as unknown as Actor;
  const cycle = new DutyCycle([actor], control, control.doorbell(0), { spins: SPINS, busySpin: false }, clock);
  setImmediate(turn);
  await cycle.run();
  return turns.filter((at) => at > 0 && at < steps);
}

const longGapsOf = (at: readonly number[]): number[] =>
  at.flatMap((ms, i) => (i > 0 && ms - at[i - 1]! > 50 ? [ms - at[i - 1]!] : []));

describe('a worker with nothing to do', () => {
  it('spins for a while, then sleeps, and after a sleep that nobody ended looks twice and sleeps on', async () => {
    const looks = 2;
    const at = await stepsOf((step) => (step <= SPINS + 3 * looks ? 'none' : 'done'));
    const gaps = longGapsOf(at);
    expect(gaps.length).toBe(3);
    // A busy machine only adds to it.
    for (const gap of gaps) expect(gap).toBeGreaterThan(95);
    expect(at.findIndex((ms, i) => i > 0 && ms - at[i - 1]! > 95)).toBe(SPINS + 1);
  });

  it('does so as well while its event loop goes on, and sleeps longer each time', async () => {
    const at = await stepsOf((step) => (step <= 7 ? 'waiting' : 'done'), true);
    const gaps = longGapsOf(at);
    expect(gaps.length).toBeGreaterThanOrEqual(2);
    for (const [i, atLeastMs] of [95, 195].entries()) expect(gaps[i]).toBeGreaterThan(atLeastMs);
  });

  it.each([false, true])(
    'sleeps no longer than until the first timer of its actors (asynchronous calls: %s)',
    async (waits) => {
      const dueMs = performance.now() + 15;
      const at = await stepsOf(() => (performance.now() >= dueMs ? 'done' : waits ? 'waiting' : 'none'), waits, dueMs);
      const longest = Math.max(...at.map((ms, i) => ms - (at[i - 1] ?? ms)));
      expect(longest).toBeGreaterThan(5);
      expect(at.at(-1)).toBeLessThan(dueMs + 75);
    },
  );

  it('spins again once there was something to do', async () => {
    // Spins, one sleep, something, spins again before the next sleep.
    const something = SPINS + 2;
    const at = await stepsOf((step) => (step === something ? 'made' : step <= something + SPINS + 1 ? 'none' : 'done'));
    const late = at.flatMap((ms, i) => (i > 0 && ms - at[i - 1]! > 95 ? [i] : []));
    expect(late[0]).toBe(SPINS + 1);
    expect(late[1]).toBe(something + SPINS + 1);
  });
});

describe('the event loop, in which V8 collects garbage,', () => {
  it('has its turn every 20 ms while there is always something to do', async () => {
    expect(await stepsBeforeTurns(50)).toEqual([21, 42]);
  });

  it('has it right behind what has fired', async () => {
    const turns = await stepsBeforeTurns(30, (step, cycle) => {
      if (step === 8 || step === 18) cycle.fired();
      return 'made';
    });
    expect(turns).toEqual([8, 18]);
  });

  it('has it every 5 ms at most where something fires all the time', async () => {
    const turns = await stepsBeforeTurns(20, (_, cycle) => {
      cycle.fired();
      return 'made';
    });
    expect(turns).toEqual([6, 12, 18]);
  });

  it('has it before the thread sleeps, and not when it wakes up', async () => {
    const sleep = SPINS + 1;
    const turns = await stepsBeforeTurns(sleep + 3, (step) => (step <= sleep ? 'none' : 'made'));
    expect(turns).toEqual([SPINS]);
  });
});
