// Options of run(): checked once, all problems together, before any thread starts. Main thread.

import { MillraceError } from '../engine/errors/millrace-error.ts';
import { checkOptionNames } from '../engine/errors/option-names.ts';
import type { GivenParams } from '../engine/flow/params.ts';
import { LIMITS } from '../engine/limits.ts';
import { availableWorkers } from './available-workers.ts';

export interface RunOptions {
  /** Threads. Default: the cores that affinity and cgroup allow. */
  readonly workers?: number;
  /** The job's parameters. Unknown ones are errors. */
  readonly params?: GivenParams;
  /** Aborts the job: `completed` rejects with the signal's reason as cause. */
  readonly signal?: AbortSignal;
  /** Bytes of the ring between two actors, a power of two. Default: each exchange's budget divided over its lanes, 256 KiB at most. */
  readonly laneBytes?: number;
  /** Combine aggregates on each worker before the exchange, where the job does not say otherwise. Default true. */
  readonly preaggregate?: boolean;
  /** Fail the job when a stage does not return from one record for this long; 0 never. Default 60 000. A warning comes at a third of it. */
  readonly stallTimeoutMs?: number;
  /** `'park'` (default): idle workers sleep. `'spin'`: they burn their core for the lowest latency. */
  readonly idle?: 'park' | 'spin';
  /**
   * A folder for state by key that exceeds `stateMemoryBytes`: kept in files, in a folder of their own that is deleted when the job ends. docs/guide-state.md says
   * which operators can. Needs the package lmdb. Default: all state is in memory.
   */
  readonly stateDirectory?: string;
  /** About how many bytes of state each worker keeps in its heap where there is a `stateDirectory`. Default: a quarter of its heap limit. */
  readonly stateMemoryBytes?: number;
  /** Is told what is worth knowing and no error: how many workers were chosen and why, a stage that stalls, state that stays in memory beside a `stateDirectory`. Default: nothing. */
  readonly onNotice?: (notice: Notice) => void;
}

export interface Notice {
  readonly kind: 'workers' | 'stalled' | 'state';
  readonly message: string;
}

export interface CheckedOptions {
  readonly workers: number;
  readonly workersReason: string;
  readonly params: GivenParams;
  readonly signal: AbortSignal | undefined;
  readonly laneBytes: number | undefined;
  readonly preaggregate: boolean;
  readonly stallTimeoutMs: number;
  readonly idle: 'park' | 'spin';
  readonly stateDirectory: string | undefined;
  readonly stateMemoryBytes: number | undefined;
  readonly onNotice: (notice: Notice) => void;
}

const OPTION_NAMES = [
  'workers',
  'params',
  'signal',
  'laneBytes',
  'preaggregate',
  'stallTimeoutMs',
  'idle',
  'stateDirectory',
  'stateMemoryBytes',
  'onNotice',
] satisfies (keyof RunOptions)[];

/** @throws MillraceError ERR_OPTION_UNKNOWN or ERR_OPTION_INVALID that lists every problem */
export function checkOptions(options: RunOptions): CheckedOptions {
  checkOptionNames('run', options, OPTION_NAMES);
  const problems: string[] = [];
  const { workers, params, signal, laneBytes, preaggregate, stallTimeoutMs, idle, onNotice } = options;
  const { stateDirectory, stateMemoryBytes } = options;
  const expect = (holds: boolean, rule: string, value: unknown): void => {
    if (!holds) problems.push(`${rule}: got ${describe(value)}`);
  };
  expect(
    workers === undefined || isWhole(workers, 1, LIMITS.maxWorkers),
    `workers must be a whole number from 1 to ${LIMITS.maxWorkers}`,
    workers,
  );
  expect(
    params === undefined || (typeof params === 'object' && params !== null && !Array.isArray(params)),
    'params must be an object of strings, numbers and booleans',
    params,
  );
  for (const [name, value] of Object.entries(params ?? {})) {
    // The value is not printed: parameters carry passwords.
    if (!['string', 'number', 'boolean'].includes(typeof value)) {
      problems.push(`params.${name} must be a string, number or boolean: got ${typeof value}`);
    }
  }
  expect(signal === undefined || signal instanceof AbortSignal, 'signal must be an AbortSignal', signal);
  expect(
    laneBytes === undefined ||
      (isWhole(laneBytes, LIMITS.minLaneBytes, LIMITS.maxLaneBytes) && (laneBytes & (laneBytes - 1)) === 0),
    `laneBytes must be a power of two from ${LIMITS.minLaneBytes} to ${LIMITS.maxLaneBytes}`,
    laneBytes,
  );
  expect(
    preaggregate === undefined || typeof preaggregate === 'boolean',
    'preaggregate must be true or false',
    preaggregate,
  );
  expect(
    stallTimeoutMs === undefined || isWhole(stallTimeoutMs, 0, LIMITS.maxTimerMs),
    `stallTimeoutMs must be a whole number from 0 (never) to ${LIMITS.maxTimerMs}`,
    stallTimeoutMs,
  );
  expect(idle === undefined || idle === 'park' || idle === 'spin', "idle must be 'park' or 'spin'", idle);
  expect(onNotice === undefined || typeof onNotice === 'function', 'onNotice must be a function', onNotice);
  expect(
    stateDirectory === undefined || (typeof stateDirectory === 'string' && stateDirectory !== ''),
    'stateDirectory must be the path of a folder',
    stateDirectory,
  );
  expect(
    stateMemoryBytes === undefined ||
      (isWhole(stateMemoryBytes, 1, Number.MAX_SAFE_INTEGER) && stateDirectory !== undefined),
    'stateMemoryBytes must be a whole number of bytes from 1 up, beside a stateDirectory',
    stateMemoryBytes,
  );
  if (problems.length > 0) throw new MillraceError('ERR_OPTION_INVALID', problems.join('; '));
  const available = availableWorkers();
  return Object.freeze({
    workers: workers ?? Math.min(available.workers, LIMITS.maxWorkers),
    workersReason: workers === undefined ? available.reason : 'as asked',
    params: Object.freeze({ ...params }),
    signal,
    laneBytes,
    preaggregate: preaggregate ?? true,
    stallTimeoutMs: stallTimeoutMs ?? 60_000,
    idle: idle ?? 'park',
    stateDirectory,
    stateMemoryBytes,
    onNotice: onNotice ?? (() => {}),
  });
}

function isWhole(value: unknown, least: number, most: number): value is number {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
}

function describe(value: unknown): string {
  return typeof value === 'object' && value !== null ? (value.constructor?.name ?? 'object') : String(value);
}
