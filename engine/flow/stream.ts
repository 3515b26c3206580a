// The flow API: each method adds one operator to the graph and returns the stream behind it. Nothing runs here. Any thread.

import type { StandardSchemaV1 } from '@standard-schema/spec';
import { type SinkLike, toSink } from '../adapters/to-sink.ts';
import type { Aggregator } from '../aggregate/aggregator.ts';
import { type CollectSink, isCollectSink } from '../connector/collect.ts';
import type { Sink } from '../connector/sink.ts';
import { MillraceError } from '../errors/millrace-error.ts';
import type { Graph } from '../graph/graph.ts';
import { hasEventTime } from '../graph/operator-inputs.ts';
import {
  type AsyncContext,
  type AsyncOptions,
  type DeadLetter,
  ERROR_PORT,
  type ErrorPolicy,
  type EventTimeOptions,
  type Input,
  LATE_PORT,
  MAIN_PORT,
  type Operation,
  type OperatorNode,
  type PreaggregateOptions,
} from '../graph/operator-node.ts';
import type { AnyProcess, ProcessDefinition, ProcessOptions, StateDefinition } from '../process/process-definition.ts';
import { processOperation } from '../process/process-operation.ts';
import { checkWindow, type OptionsOf, type WindowOptions } from '../window/window-options.ts';
import type { GlobalWindow, WindowSpec } from '../window/window-spec.ts';
import {
  type AggregateOf,
  type Emission,
  NAMES_OF_WINDOWS,
  oneAggregator,
  type ResultsAsked,
  reducer,
  type Told,
  type WindowResultOf,
} from './aggregate-results.ts';
import {
  checkAsyncOptions,
  checkBranches,
  checkEventTimeOptions,
  OTHERWISE,
  type SinkOptions,
  setParallelism,
} from './operator-options.ts';

/** What can be done with a stream, keyed or not. */
abstract class Operators<T> {
  protected readonly graph: Graph;

  constructor(graph: Graph) {
    this.graph = graph;
  }

  /** The output that operators added here will read. */
  protected abstract output(): Input;

  /** One record in, one out. */
  map<U>(fn: (record: T) => U): Stream<U> {
    return this.append<U>({ kind: 'map', fn: fn as (record: unknown) => unknown });
  }

  /** Keeps the records for which `test` returns something truthy; a type guard narrows the type. */
  filter<S extends T>(test: (record: T) => record is S): Stream<S>;
  filter(test: (record: T) => unknown): Stream<T>;
  filter(test: (record: T) => unknown): Stream<T> {
    return this.append<T>({ kind: 'filter', fn: test as (record: unknown) => unknown });
  }

  /**
   * One record in, any number out. The iterable is drawn lazily and only as fast as the stages behind can take it: a generator may
   * yield ten million records, or never end.
   */
  flatMap<U>(fn: (record: T) => Iterable<U>): Stream<U> {
    return this.append<U>({ kind: 'flatMap', fn: fn as (record: unknown) => Iterable<unknown> });
  }

  /**
   * One record in, one out, asynchronously, with at most `concurrency` calls under way on each worker.
   *
   * @example
   * stream.mapAsync(async (order, { signal }) => ({ ...order, user: await fetchUser(order.userId, signal) }), {
   *   concurrency: 64, ordered: false, timeoutMs: 2_000, retry: { retries: 3, backoffMs: 50 },
   * });
   */
  mapAsync<U>(fn: (record: T, context: AsyncContext) => Promise<U>, options: AsyncOptions = {}): Stream<U> {
    checkAsyncOptions(options, this.graph.job);
    return this.append<U>({
      kind: 'mapAsync',
      fn: fn as (record: unknown, context: AsyncContext) => Promise<unknown>,
      options: Object.freeze({ ...options }),
    });
  }

  /** Calls `fn` for each record and passes the record on. */
  peek(fn: (record: T) => void): Stream<T> {
    return this.append<T>({ kind: 'peek', fn: fn as (record: unknown) => void });
  }

  /**
   * Says when each record happened: what windows, joins and timers go by. Best right behind the source, where every split of it is
   * followed by itself. Records may come out of order by `outOfOrderMs`; what comes later than that is late.
   *
   * @param time the time as a Date or in milliseconds since 1970
   * @example
   * flow.from(parquet('bids.parquet')).eventTime((bid) => bid.dateTime, { outOfOrderMs: 4_000 });
   */
  eventTime(time: (record: T) => number | Date, options: EventTimeOptions = {}): Stream<T> {
    checkEventTimeOptions(options, this.graph, this.output());
    return this.append<T>({
      kind: 'eventTime',
      fn: time as (record: unknown) => unknown,
      options: Object.freeze({ ...options }),
    });
  }

  /**
   * Validates each record by a schema: `record({ … })` of Millrace, zod, valibot, arktype, any Standard Schema. Behind it the records
   * have the schema's type, and a `record({ … })` also fixes the columns in which they cross to other threads.
   */
  schema<U>(schema: StandardSchemaV1<unknown, U>): Stream<U> {
    return this.append<U>({ kind: 'schema', schema: schema as StandardSchemaV1<unknown, unknown> });
  }

  /** All records of this stream and the others. Records of one stream keep their order; between streams there is none. */
  merge<const U extends readonly unknown[]>(
    ...others: { readonly [I in keyof U]: Operators<U[I]> }
  ): Stream<T | U[number]> {
    const inputs = [this.output(), ...others.map((other) => other.output())];
    return this.derived<T | U[number]>(this.graph.add({ kind: 'merge' }, inputs));
  }

  /**
   * Sends each record into the first branch whose test accepts it; the others go to the branch `otherwise`. Branches that
   * nobody reads are dropped, and counted as dropped.
   *
   * @example
   * const { late, early, otherwise } = flights.split({ late: (f) => f.delay > 15, early: (f) => f.delay < 0 });
   */
  split<const B extends Readonly<Record<string, (record: T) => unknown>>>(
    branches: B,
  ): { readonly [K in keyof B | typeof OTHERWISE]: Stream<T> } {
    const names = Object.keys(branches);
    checkBranches(names, this.graph.job);
    const tests = Object.entries(branches) as [string, (record: unknown) => unknown][];
    const node = this.graph.add({ kind: 'split', branches: tests }, [this.output()]);
    const streams = [...names, OTHERWISE].map((name) => [
      name,
      new Stream<T>(this.graph, { node: node.id, port: name }),
    ]);
    return Object.fromEntries(streams) as { readonly [K in keyof B | typeof OTHERWISE]: Stream<T> };
  }

  /**
   * Brings all records with the same key to the same worker, in their order. `key` must depend on the record alone. Keys are numbers,
   * strings, bigints, booleans, dates, null, undefined, or arrays and plain objects of these. Operators that keep a key by its parts keep a
   * frozen copy, and give that out with their results.
   */
  keyBy<K>(key: (record: T) => K): KeyedStream<K, T> {
    return new KeyedStream<K, T>(this.graph, this.output(), key as (record: unknown) => unknown);
  }

  /** Deals the records out evenly, round robin: for a slow operator behind an uneven source. */
  rebalance(): Stream<T> {
    return this.append<T>({ kind: 'rebalance' });
  }

  /** Sends every record to every worker. */
  broadcast(): Stream<T> {
    return this.append<T>({ kind: 'broadcast' });
  }

  /** Ends the stream in a sink: a connector's, `collect(name)`, a Node Writable or a function that returns one. May be called again for further sinks. */
  to(sink: Sink<T> | CollectSink<T> | SinkLike<T>, options: SinkOptions = {}): this {
    const operation: Operation = isCollectSink(sink)
      ? { kind: 'collect', result: sink.result, limit: sink.limit }
      : { kind: 'sink', sink: toSink(sink) as Sink<unknown> };
    if (operation.kind === 'collect') this.refuseTakenResult(operation.result);
    const node = this.graph.add(operation, [this.output()]);
    if (options.name !== undefined) this.graph.rename(node, options.name);
    if (options.parallelism !== undefined) setParallelism(this.graph, node, options.parallelism);
    return this;
  }

  protected append<U>(operation: Operation): Stream<U> {
    return this.derived<U>(this.graph.add(operation, [this.output()]));
  }

  protected derived<U>(node: OperatorNode): Stream<U> {
    return new Stream<U>(this.graph, { node: node.id, port: MAIN_PORT });
  }

  private refuseTakenResult(result: string): void {
    const taken = this.graph.nodes.some(({ operation }) => operation.kind === 'collect' && operation.result === result);
    if (!taken) return;
    throw new MillraceError('ERR_JOB_GRAPH', `collect('${result}') stands twice: give each its own name`, {
      place: { job: this.graph.job },
    });
  }
}

/** A stream of records of type `T`. */
export class Stream<T> extends Operators<T> {
  readonly #output: Input;

  constructor(graph: Graph, output: Input) {
    super(graph);
    this.#output = output;
  }

  protected override output(): Input {
    return this.#output;
  }

  /** Names the operator before: in plans, metrics and errors. */
  named(name: string): this {
    this.graph.rename(this.graph.node(this.#output.node), name);
    return this;
  }

  /** How many actors run the operator before, over as many workers. Default: one on every worker. */
  parallelism(actors: number): this {
    setParallelism(this.graph, this.graph.node(this.#output.node), actors);
    return this;
  }

  /**
   * What happens to a record on which the operator before throws: `'fail'` the job (default), `'skip'` and count it, or send it with
   * the reason to a sink of dead letters. Behind a source it is the policy for malformed input.
   *
   * @example
   * flow.from(csv('orders.csv')).onError('skip');
   * stream.map(parse).onError(toNdjson('rejected.ndjson'));
   */
  onError(policy: Exclude<ErrorPolicy, 'dead-letter'> | Sink<DeadLetter> | CollectSink<DeadLetter>): this {
    const node = this.graph.node(this.#output.node);
    if (policy === 'fail' || policy === 'skip') {
      node.policy = policy;
      return this;
    }
    if (typeof policy !== 'object' || policy === null) {
      throw new MillraceError('ERR_OPTION_INVALID', `onError takes 'fail', 'skip' or a sink: ${String(policy)}`, {
        place: { job: this.graph.job, operator: node.name },
      });
    }
    node.policy = 'dead-letter';
    new Stream<DeadLetter>(this.graph, { node: node.id, port: ERROR_PORT }).to(policy);
    return this;
  }
}

/** What operators over keyed streams are made of. */
interface KeyedParts {
  readonly graph: Graph;
  readonly input: Input;
  readonly key: (record: unknown) => unknown;
}

/** A stream whose records are brought together by key. */
export class KeyedStream<K, T> extends Operators<T> {
  /** For the compiler alone, which else would let streams with keys of two types be joined. */
  declare protected readonly keyType: K;
  readonly #input: Input;
  readonly #key: (record: unknown) => unknown;
  #exchanged: Input | undefined;

  constructor(graph: Graph, input: Input, key: (record: unknown) => unknown) {
    super(graph);
    this.#input = input;
    this.#key = key;
  }

  /** @internal What operators of several keyed streams are made of. */
  get parts(): KeyedParts {
    return { graph: this.graph, input: this.#input, key: this.#key };
  }

  // Aggregates carry the key themselves; only other operators need the exchange as an operator of its own.
  protected override output(): Input {
    this.#exchanged ??= {
      node: this.graph.add({ kind: 'keyBy', key: this.#key }, [this.#input]).id,
      port: MAIN_PORT,
    };
    return this.#exchanged;
  }

  /**
   * One result for each key, emitted when the input ends: `{ key, value }` for a single aggregate, `{ key, ...results }` for an object.
   *
   * @example
   * flights.keyBy((f) => f.origin).aggregate({ flights: count(), mean: mean((f) => f.delay) });  // { key, flights, mean }
   */
  aggregate<S extends Aggregator<T> | Readonly<Record<string, Aggregator<T>>>>(
    what: S | Aggregator<T>,
    options?: PreaggregateOptions,
  ): Stream<AggregateOf<K, S>>;
  aggregate(
    what: Aggregator<T> | Readonly<Record<string, Aggregator<T>>>,
    options: PreaggregateOptions = {},
  ): Stream<unknown> {
    const { aggregator, spread } = oneAggregator(what, ['key'], this.graph.job);
    return this.#aggregate(aggregator, spread, options);
  }

  /**
   * Folds the records of each key with an associative function: `{ key, value }` when the input ends.
   *
   * @example
   * readings.keyBy((r) => r.sensor).reduce((a, b) => (a.celsius > b.celsius ? a : b));
   */
  reduce(fn: (accumulated: T, record: T) => T, options: PreaggregateOptions = {}): Stream<{ key: K; value: T }> {
    return this.#aggregate(reducer(fn) as Aggregator<T>, false, options) as Stream<{ key: K; value: T }>;
  }

  /**
   * Cuts the records of each key into windows of event time; an aggregate gives one result for each key and window, when the watermark
   * passes the window's end. The stream needs `eventTime()` before.
   *
   * @example
   * bids.keyBy((b) => b.auction).window(tumbling({ sizeMs: 10_000 })).aggregate(count()); // { key, windowStart, windowEnd, value }
   */
  window(window: GlobalWindow, options?: Windowing<T, GlobalWindow>): Windows<K, T, GlobalWindow, 'early' | 'final'>;
  window<W extends WindowSpec>(window: W, options?: Windowing<T, W, 'one'>): WindowedStream<K, T>;
  window<W extends WindowSpec>(window: W, options: Windowing<T, W, 'many'>): Windows<K, T, W, Emission>;
  window<W extends WindowSpec>(window: W, options: Windowing<T, W, 'early'>): Windows<K, T, W, 'early' | 'final'>;
  window<W extends WindowSpec>(window: W, options: Windowing<T, W, 'late'>): Windows<K, T, W, 'final' | 'late'>;
  window<W extends WindowSpec>(window: W, options: Windowing<T, W>): WindowedStream<K, T, Partial<Told<W, Emission>>>;
  window(window: WindowSpec, options: Windowing<T, WindowSpec> = {}): WindowedStream<K, T, unknown> {
    checkWindow(window, options, this.graph.job, hasEventTime(this.graph, this.#input));
    return new WindowedStream<K, T, unknown>(this.parts, window, options);
  }

  /** Functions of your own over the records, the state and the timers of each key: docs/guide-state.md. */
  process<S extends StateDefinition, U>(
    definition: ProcessDefinition<K, T, S, U>,
    { late, ...options }: ProcessOptions & LateOption<T> = {},
  ): Stream<U> {
    const operation = processOperation(definition as AnyProcess, options, this.parts);
    const node = this.graph.add(operation, [this.#input]);
    late?.(new Stream<T>(this.graph, { node: node.id, port: LATE_PORT }));
    return this.derived(node);
  }

  #aggregate(aggregator: Aggregator<T>, spread: boolean, options: PreaggregateOptions): Stream<unknown> {
    const { preaggregate = true } = options;
    const kept = aggregator as Aggregator<unknown>;
    const operation: Operation = { kind: 'aggregate', key: this.#key, aggregator: kept, spread, preaggregate };
    return this.derived(this.graph.add(operation, [this.#input]));
  }
}

export interface LateOption<T> {
  /**
   * Is given the stream of records that came too late for all their windows; they are counted in any case.
   *
   * @example
   * .window(tumbling({ sizeMs: 1_000 }), { late: (records) => records.to(toNdjson('late.ndjson')) })
   */
  late?(records: Stream<T>): void;
}

type Given<T> = WindowOptions & LateOption<T>;
type Windowing<T, W extends WindowSpec, A extends keyof ResultsAsked = 'any'> = OptionsOf<W, Given<T>> &
  ResultsAsked[A];
type Windows<K, T, W extends WindowSpec, E extends Emission> = WindowedStream<K, T, Told<W, E>>;

/** The records of a stream by key and window. `E` is `{ emission }` where a window can have several results for a key. */
export class WindowedStream<K, T, E = unknown> {
  readonly #parts: KeyedParts;
  readonly #window: WindowSpec;
  readonly #options: Given<T>;

  constructor(parts: KeyedParts, window: WindowSpec, options: Given<T>) {
    this.#parts = parts;
    this.#window = window;
    this.#options = options;
  }

  /**
   * One result for each key and window: `{ key, windowStart, windowEnd, value }` for a single aggregate, the named results in place of
   * `value` for an object. Its event time is the last millisecond of the window.
   *
   * @example
   * windowed.aggregate({ bids: count(), highest: max((b) => b.price) }); // { key, windowStart, windowEnd, bids, highest }
   */
  aggregate<S extends Aggregator<T> | Readonly<Record<string, Aggregator<T>>>>(
    what: S | Aggregator<T>,
  ): Stream<WindowResultOf<K, S, E>>;
  aggregate(what: Aggregator<T> | Readonly<Record<string, Aggregator<T>>>): Stream<unknown> {
    const { graph, input, key } = this.#parts;
    const { aggregator, spread } = oneAggregator(what, NAMES_OF_WINDOWS, graph.job);
    const { late, ...options } = this.#options;
    const kept = { aggregator: aggregator as Aggregator<unknown>, options: Object.freeze(options) };
    const node = graph.add({ kind: 'window', key, window: this.#window, ...kept, spread }, [input]);
    late?.(new Stream<T>(graph, { node: node.id, port: LATE_PORT }));
    return new Stream<unknown>(graph, { node: node.id, port: MAIN_PORT });
  }
}
