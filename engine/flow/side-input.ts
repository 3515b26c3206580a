// A stream beside a table that every worker has, as users write it. Any thread.

import { MillraceError } from '../errors/millrace-error.ts';
import { checkOptionNames } from '../errors/option-names.ts';
import { hasEventTime } from '../graph/operator-inputs.ts';
import { MAIN_PORT } from '../graph/operator-node.ts';
import { sourcesOf } from '../graph/waiting.ts';
import { checkJoinType, type RightOf } from '../join/join-type.ts';
import { SideInput, type SideRows } from '../join/side-input.ts';
import { checkSameJob } from './join-inputs.ts';
import { type KeyedStream, Stream } from './stream.ts';

/** Rows of a side input on each worker, where the job does not say. */
const DEFAULT_LIMIT = 1_000_000;

export interface SideOptions<R> {
  /** A row for which this returns something truthy takes the row of its key away. */
  deleted?(row: R): unknown;
  /**
   * Read the side to its end before the first record is taken. Default: when all sources of the side are bounded. Without it records see the
   * rows that have come in by then.
   */
  readonly wait?: boolean;
  /** Most rows; more fail the job. Each worker keeps all of them. Default 1 000 000. */
  readonly limit?: number;
}

export interface SideInputOptions<K, T, R, Out> extends SideOptions<R> {
  select(record: T, rows: SideRows<K, R>): Out;
}

export interface BroadcastJoinOptions<K, L, R, J extends 'inner' | 'left', Out> extends SideOptions<R> {
  /** `'left'`: records without a row give a result too. Default `'inner'`. */
  readonly type?: J;
  select(record: L, row: RightOf<R, J>, where: { readonly key: K }): Out;
}

/**
 * Joins each record with the row of its key, where the rows are few enough for every worker to have them all: the stream stays
 * where it is, in its order, and only the rows are copied. Where a key comes in more than one row, the one that arrives last counts.
 *
 * @example
 * broadcastJoin(bids.keyBy((b) => b.auction % 10_000), rows.keyBy((r) => r.key), {
 *   select: (bid, row) => ({ ...bid, value: row.value }),
 * });
 */
export function broadcastJoin<K, L, R, Out, J extends 'inner' | 'left' = 'inner'>(
  stream: KeyedStream<K, L>,
  side: KeyedStream<K, R>,
  options: BroadcastJoinOptions<K, L, R, J, Out>,
): Stream<Out> {
  const { type = 'inner', ...sideOptions } = options;
  checkJoinType(type, ['inner', 'left']);
  const { key: keyOf } = stream.parts;
  const select = options.select as (record: unknown, row: unknown, where: { readonly key: unknown }) => unknown;
  return beside<Out>('broadcastJoin', stream, side, sideOptions, `${type} ${keyOf}`, (record, rows) => {
    const key = keyOf(record);
    const row = rows.get(key);
    return row === undefined && type === 'inner' ? undefined : { result: select(record, row, { key }) };
  });
}

/**
 * Gives each record together with all rows of a side input: configuration, rules, prices. One result for each record. Rows are kept by
 * the key of the side, the one that arrives last for each.
 *
 * @example
 * withSideInput(payments, rules.keyBy((rule) => rule.id), {
 *   select: (payment, rules) => ({ ...payment, hits: [...rules.values()].filter((rule) => payment.amount > rule.above).length }),
 * });
 */
export function withSideInput<K, T, R, Out>(
  stream: Stream<T>,
  side: KeyedStream<K, R>,
  options: SideInputOptions<K, T, R, Out>,
): Stream<Out> {
  const select = options.select as (record: unknown, rows: SideRows<unknown, unknown>) => unknown;
  const whole = stream.keyBy(() => undefined);
  return beside<Out>('withSideInput', whole, side, options, '', (record, rows) => ({ result: select(record, rows) }));
}

function beside<Out>(
  label: string,
  main: KeyedStream<unknown, unknown>,
  side: KeyedStream<unknown, unknown>,
  options: SideOptions<never> & { readonly select: unknown },
  settings: string,
  select: (record: unknown, rows: SideRows<unknown, unknown>) => { readonly result: unknown } | undefined,
): Stream<Out> {
  const { graph, input } = main.parts;
  const { input: sideInput, key: sideKey } = side.parts;
  checkSameJob(label, graph, side.parts.graph);
  checkOptionNames(label, options, ['deleted', 'wait', 'limit', 'select']);
  const unbounded = [...sourcesOf(graph.nodes, sideInput.node)].filter(
    ({ operation }) => operation.kind === 'source' && !operation.source.bounded,
  );
  const { wait = unbounded.length === 0, limit = DEFAULT_LIMIT } = options;
  if (wait && unbounded.length > 0) {
    const rule = `${label} cannot wait for a side that never ends: '${unbounded[0]!.name}' is unbounded; leave out wait, and records see the rows that have come in`;
    throw new MillraceError('ERR_JOB_GRAPH', rule, { place: { job: graph.job } });
  }
  if (!Number.isSafeInteger(limit) || limit < 1) {
    throw new MillraceError('ERR_OPTION_INVALID', `limit must be a whole number of rows from 1 up: limit=${limit}`);
  }
  const deleted = options.deleted as ((row: unknown) => unknown) | undefined;
  const node = graph.add(
    {
      kind: 'stateful',
      label,
      inputs: [{ exchange: 'none' }, { exchange: 'broadcast', timeless: true, readFirst: wait }],
      timed: hasEventTime(graph, input),
      heldInMemory: 'the rows of the side input',
      settings: `${settings} ${sideKey} ${deleted} ${wait} ${limit} ${options.select}`,
      make: (host) => new SideInput({ sideKey, deleted, waits: wait, limit, select }, host),
    },
    [input, sideInput],
  );
  return new Stream<Out>(graph, { node: node.id, port: MAIN_PORT });
}
