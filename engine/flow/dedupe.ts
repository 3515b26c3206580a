// The first record of each key, and the last one, as users write it. Any thread.

import { checkOptionNames } from '../errors/option-names.ts';
import { hasEventTime } from '../graph/operator-inputs.ts';
import { MAIN_PORT } from '../graph/operator-node.ts';
import type { AnyProcess, ProcessDefinition, StateDefinition } from '../process/process-definition.ts';
import { processOperation } from '../process/process-operation.ts';
import type { TimeKind } from '../state/key-timers.ts';
import { valueState } from '../state/state-spec.ts';
import { type KeyedStream, Stream } from './stream.ts';

export interface DedupeOptions {
  /** A record is a duplicate for so many ms behind the one of its key that was passed on. Default: for ever, with a flag kept for every key. */
  readonly withinMs?: number;
  /** By which time. Default: event time where the stream has it. */
  readonly time?: TimeKind;
}

/**
 * Passes on the first record of each key, at once, and drops those that follow within a time. First is the one that comes first: with
 * records out of order that need not be the earliest.
 *
 * @example
 * dedupe(payments.keyBy((p) => p.id), { withinMs: 3_600_000 });
 */
export function dedupe<K, T>(keyed: KeyedStream<K, T>, options: DedupeOptions = {}): Stream<T> {
  checkOptionNames('dedupe', options, ['withinMs', 'time']);
  const { withinMs } = options;
  const { graph, input } = keyed.parts;
  const ttlTime = options.time ?? (hasEventTime(graph, input) ? 'event' : 'processing');
  return processed('dedupe', keyed, {
    state: { passed: valueState(false, withinMs === undefined ? {} : { ttlMs: withinMs, ttlTime }) },
    onRecord({ state: { passed }, emit }, record) {
      if (passed.get()) return;
      passed.set(true);
      emit(record);
    },
  });
}

export interface LastPerKeyOptions {
  /** `'end'`: once, when the input has ended. `'watermark'`: whenever the watermark has reached a later record than before. Default `'end'`. */
  readonly when?: 'end' | 'watermark';
}

/**
 * The record of each key with the latest event time; of equal times, and where the stream has none, the one that came last.
 *
 * @example
 * lastPerKey(readings.keyBy((r) => r.sensor)).to(toNdjson('last.ndjson'));
 */
export function lastPerKey<K, T>(keyed: KeyedStream<K, T>, options: LastPerKeyOptions = {}): Stream<T> {
  checkOptionNames('lastPerKey', options, ['when']);
  const isOnce = options.when !== 'watermark';
  return processed('lastPerKey', keyed, {
    state: { last: valueState<T>(), lastMs: valueState(Number.NEGATIVE_INFINITY) },
    onRecord({ state: { last, lastMs }, timeMs, setTimer }, record) {
      if (timeMs < lastMs.get()) return;
      if (!Number.isNaN(timeMs)) lastMs.set(timeMs);
      last.set(record as Exclude<T, undefined>);
      setTimer(isOnce ? Number.POSITIVE_INFINITY : timeMs, 'last');
    },
    onTimer: ({ state: { last, lastMs }, emit, timeMs }) =>
      emit(last.get() as T, Number.isNaN(timeMs) ? timeMs : lastMs.get()),
  });
}

/** process() under another name. */
function processed<T, S extends StateDefinition>(
  label: string,
  keyed: KeyedStream<unknown, T>,
  definition: ProcessDefinition<unknown, T, S, T>,
): Stream<T> {
  const { graph, input } = keyed.parts;
  const operation = processOperation(definition as AnyProcess, {}, keyed.parts, label);
  return new Stream<T>(graph, { node: graph.add(operation, [input]).id, port: MAIN_PORT });
}
