// Joins of two keyed streams, as users write them: each adds one operator with two inputs. Any thread.

import { MillraceError } from '../errors/millrace-error.ts';
import type { Graph } from '../graph/graph.ts';
import { hasEventTime } from '../graph/operator-inputs.ts';
import { LATE_PORT, MAIN_PORT, type StatefulOperation } from '../graph/operator-node.ts';
import { checkJoinType, type JoinType, type LeftOf, type RightOf } from '../join/join-type.ts';
import { type JoinWindow, WindowJoin } from '../join/window-join.ts';
import type { HoppingWindow, WindowSpec } from '../window/window-spec.ts';
import { type KeyedStream, type LateOption, Stream } from './stream.ts';

export interface WindowJoinOptions<K, L, R, J extends JoinType, Out> extends LateOption<L | R> {
  /** `tumbling()` or `hopping()`. */
  readonly window: WindowSpec;
  /** Which records without a partner give a result too. Default `'inner'`: none. */
  readonly type?: J;
  /** One result for each pair; for a record without a partner the other side is undefined. */
  select(left: LeftOf<L, J>, right: RightOf<R, J>, window: JoinWindow<K>): Out;
}

export interface CoGroupOptions<K, L, R, Out> extends LateOption<L | R> {
  /** `tumbling()` or `hopping()`. */
  readonly window: WindowSpec;
  /**
   * Gets all records of a key in a window, of both sides, in the order in which they came; one of the arrays may be empty. May be a generator.
   */
  select(lefts: readonly L[], rights: readonly R[], window: JoinWindow<K>): Iterable<Out>;
}

/**
 * Joins two streams by key and window: each left record with each right record of the same key in the same window. Results appear when
 * the watermark passes the end of the window; their event time is its last millisecond. Both streams need `eventTime()`. Records are kept
 * until their last window has ended.
 *
 * @example
 * const orders = windowJoin(persons.keyBy((p) => p.id), auctions.keyBy((a) => a.seller), {
 *   window: tumbling({ sizeMs: 10_000 }),
 *   select: (person, auction, { windowStart }) => ({ name: person.name, auction: auction.id, windowStart }),
 * });
 */
export function windowJoin<K, L, R, Out, J extends JoinType = 'inner'>(
  left: KeyedStream<K, L>,
  right: KeyedStream<K, R>,
  options: WindowJoinOptions<K, L, R, J, Out>,
): Stream<Out> {
  const type: JoinType = options.type ?? 'inner';
  checkKnown('windowJoin', options, ['window', 'type', 'select', 'late']);
  checkJoinType(type);
  const window = windowOf('windowJoin', options.window);
  const select = options.select as (left: unknown, right: unknown, window: JoinWindow<unknown>) => unknown;
  return join('windowJoin', left, right, options, {
    timed: true,
    settings: `${type} ${JSON.stringify(window)} ${select}`,
    make: (host) => WindowJoin.ofPairs(window, type, select, host),
  });
}

/**
 * Brings together what two streams have for a key and window, all at once: for joins that `windowJoin` does not know, such as one
 * result for each key, or results made of counts of both sides. Event time and state as for `windowJoin`.
 *
 * @example
 * coGroup(persons.keyBy((p) => p.id), auctions.keyBy((a) => a.seller), {
 *   window: tumbling({ sizeMs: 10_000 }),
 *   select: (persons, auctions, { windowStart }) =>
 *     persons.slice(0, 1).map(({ id, name }) => ({ id, name, auctions: auctions.length, windowStart })),
 * });
 */
export function coGroup<K, L, R, Out>(
  left: KeyedStream<K, L>,
  right: KeyedStream<K, R>,
  options: CoGroupOptions<K, L, R, Out>,
): Stream<Out> {
  checkKnown('coGroup', options, ['window', 'select', 'late']);
  const window = windowOf('coGroup', options.window);
  const select = options.select as (l: unknown[], r: unknown[], window: JoinWindow<unknown>) => Iterable<unknown>;
  return join('coGroup', left, right, options, {
    timed: true,
    settings: `${JSON.stringify(window)} ${select}`,
    make: (host) => WindowJoin.ofGroups(window, select, host),
  });
}

/** Adds the operator, and hands its late records to whom they are for. Both sides need event time. */
function join<K, L, R, Out>(
  label: string,
  left: KeyedStream<K, L>,
  right: KeyedStream<K, R>,
  { late }: LateOption<L | R>,
  operation: Pick<StatefulOperation, 'timed' | 'settings' | 'make'>,
): Stream<Out> {
  const { graph } = left.parts;
  checkSameJob(label, graph, right.parts.graph);
  for (const [side, { parts }] of [['left', left] as const, ['right', right] as const]) {
    if (hasEventTime(graph, parts.input)) continue;
    const rule = `${label} needs event time on both sides, the ${side} one has none: call .eventTime((record) => ...) behind its source`;
    throw new MillraceError('ERR_JOB_GRAPH', rule, { place: { job: graph.job } });
  }
  const inputs = [left, right].map(({ parts }) => ({ exchange: 'keyed' as const, key: parts.key }));
  const node = graph.add({ kind: 'stateful', label, inputs, ...operation }, [left.parts.input, right.parts.input]);
  late?.(new Stream<L | R>(graph, { node: node.id, port: LATE_PORT }));
  return new Stream<Out>(graph, { node: node.id, port: MAIN_PORT });
}

function checkSameJob(label: string, graph: Graph, other: Graph): void {
  if (graph === other) return;
  const rule = `${label} joins streams of one job: these are of two, '${graph.job}' and '${other.job}'`;
  throw new MillraceError('ERR_JOB_GRAPH', rule, { place: { job: graph.job } });
}

function checkKnown(label: string, options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  throw new MillraceError('ERR_OPTION_UNKNOWN', `${label} has no option '${unknown.join("', '")}'`);
}

function windowOf(label: string, window: WindowSpec): HoppingWindow {
  if (window.kind === 'hopping') return window;
  throw new MillraceError(
    'ERR_OPTION_INVALID',
    `${label} takes tumbling or hopping windows: window=${window.kind}. For records close to each other, take intervalJoin`,
  );
}
