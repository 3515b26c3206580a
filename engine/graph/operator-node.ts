// The logical graph: what the user wrote, one node an operator, nothing decided yet. Any thread; every thread builds the same one.
//
// A node's output ports: '' for what an operator emits, a branch name for split(), ERROR_PORT for dead letters, LATE_PORT for late records.

import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Aggregator } from '../aggregate/aggregator.ts';
import type { Sink } from '../connector/sink.ts';
import type { Source } from '../connector/source.ts';
import type { StatefulHost, StatefulLogic } from '../operators/stateful-operator.ts';
import type { WindowOptions } from '../window/window-options.ts';
import type { WindowSpec } from '../window/window-spec.ts';

export const MAIN_PORT = '';
export const ERROR_PORT = '!error';
/** Records that came too late for an operator with event time. */
export const LATE_PORT = '!late';

export interface Input {
  readonly node: number;
  readonly port: string;
}

/** What happens to a record that an operator cannot process. */
export type ErrorPolicy = 'fail' | 'skip' | 'dead-letter';

/** A record that an operator could not process, as a dead-letter sink receives it. */
export interface DeadLetter {
  readonly job: string;
  readonly stage: string;
  readonly operator: string;
  readonly worker: number;
  /** Where the source had read to, where that is known. */
  readonly position: string | undefined;
  readonly code: string;
  readonly message: string;
  /** The record as the operator received it; undefined when it cannot be sent to another thread. */
  readonly record: unknown;
}

export interface AsyncOptions {
  /** Most calls under way at once on one worker. Default 16. */
  readonly concurrency?: number;
  /** Results leave in the order of their records. Default true. */
  readonly ordered?: boolean;
  /** Milliseconds that one try may take. Default 30 000. */
  readonly timeoutMs?: number;
  readonly retry?: {
    /** Tries after the first. Default 0. */
    readonly retries?: number;
    /** Wait before the first retry in ms; doubles with each, with jitter. Default 100. */
    readonly backoffMs?: number;
    readonly maxBackoffMs?: number;
  };
}

export interface AsyncContext {
  /** Aborted when the try runs out of time or the job stops. */
  readonly signal: AbortSignal;
  /** 0 for the first try. */
  readonly attempt: number;
}

export interface PreaggregateOptions {
  /** Combine on each worker before the exchange. Default true where the aggregate can. */
  readonly preaggregate?: boolean;
}

export interface EventTimeOptions {
  /** How far behind the latest record another one may come, in ms of event time. Later ones are late. Default 0. */
  readonly outOfOrderMs?: number;
  /** A split without records for this long, in ms on the wall, holds nobody up any more. Default: splits are never idle. */
  readonly idleMs?: number;
  /**
   * No split is read further ahead of the slowest one than this, in ms of event time, on whichever worker: a fast file does not fill memory
   * with windows that must wait for a slow one. For event time right behind a source. Default: splits on other workers run as they like.
   */
  readonly alignMs?: number;
}

/** An input of an operator with state. */
export type StatefulInputSpec = (
  | { readonly exchange: 'keyed'; readonly key: (record: unknown) => unknown }
  | { readonly exchange: 'broadcast' | 'none' }
) & {
  /** The operator's event time is that of its other inputs. */
  readonly timeless?: boolean;
  /** Read to its end before the others are. */
  readonly readFirst?: boolean;
};

/** An operator with state of its own kind: joins, process(), sessions, and what is built on them. */
export interface StatefulOperation {
  readonly kind: 'stateful';
  /** For people: `join`, `process`. */
  readonly label: string;
  /** How each input comes in: by key, all of it to every actor, or as it is. */
  readonly inputs: readonly StatefulInputSpec[];
  /** Emitted records have event times. */
  readonly timed: boolean;
  /** Once for each actor. */
  readonly make: (host: StatefulHost) => StatefulLogic;
  /** What it keeps stays in memory, though the job has a folder for state: `records that wait for their time`. */
  readonly heldInMemory?: string;
  /** What it depends on besides the functions of its inputs, for the comparison of graphs. */
  readonly settings: string;
}

export type Operation =
  | { readonly kind: 'source'; readonly source: Source<unknown> }
  | { readonly kind: 'map'; readonly fn: (record: unknown) => unknown }
  | { readonly kind: 'filter'; readonly fn: (record: unknown) => unknown }
  | { readonly kind: 'peek'; readonly fn: (record: unknown) => void }
  | { readonly kind: 'schema'; readonly schema: StandardSchemaV1<unknown, unknown> }
  | { readonly kind: 'flatMap'; readonly fn: (record: unknown) => Iterable<unknown> }
  | {
      readonly kind: 'mapAsync';
      readonly fn: (record: unknown, context: AsyncContext) => Promise<unknown>;
      readonly options: AsyncOptions;
    }
  | { readonly kind: 'merge' }
  | {
      readonly kind: 'split';
      readonly branches: ReadonlyArray<readonly [name: string, test: (record: unknown) => unknown]>;
    }
  | { readonly kind: 'keyBy'; readonly key: (record: unknown) => unknown }
  | { readonly kind: 'rebalance' }
  | { readonly kind: 'broadcast' }
  | {
      readonly kind: 'aggregate';
      readonly key: (record: unknown) => unknown;
      readonly aggregator: Aggregator<unknown>;
      /** True when the result is an object whose properties join the key's: `{ key, count, mean }`; else `{ key, value }`. */
      readonly spread: boolean;
      readonly preaggregate: boolean;
    }
  | {
      readonly kind: 'eventTime';
      readonly fn: (record: unknown) => unknown;
      readonly options: EventTimeOptions;
    }
  | {
      readonly kind: 'window';
      readonly key: (record: unknown) => unknown;
      readonly window: WindowSpec;
      readonly options: WindowOptions;
      readonly aggregator: Aggregator<unknown>;
      /** As for `aggregate`. */
      readonly spread: boolean;
    }
  | StatefulOperation
  | { readonly kind: 'sink'; readonly sink: Sink<unknown> }
  | { readonly kind: 'collect'; readonly result: string; readonly limit: number };

export type OperatorKind = Operation['kind'];

export interface OperatorNode {
  readonly id: number;
  readonly operation: Operation;
  readonly inputs: readonly Input[];
  /** Unique in the job: what the user said, else kind and number. */
  name: string;
  named: boolean;
  parallelism: number | undefined;
  policy: ErrorPolicy;
}
