// A stream beside a table that is divided by the same key, as users write it. Any thread.

import { MillraceError } from '../errors/millrace-error.ts';
import { checkOptionNames } from '../errors/option-names.ts';
import { hasEventTime } from '../graph/operator-inputs.ts';
import { LATE_PORT, MAIN_PORT } from '../graph/operator-node.ts';
import { sourcesOf } from '../graph/waiting.ts';
import { checkJoinType, keepsLeft, type RightOf } from '../join/join-type.ts';
import { AsOfJoin } from '../table/as-of-join.ts';
import { LookupJoin } from '../table/lookup-join.ts';
import type { SelectRow } from '../table/table-table-join.ts';
import { wholeMs } from '../window/window-spec.ts';
import { checkSameJob } from './join-inputs.ts';
import { type KeyedStream, type LateOption, Stream } from './stream.ts';
import type { Table } from './table.ts';

interface LookupOptions<K, L, R, J extends 'inner' | 'left', Out> {
  /** `'left'`: records without a row give a result too. Default `'inner'`. */
  readonly type?: J;
  select(record: L, row: RightOf<R, J>, where: { readonly key: K }): Out;
}

export interface TableLookupOptions<K, L, R, J extends 'inner' | 'left', Out> extends LookupOptions<K, L, R, J, Out> {
  /**
   * Read the table to its end before the first record is taken. Default: when all of its sources are bounded and it has no event time.
   */
  readonly wait?: boolean;
}

export interface AsOfJoinOptions<K, L, R, J extends 'inner' | 'left', Out>
  extends LookupOptions<K, L, R, J, Out>,
    LateOption<L | R> {
  /** How far behind the watermark a record may come and still be joined, in ms: rows of the past are kept for as long. Default 0. */
  readonly keepMs?: number;
}

/**
 * Joins each record with the row that its key has when the record arrives. Which of the rows of a table that changes meanwhile that is
 * depends on how fast both are read; `asOfJoin` goes by event time instead. The table is divided over the workers by key, so it may be as large as
 * the memory of all.
 *
 * @example
 * tableJoin(orders.keyBy((o) => o.customer), toTable(customers.keyBy((c) => c.id)), {
 *   select: (order, customer) => ({ ...order, name: customer.name }),
 * });
 */
export function tableJoin<K, L, R, Out, J extends 'inner' | 'left' = 'inner'>(
  stream: KeyedStream<K, L>,
  table: Table<K, R>,
  options: TableLookupOptions<K, L, R, J, Out>,
): Stream<Out> {
  checkOptionNames('tableJoin', options, ['type', 'wait', 'select']);
  const type = options.type ?? 'inner';
  checkJoinType(type, ['inner', 'left']);
  const { graph, input, key } = stream.parts;
  const { input: tableInput, key: tableKey, reader, settings } = table.parts;
  checkSameJob('tableJoin', graph, table.parts.graph);
  const endless = [...sourcesOf(graph.nodes, tableInput.node)].find(
    ({ operation }) => operation.kind === 'source' && !operation.source.bounded,
  );
  const timedTable = hasEventTime(graph, tableInput);
  const wait = options.wait ?? (endless === undefined && !timedTable);
  if (wait && endless !== undefined) {
    const rule = `tableJoin cannot wait for a table that never ends: '${endless.name}' is unbounded; leave out wait, and records are joined with the rows that have come in`;
    throw new MillraceError('ERR_JOB_GRAPH', rule, { place: { job: graph.job } });
  }
  const select = options.select as SelectRow;
  const node = graph.add(
    {
      kind: 'stateful',
      label: 'tableJoin',
      inputs: [
        { exchange: 'keyed', key },
        { exchange: 'keyed', key: tableKey, timeless: !timedTable, readFirst: wait },
      ],
      timed: hasEventTime(graph, input),
      settings: `${type} ${wait} ${settings} ${select}`,
      make: (host) => new LookupJoin(reader, keepsLeft(type), wait, select, host),
    },
    [input, tableInput],
  );
  return new Stream<Out>(graph, { node: node.id, port: MAIN_PORT });
}

/**
 * Joins each record with the row that its key had at the time of the record: the one with the latest time that is not behind it. Both need
 * `eventTime()`. Results appear when the watermark of both is behind the record, and have its time; so the answer does not depend on what
 * arrives first.
 *
 * @example
 * asOfJoin(trades.keyBy((t) => t.currency), toTable(rates.keyBy((r) => r.currency)), {
 *   select: (trade, rate) => ({ ...trade, euros: trade.amount * rate.euros }),
 * });
 */
export function asOfJoin<K, L, R, Out, J extends 'inner' | 'left' = 'inner'>(
  stream: KeyedStream<K, L>,
  table: Table<K, R>,
  options: AsOfJoinOptions<K, L, R, J, Out>,
): Stream<Out> {
  checkOptionNames('asOfJoin', options, ['type', 'keepMs', 'select', 'late']);
  const { type = 'inner', keepMs = 0, late } = options;
  checkJoinType(type, ['inner', 'left']);
  wholeMs('keepMs', keepMs, 0);
  const { graph, input, key } = stream.parts;
  const { input: tableInput, key: tableKey, reader, settings } = table.parts;
  checkSameJob('asOfJoin', graph, table.parts.graph);
  for (const [side, read] of [['stream', input] as const, ['table', tableInput] as const]) {
    if (hasEventTime(graph, read)) continue;
    const rule = `asOfJoin needs event time, the ${side} has none: call .eventTime((record) => ...) behind its source`;
    throw new MillraceError('ERR_JOB_GRAPH', rule, { place: { job: graph.job } });
  }
  const select = options.select as SelectRow;
  const node = graph.add(
    {
      kind: 'stateful',
      label: 'asOfJoin',
      inputs: [
        { exchange: 'keyed', key },
        { exchange: 'keyed', key: tableKey },
      ],
      timed: true,
      settings: `${type} ${keepMs} ${settings} ${select}`,
      make: (host) => new AsOfJoin(reader, keepsLeft(type), keepMs, select, host),
    },
    [input, tableInput],
  );
  late?.(new Stream<L | R>(graph, { node: node.id, port: LATE_PORT }));
  return new Stream<Out>(graph, { node: node.id, port: MAIN_PORT });
}
