// Options of simulate(): checked before anything is built, all problems together.

import { MillraceError } from '../engine/errors/millrace-error.ts';
import type { GivenParams } from '../engine/flow/params.ts';
import { LIMITS } from '../engine/limits.ts';
import { VirtualClock } from '../engine/time/clock.ts';
import { checkOptions } from '../scheduler/run-options.ts';

export interface SimulationOptions {
  /** The job's parameters, as for run(). */
  readonly params?: GivenParams;
  /** Simulated workers. Default 2. */
  readonly workers?: number;
  /** Chooses the interleaving: a whole number. Default: a new one each time, told in the result and in every error. */
  readonly seed?: number;
  /** Bytes of the ring between two actors. Default: the smallest, so that backpressure is part of every test. */
  readonly laneBytes?: number;
  /** Combine aggregates before the exchange, where the job does not say otherwise. Default true. */
  readonly preaggregate?: boolean;
  /** The job's clock. Give one of your own to move it from an operator, as a slow one would. Default: one that begins at 0. */
  readonly clock?: VirtualClock;
  /** By how much the clock moves when nothing else can, in milliseconds. Default 1. */
  readonly tickMs?: number;
  /** Steps of actors after which the simulation fails: a job that never ends. Default 10 million. */
  readonly maxSteps?: number;
  /** Real milliseconds without any progress after which the simulation fails: a call or a source that never answers. Default 10 000. */
  readonly patienceMs?: number;
  /** Ends the job early, as stop() does: after so many steps, with what was read finished (`drain`, the default) or thrown away. */
  readonly stop?: { readonly afterSteps: number; readonly drain?: boolean };
}

export interface CheckedSimulationOptions {
  readonly params: GivenParams;
  readonly workers: number;
  readonly seed: number;
  readonly laneBytes: number;
  readonly preaggregate: boolean;
  readonly clock: VirtualClock;
  readonly tickNs: number;
  readonly maxSteps: number;
  readonly patienceMs: number;
  readonly stop: { readonly afterSteps: number; readonly drain: boolean } | undefined;
}

const KNOWN = new Set<string>([
  'params',
  'workers',
  'seed',
  'laneBytes',
  'preaggregate',
  'clock',
  'tickMs',
  'maxSteps',
  'patienceMs',
  'stop',
] satisfies (keyof SimulationOptions)[]);

/** @throws MillraceError ERR_OPTION_UNKNOWN or ERR_OPTION_INVALID that lists every problem */
export function checkSimulationOptions(options: SimulationOptions): CheckedSimulationOptions {
  const unknown = Object.keys(options).filter((name) => !KNOWN.has(name));
  if (unknown.length > 0) {
    throw new MillraceError(
      'ERR_OPTION_UNKNOWN',
      `unknown option ${unknown.map((name) => `'${name}'`).join(', ')}: there are ${[...KNOWN].join(', ')}`,
    );
  }
  const { params = {}, workers = 2, laneBytes = LIMITS.minLaneBytes, preaggregate = true } = options;
  const { seed, clock, tickMs = 1, maxSteps = 10_000_000, patienceMs = 10_000, stop } = options;
  const problems: string[] = [];
  const expect = (holds: boolean, rule: string, value: unknown): void => {
    if (!holds) problems.push(`${rule}: got ${String(value)}`);
  };
  expect(seed === undefined || Number.isSafeInteger(seed), 'seed must be a whole number', seed);
  expect(clock === undefined || clock instanceof VirtualClock, 'clock must be a VirtualClock', clock);
  expect(Number.isFinite(tickMs) && tickMs > 0, 'tickMs must be a number above 0', tickMs);
  expect(Number.isSafeInteger(maxSteps) && maxSteps > 0, 'maxSteps must be a whole number above 0', maxSteps);
  expect(Number.isFinite(patienceMs) && patienceMs > 0, 'patienceMs must be a number above 0', patienceMs);
  expect(
    stop === undefined || (Number.isSafeInteger(stop.afterSteps) && stop.afterSteps >= 0),
    'stop.afterSteps must be a whole number of at least 0',
    stop?.afterSteps,
  );
  let checked: { params: GivenParams } = { params: {} };
  try {
    checked = checkOptions({ params, workers, laneBytes, preaggregate });
  } catch (error) {
    problems.push((error as MillraceError).rule);
  }
  if (problems.length > 0) throw new MillraceError('ERR_OPTION_INVALID', problems.join('; '));
  return {
    params: checked.params,
    workers,
    seed: seed ?? Math.floor(Math.random() * 2 ** 31),
    laneBytes,
    preaggregate,
    clock: clock ?? new VirtualClock(),
    tickNs: tickMs * 1e6,
    maxSteps,
    patienceMs,
    stop: stop === undefined ? undefined : { afterSteps: stop.afterSteps, drain: stop.drain ?? true },
  };
}
