// Operators by themselves: a fragment of a flow is fed in every way in which records can come, and emptied in every way in which they
// can leave, and must give the same output each time. Any thread.
//
//   input, in batches of 1, 2, 3 ... all --> fragment --> outlet that takes one record and rejects every other offer

import { AssertionError } from 'node:assert';
import { inspect, isDeepStrictEqual } from 'node:util';
import type { Sink } from '../engine/connector/sink.ts';
import type { Source, SplitReader } from '../engine/connector/source.ts';
import { MillraceError } from '../engine/errors/millrace-error.ts';
import { job } from '../engine/flow/job.ts';
import type { Stream } from '../engine/flow/stream.ts';
import type { OperatorNode } from '../engine/graph/operator-node.ts';
import { LIMITS } from '../engine/limits.ts';
import type { Outlet } from '../engine/operators/outlet.ts';
import { simulateWith } from './simulate.ts';

export interface DriveOptions<T> {
  /** The records that enter the fragment, in this order. They are not copied. */
  readonly input: readonly T[];
  /** Simulated workers; default 1. With more than one the order of the output is not compared. */
  readonly workers?: number;
  /** Compare the order of the output as well. Default true; false for operators that promise none, as `mapAsync` unordered. */
  readonly ordered?: boolean;
  /** Chooses the interleavings; default 0. */
  readonly seed?: number;
}

/** One way of feeding and emptying the fragment. */
interface Manner {
  /** Records that the source hands out at once. */
  readonly batch: number;
  /** Records that the outlet takes between two offers. */
  readonly room: number;
  /** Whether the source answers at once, or with a promise, saying now and then that it is idle. */
  readonly answers: 'now' | 'later';
}

/**
 * Runs the operators that `fragment` adds to a stream, over and over: the same input in batches of every size, at once and by promise, and
 * an outlet that rejects every other offer. The output must always be the same, and is returned.
 *
 * @throws AssertionError when the output depends on how records came or went; a MillraceError when the fragment fails
 * @example
 * const output = await driveOperators((words: Stream<string>) => words.filter((w) => w !== '').map((w) => w.length), {
 *   input: ['to', '', 'be'],
 * });
 * assert.deepEqual(output, [2, 2]);
 */
export async function driveOperators<T, U>(
  fragment: (stream: Stream<T>) => Stream<U>,
  options: DriveOptions<T>,
): Promise<U[]> {
  const { input, workers = 1, ordered = true, seed = 0 } = options;
  if (!Array.isArray(input)) {
    throw new MillraceError('ERR_OPTION_INVALID', `input must be an array of records: got ${typeof input}`);
  }
  const inOrder = ordered && workers === 1;
  let first: { readonly manner: Manner; readonly output: U[] } | undefined;
  for (const manner of mannersFor(input.length)) {
    const output = await driveOnce(fragment, { input, workers, seed, manner });
    first ??= { manner, output };
    if (isSame(first.output, output, inOrder)) continue;
    throw new AssertionError({
      message:
        'the output must not depend on how records come and go: ' +
        `with ${describe(manner)} it is another than with ${describe(first.manner)} (workers=${workers}, seed=${seed})`,
      expected: first.output,
      actual: output,
      operator: 'deepStrictEqual',
    });
  }
  return first!.output;
}

function mannersFor(records: number): Manner[] {
  const { frameRecords } = LIMITS;
  const sizes = [1, 2, 3, 7, 64, frameRecords - 1, frameRecords, frameRecords + 1, records];
  const batches = [...new Set(sizes.filter((size) => size >= 1 && size <= Math.max(1, records)))];
  return [
    { batch: Math.max(1, records), room: Number.POSITIVE_INFINITY, answers: 'now' },
    ...batches.flatMap((batch): Manner[] => [
      { batch, room: 1, answers: 'now' },
      { batch, room: 3, answers: 'now' },
      { batch, room: 1, answers: 'later' },
    ]),
  ];
}

interface OneDrive<T> {
  readonly input: readonly T[];
  readonly workers: number;
  readonly seed: number;
  readonly manner: Manner;
}

async function driveOnce<T, U>(fragment: (stream: Stream<T>) => Stream<U>, drive: OneDrive<T>): Promise<U[]> {
  const { input, workers, seed, manner } = drive;
  const output: unknown[] = [];
  const driven = job('driven', (flow) => {
    fragment(flow.from(batches(input, manner))).to(END);
  });
  const outletFor = (node: OperatorNode): Outlet | undefined =>
    node.operation.kind === 'sink' && node.operation.sink === END
      ? new RejectingOutlet(output, manner.room)
      : undefined;
  await simulateWith(driven, { workers, seed }, { outletFor });
  return output as U[];
}

/** Marks the end of a fragment. An outlet stands in for it, so it is never opened. */
const END: Sink<unknown> = Object.freeze({
  name: 'end of fragment',
  open: () => {
    throw new MillraceError('ERR_INTERNAL', 'the end of a fragment has an outlet in its place');
  },
});

function batches<T>(input: readonly T[], { batch, answers }: Manner): Source<T> {
  return {
    name: 'input',
    bounded: true,
    splits: () => [{ id: 'input', size: input.length }],
    open: (_split, { wake }): SplitReader<T> => {
      let at = 0;
      let reads = 0;
      const next = (): readonly T[] | 'done' => {
        if (at >= input.length) return 'done';
        const from = at;
        at += batch;
        return input.slice(from, at);
      };
      return {
        read: () => {
          if (answers === 'now') return next();
          if (reads++ % 2 === 0) return Promise.resolve().then(next);
          setImmediate(wake);
          return 'idle';
        },
        locate: (index) => `input[${at - batch + index}]`,
      };
    },
  };
}

/** Takes `room` records, then none until it has been asked twice: the hardest that an operator can meet. */
class RejectingOutlet implements Outlet {
  full = false;
  readonly holdup = 'lane';
  readonly #output: unknown[];
  readonly #room: number;
  #taken = 0;
  #offers = 0;

  constructor(output: unknown[], room: number) {
    this.#output = output;
    this.#room = room;
  }

  push(record: unknown): void {
    this.#output.push(record);
    if (++this.#taken >= this.#room) this.full = true;
  }

  intake(): void {}

  advance(): void {}

  drain(): boolean {
    if (this.#rejects()) return false;
    this.#taken = 0;
    this.full = false;
    return true;
  }

  flush(): boolean {
    return false;
  }

  end(): boolean {
    return !this.#rejects();
  }

  #rejects(): boolean {
    return this.#room !== Number.POSITIVE_INFINITY && this.#offers++ % 2 === 0;
  }
}

function isSame(expected: readonly unknown[], actual: readonly unknown[], inOrder: boolean): boolean {
  if (inOrder) return isDeepStrictEqual(actual, expected);
  return isDeepStrictEqual(actual.map(asText).sort(), expected.map(asText).sort());
}

/** Equal values have equal texts: enough to compare as bags. */
function asText(value: unknown): string {
  return inspect(value, {
    depth: null,
    maxArrayLength: null,
    maxStringLength: null,
    sorted: true,
    breakLength: Infinity,
  });
}

function describe({ batch, room, answers }: Manner): string {
  const taken =
    room === Number.POSITIVE_INFINITY
      ? 'an outlet that takes all'
      : `an outlet that takes ${room} and rejects every other offer`;
  return `batches of ${batch} read ${answers === 'now' ? 'at once' : 'by promise'}, and ${taken}`;
}
