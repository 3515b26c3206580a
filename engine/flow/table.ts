// Tables as users write them: streams read as rows by key, and what is computed from tables. Any thread; nothing runs here.
//
// A table is no operator by itself. Each operator that reads one keeps the rows that it needs; what goes between them is changes.

import type { Aggregator } from '../aggregate/aggregator.ts';
import { owned } from '../aggregate/own-string.ts';
import { checkOptionNames } from '../errors/option-names.ts';
import type { Graph } from '../graph/graph.ts';
import { hasEventTime } from '../graph/operator-inputs.ts';
import { type Input, MAIN_PORT, type StatefulInputSpec, type StatefulOperation } from '../graph/operator-node.ts';
import { checkJoinType, type JoinType, keepsLeft, type LeftOf, type RightOf } from '../join/join-type.ts';
import type { Change, RowReader } from '../table/change.ts';
import { ForeignJoin, ForeignResult, ForeignRouter } from '../table/foreign-join.ts';
import { GroupAggregate, RunningAggregate } from '../table/group-aggregate.ts';
import {
  foreignOfPacked,
  groupOfPacked,
  keyOfPacked,
  packChange,
  packGrouped,
  unpackRow,
} from '../table/packed-row.ts';
import { regroup } from '../table/regroup.ts';
import { FinalRows, TableChanges } from '../table/rows.ts';
import { type SelectRow, TableTableJoin } from '../table/table-table-join.ts';
import { oneAggregator, type RowOfAggregate } from './aggregate-results.ts';
import { checkSameJob } from './join-inputs.ts';
import { type KeyedStream, Stream } from './stream.ts';

interface TableParts {
  readonly graph: Graph;
  readonly input: Input;
  readonly key: (record: unknown) => unknown;
  readonly reader: RowReader;
  /** What the reader depends on, for the comparison of graphs. */
  readonly settings: string;
}

export interface TableOptions<T> {
  /** A record for which this returns something truthy deletes the row of its key. */
  deleted?(record: T): unknown;
}

export interface TableJoinOptions<K, L, R, J extends JoinType, Out> {
  /** Which rows without a partner have a joined one too. Default `'inner'`: none. */
  readonly type?: J;
  /** The joined row; undefined for none. Must depend on its arguments alone. */
  select(left: LeftOf<L, J>, right: RightOf<R, J>, where: { readonly key: K }): Out;
}

export interface ForeignJoinOptions<K, F, L, R, J extends 'inner' | 'left', Out> {
  /** The key of the other table that a row names. */
  foreignKey(row: L, key: K): F;
  /** `'left'`: rows whose foreign key leads to no row have a joined one too. Default `'inner'`. */
  readonly type?: J;
  /** The joined row; undefined for none. Must depend on its arguments alone. */
  select(left: L, right: RightOf<R, J>, where: { readonly key: K }): Out;
}

/**
 * Reads a stream as a table: each record is the new row of its key. Where the stream has event time, of two rows of a key the one with the later
 * time wins; of equals, and without event time, the one that arrives later.
 *
 * @example
 * const persons = toTable(changes.keyBy((c) => c.id), { deleted: (c) => c.op === 'delete' });
 * persons.filter((p) => p.state === 'OR').toStream();
 */
export function toTable<K, T>(keyed: KeyedStream<K, T>, options: TableOptions<NoInfer<T>> = {}): Table<K, T> {
  checkOptionNames('toTable', options, ['deleted']);
  const { graph, input, key } = keyed.parts;
  const deleted = options.deleted as ((record: unknown) => unknown) | undefined;
  const rowOf = (record: unknown): unknown => (deleted?.(record) ? undefined : owned(record));
  const reader: RowReader = { rowOf, byTime: hasEventTime(graph, input), deletes: deleted !== undefined };
  return new Table<K, T>({ graph, input, key, reader, settings: `${deleted}` });
}

/**
 * An aggregate that follows a stream: a table with one row for each key, which changes as records come. For a top-N or a count that is to
 * be seen before the input ends.
 *
 * @example
 * runningAggregate(bids.keyBy((b) => b.auction), topN(10, (b) => b.price)).toStream();
 */
export function runningAggregate<K, T, S extends Aggregator<T> | Readonly<Record<string, Aggregator<T>>>>(
  keyed: KeyedStream<K, T>,
  what: S | Aggregator<T> | Readonly<Record<string, Aggregator<T>>>,
): Table<K, RowOfAggregate<S>> {
  const { graph, input, key } = keyed.parts;
  const { aggregator } = oneAggregator(what, [], graph.job);
  return tableOf('runningAggregate', graph, [{ input, key }], aggregator.name, (host) => {
    return new RunningAggregate(aggregator as Aggregator<unknown>, host);
  });
}

/** Rows by key, which change. */
export class Table<K, V> {
  /** For the compiler alone. */
  declare protected readonly keyType: K;
  declare protected readonly rowType: V;
  /** How the stream of a raw table is read; or the changes of one that is computed. */
  readonly #origin: TableParts | Stream<Change<K, V>>;
  #parts: TableParts | undefined;

  /** @internal */
  constructor(origin: TableParts | Stream<Change<K, V>>) {
    this.#origin = origin;
  }

  /** @internal What operators over tables are made of: where the rows come from, and how they are read. */
  get parts(): TableParts {
    this.#parts ??= this.#origin instanceof Stream ? packedParts(this.#origin) : this.#origin;
    return this.#parts;
  }

  /**
   * Every change of a row: `{ key, before, after }`, where undefined means that there is none. Changes of a key come in order. What is computed by
   * `groupBy` or `runningAggregate` changes once for several records that arrive together.
   */
  toStream(): Stream<Change<K, V>> {
    if (this.#origin instanceof Stream) return this.#origin;
    const { graph, input, key, reader, settings } = this.#origin;
    return changesOf('table', graph, [{ input, key }], settings, (host) => new TableChanges(reader, host));
  }

  /**
   * The rows that are there when the input has ended: `{ key, value }`. They have no event time. On an unbounded stream they come when the job is
   * drained.
   *
   * @example
   * toTable(bids.keyBy((b) => [b.bidder, b.auction])).finalRows(); // the latest bid of each pair
   */
  finalRows(): Stream<{ key: K; value: V }> {
    const { graph, input, key, reader, settings } = this.parts;
    const operation = {
      label: 'finalRows',
      timed: false,
      settings,
      make: (host: Parameters<StatefulOperation['make']>[0]) => new FinalRows(reader, host),
    };
    return addOperator<{ key: K; value: V }>(graph, [{ input, key }], operation);
  }

  /** The rows for which `test` returns something truthy. */
  filter<S extends V>(test: (row: V, key: K) => row is S): Table<K, S>;
  filter(test: (row: V, key: K) => unknown): Table<K, V>;
  filter(test: (row: V, key: K) => unknown): Table<K, V> {
    return this.#rows((row, key) => (test(row, key) ? row : undefined)) as Table<K, V>;
  }

  /** Each row as `fn` makes it, which must depend on its arguments alone; undefined for none. */
  map<U>(fn: (row: V, key: K) => U): Table<K, Exclude<U, undefined>> {
    return this.#rows(fn) as Table<K, Exclude<U, undefined>>;
  }

  /**
   * The rows of this table and of another one with the same key, joined. Both are kept, and the joined rows.
   *
   * @example
   * stock.join(prices, { type: 'left', select: (s, p) => ({ ...s, price: p?.price }) }).finalRows();
   */
  join<R, Out, J extends JoinType = 'inner'>(
    other: Table<K, R>,
    options: TableJoinOptions<K, V, R, J, Out>,
  ): Table<K, Exclude<Out, undefined>> {
    checkOptionNames('join', options, ['type', 'select']);
    const type: JoinType = options.type ?? 'inner';
    checkJoinType(type);
    const [left, right] = [this.parts, other.parts];
    checkSameJob('join', left.graph, right.graph);
    const select = options.select as SelectRow;
    return tableOf(
      'tableJoin',
      left.graph,
      [left, right],
      `${type} ${left.settings} ${right.settings} ${select}`,
      (host) => {
        return new TableTableJoin([left.reader, right.reader], type, select, host);
      },
    );
  }

  /**
   * The rows of this table, each with the row of another table that it names.
   *
   * @example
   * orders.joinForeign(customers, { foreignKey: (o) => o.customer, select: (o, c) => ({ ...o, name: c.name }) });
   */
  joinForeign<F, R, Out, J extends 'inner' | 'left' = 'inner'>(
    other: Table<F, R>,
    options: ForeignJoinOptions<K, F, V, R, J, Out>,
  ): Table<K, Exclude<Out, undefined>> {
    checkOptionNames('joinForeign', options, ['foreignKey', 'type', 'select']);
    const type: JoinType = options.type ?? 'inner';
    checkJoinType(type, ['inner', 'left']);
    const [left, right] = [this.parts, other.parts];
    const { graph } = left;
    checkSameJob('joinForeign', graph, right.graph);
    const foreignKey = options.foreignKey as (row: unknown, key: unknown) => unknown;
    const select = options.select as SelectRow;
    const routed = addOperator<unknown>(graph, [left], {
      label: 'foreignKey',
      timed: hasEventTime(graph, left.input),
      settings: `${left.settings} ${foreignKey}`,
      make: (host) => new ForeignRouter(left.reader, foreignKey, host),
    }).keyBy(foreignOfPacked).parts;
    const joined = addOperator<unknown>(graph, [routed, right], {
      label: 'foreignJoin',
      timed: hasEventTime(graph, routed.input) && hasEventTime(graph, right.input),
      settings: `${type} ${right.settings} ${select}`,
      make: (host) => new ForeignJoin(right.reader, keepsLeft(type), select, host),
    }).keyBy(keyOfPacked).parts;
    return tableOf('foreignResult', graph, [joined], '', (host) => new ForeignResult(host));
  }

  /**
   * Brings the rows together by something they have, to aggregate them.
   *
   * @example
   * closed.groupBy((auction) => auction.category).aggregate({ mean: mean((a) => a.price), n: count() }).finalRows();
   */
  groupBy<G>(group: (row: V, key: K) => G): GroupedTable<G, V> {
    return new GroupedTable<G, V>(this.toStream(), group as (row: unknown, key: unknown) => unknown);
  }

  #rows<U>(fn: (row: V, key: K) => U): Table<K, U> {
    const rowOf = (row: V | undefined, key: K): U | undefined => (row === undefined ? undefined : fn(row, key));
    const changed = this.toStream()
      .map(({ key, before, after }) => ({ key, before: rowOf(before, key), after: rowOf(after, key) }))
      .filter(({ before, after }) => before !== undefined || after !== undefined);
    return fromChanges<K, U>(changed);
  }
}

/** The rows of a table by group. */
export class GroupedTable<G, V> {
  readonly #changes: Stream<Change<unknown, V>>;
  readonly #group: (row: unknown, key: unknown) => unknown;

  /** @internal */
  constructor(changes: Stream<Change<unknown, V>>, group: (row: unknown, key: unknown) => unknown) {
    this.#changes = changes;
    this.#group = group;
  }

  /**
   * A table with one row for each group that has rows: the result of an aggregate, or an object of several. It follows the rows: what has
   * changed or gone is taken back. `count`, `sum`, `mean` and percentiles can do that at once; with any other aggregate all rows of a group are kept and
   * aggregated anew when one has changed.
   */
  aggregate<S extends Aggregator<V> | Readonly<Record<string, Aggregator<V>>>>(
    what: S | Aggregator<V> | Readonly<Record<string, Aggregator<V>>>,
  ): Table<G, RowOfAggregate<S>> {
    const group = this.#group;
    const grouped = this.#changes.flatMap((change) => regroup(change, group).map(packGrouped));
    const { graph, input, key } = grouped.keyBy(groupOfPacked).parts;
    const { aggregator } = oneAggregator(what, [], graph.job);
    return tableOf('groupAggregate', graph, [{ input, key }], `${aggregator.name} ${group}`, (host) => {
      return new GroupAggregate(aggregator as Aggregator<unknown>, host);
    });
  }
}

interface KeyedInput {
  readonly input: Input;
  readonly key: (record: unknown) => unknown;
}

function tableOf<K, V>(
  label: string,
  graph: Graph,
  inputs: readonly KeyedInput[],
  settings: string,
  make: StatefulOperation['make'],
): Table<K, V> {
  return fromChanges<K, V>(changesOf<K, V>(label, graph, inputs, settings, make));
}

/** An operator that emits changes. */
function changesOf<K, V>(
  label: string,
  graph: Graph,
  inputs: readonly KeyedInput[],
  settings: string,
  make: StatefulOperation['make'],
): Stream<Change<K, V>> {
  const timed = inputs.every(({ input }) => hasEventTime(graph, input));
  return addOperator<Change<K, V>>(graph, inputs, { label, timed, settings, make });
}

function addOperator<Out>(
  graph: Graph,
  inputs: readonly KeyedInput[],
  operation: Pick<StatefulOperation, 'label' | 'timed' | 'settings' | 'make'>,
): Stream<Out> {
  const specs = inputs.map(({ key }): StatefulInputSpec => ({ exchange: 'keyed', key }));
  const node = graph.add(
    { kind: 'stateful', inputs: specs, ...operation },
    inputs.map(({ input }) => input),
  );
  return new Stream<Out>(graph, { node: node.id, port: MAIN_PORT });
}

function fromChanges<K, V>(changes: Stream<Change<K, V>>): Table<K, V> {
  return new Table<K, V>(changes);
}

/** The changes of a key come from one actor, in order. */
const PACKED_READER: RowReader = { rowOf: unpackRow, byTime: false, deletes: true };

function packedParts(changes: Stream<Change<unknown, unknown>>): TableParts {
  const { graph, input, key } = changes.map(packChange).keyBy(keyOfPacked).parts;
  return { graph, input, key, reader: PACKED_READER, settings: '' };
}
