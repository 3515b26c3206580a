// Records in the order of their event time, as users write it. Any thread.

import { MillraceError } from '../errors/millrace-error.ts';
import { checkOptionNames } from '../errors/option-names.ts';
import { hasEventTime } from '../graph/operator-inputs.ts';
import { LATE_PORT, MAIN_PORT, type StatefulOperation } from '../graph/operator-node.ts';
import type { StatefulHost, StatefulLogic } from '../operators/stateful-operator.ts';
import { TimeOrdered } from '../process/time-ordered.ts';
import { KeyedStream, type LateOption, Stream } from './stream.ts';

/**
 * Puts records into the order of their event time. A record waits until the watermark has reached it; one that comes behind the watermark is
 * late, and left out. The order is total on each worker: of a keyed stream over all keys of a partition, of another over what its worker has
 * read. The next exchange mixes what several workers send; a `process()` that needs its records in order takes `inTimeOrder`.
 *
 * @example
 * sortByTime(events.keyBy((e) => e.device)).to(toNdjson('by-time.ndjson'));
 */
export function sortByTime<T>(stream: Stream<T> | KeyedStream<unknown, T>, options: LateOption<T> = {}): Stream<T> {
  checkOptionNames('sortByTime', options, ['late']);
  const isKeyed = stream instanceof KeyedStream;
  const { graph, input, key } = (isKeyed ? stream : stream.keyBy(() => undefined)).parts;
  if (!hasEventTime(graph, input)) {
    const rule = 'sortByTime needs event time: call .eventTime((record) => ...) behind the source';
    throw new MillraceError('ERR_JOB_GRAPH', rule, { place: { job: graph.job } });
  }
  const operation: StatefulOperation = {
    kind: 'stateful',
    label: 'sortByTime',
    inputs: [isKeyed ? { exchange: 'keyed', key } : { exchange: 'none' }],
    timed: true,
    heldInMemory: 'records that wait for their time',
    make: (host) => new TimeOrdered(new PassOn(host), host),
    settings: '',
  };
  const node = graph.add(operation, [input]);
  options.late?.(new Stream<T>(graph, { node: node.id, port: LATE_PORT }));
  return new Stream<T>(graph, { node: node.id, port: MAIN_PORT });
}

/** Remembers nothing. */
class PassOn implements StatefulLogic {
  readonly #host: StatefulHost;

  constructor(host: StatefulHost) {
    this.#host = host;
  }

  onRecord(_key: unknown, record: unknown, timeMs: number): void {
    this.#host.emit(record, timeMs);
  }

  isDue(): boolean {
    return false;
  }

  fire(): Iterator<unknown> {
    return [][Symbol.iterator]();
  }
}
