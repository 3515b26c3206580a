// Joins of two keyed streams, as users write them: each adds one operator with two inputs. Any thread.

import { MillraceError } from '../errors/millrace-error.ts';
import { checkOptionNames } from '../errors/option-names.ts';
import { LATE_PORT, MAIN_PORT, type StatefulOperation } from '../graph/operator-node.ts';
import { checkInterval } from '../join/interval-bounds.ts';
import { type Interval, IntervalJoin, type JoinKey } from '../join/interval-join.ts';
import { checkJoinType, type JoinType, type LeftOf, type RightOf } from '../join/join-type.ts';
import { type JoinWindow, WindowJoin } from '../join/window-join.ts';
import type { HoppingWindow } from '../window/window-spec.ts';
import { checkEventTime, checkSameJob } from './join-inputs.ts';
import { type KeyedStream, type LateOption, Stream } from './stream.ts';

export interface WindowJoinOptions<K, L, R, J extends JoinType, Out> extends LateOption<L | R> {
  /** `tumbling()` or `hopping()`, of event time. */
  readonly window: HoppingWindow;
  /** Which records without a partner give a result too. Default `'inner'`: none. */
  readonly type?: J;
  /** One result for each pair; for a record without a partner the other side is undefined. */
  select(left: LeftOf<L, J>, right: RightOf<R, J>, window: JoinWindow<K>): Out;
}

export interface CoGroupOptions<K, L, R, Out> extends LateOption<L | R> {
  /** `tumbling()` or `hopping()`, of event time. */
  readonly window: HoppingWindow;
  /**
   * Gets all records of a key in a window, of both sides, in the order in which they came; one of the arrays may be empty. May be a generator.
   */
  select(lefts: readonly L[], rights: readonly R[], window: JoinWindow<K>): Iterable<Out>;
}

interface IntervalBounds<L, R> extends LateOption<L | R> {
  /** The earliest partner of a left record: its time plus so many ms, which may be negative. -Infinity: from the beginning. */
  readonly lowerMs: number;
  /** The latest partner of a left record, that moment included: a number for all, or a function of the left record. Infinity: to the end. */
  readonly upperMs: number | ((left: L) => number);
}

export interface IntervalJoinOptions<K, L, R, J extends JoinType, Out> extends IntervalBounds<L, R> {
  /** Which records without a partner give a result too. Default `'inner'`: none. */
  readonly type?: J;
  /** One result for each pair; for a record without a partner the other side is undefined. */
  select(left: LeftOf<L, J>, right: RightOf<R, J>, where: JoinKey<K>): Out;
}

export interface IntervalGroupOptions<K, L, R, Out> extends IntervalBounds<L, R> {
  /** Gets a left record with all of its partners, in the order of their event times. May be a generator. */
  select(left: L, rights: readonly R[], where: JoinKey<K>): Iterable<Out>;
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
  checkOptionNames('windowJoin', options, ['window', 'type', 'select', 'late']);
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
  checkOptionNames('coGroup', options, ['window', 'select', 'late']);
  const window = windowOf('coGroup', options.window);
  const select = options.select as (l: unknown[], r: unknown[], window: JoinWindow<unknown>) => Iterable<unknown>;
  return join('coGroup', left, right, options, {
    timed: true,
    settings: `${JSON.stringify(window)} ${select}`,
    make: (host) => WindowJoin.ofGroups(window, select, host),
  });
}

/**
 * Joins two streams by key and distance in time: each left record with each right one of the same key whose time is from
 * `left.time + lowerMs` to `left.time + upperMs`. A pair appears at once and has the later time of the two; a record without a
 * partner, where `type` asks for it, when the watermark says that none can come. Both streams need `eventTime()`.
 *
 * A left record is kept until the watermark is behind `time + upperMs`, a right one until it is behind `time - lowerMs`; with an infinite bound
 * for ever. Records behind the watermark are late.
 *
 * @example
 * intervalJoin(auctions.keyBy((a) => a.id), bids.keyBy((b) => b.auction), {
 *   lowerMs: 0,
 *   upperMs: (auction) => auction.expires - auction.dateTime,
 *   select: (auction, bid) => ({ auction: auction.id, item: auction.itemName, bidder: bid.bidder, price: bid.price }),
 * });
 */
export function intervalJoin<K, L, R, Out, J extends JoinType = 'inner'>(
  left: KeyedStream<K, L>,
  right: KeyedStream<K, R>,
  options: IntervalJoinOptions<K, L, R, J, Out>,
): Stream<Out> {
  checkOptionNames('intervalJoin', options, ['lowerMs', 'upperMs', 'type', 'select', 'late']);
  const type: JoinType = options.type ?? 'inner';
  checkJoinType(type);
  const interval = intervalOf('intervalJoin', options);
  const select = options.select as (left: unknown, right: unknown, where: JoinKey<unknown>) => unknown;
  return join('intervalJoin', left, right, options, {
    timed: true,
    settings: `${type} ${interval.lowerMs} ${interval.upperMs} ${select}`,
    make: (host) => IntervalJoin.ofPairs(interval, type, select, host),
  });
}

/**
 * Gives each left record with all of its partners (as `intervalJoin` defines them) at once, when the watermark says that they are
 * complete; a left record without partners comes with none. Results have the time at which the left record became complete. Partners are
 * kept as long as their left record.
 *
 * @example
 * intervalGroup(auctions.keyBy((a) => a.id), bids.keyBy((b) => b.auction), {
 *   lowerMs: 0,
 *   upperMs: (auction) => auction.expires - auction.dateTime,
 *   select: (auction, bids) => (bids.length === 0 ? [] : [{ auction: auction.id, price: Math.max(...bids.map((b) => b.price)) }]),
 * });
 */
export function intervalGroup<K, L, R, Out>(
  left: KeyedStream<K, L>,
  right: KeyedStream<K, R>,
  options: IntervalGroupOptions<K, L, R, Out>,
): Stream<Out> {
  checkOptionNames('intervalGroup', options, ['lowerMs', 'upperMs', 'select', 'late']);
  const interval = intervalOf('intervalGroup', options);
  const select = options.select as (l: unknown, r: unknown[], where: JoinKey<unknown>) => Iterable<unknown>;
  return join('intervalGroup', left, right, options, {
    timed: true,
    settings: `${interval.lowerMs} ${interval.upperMs} ${select}`,
    make: (host) => IntervalJoin.ofGroups(interval, select, host),
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
  checkEventTime(label, left, right);
  const inputs = [left, right].map(({ parts }) => ({ exchange: 'keyed' as const, key: parts.key }));
  const node = graph.add({ kind: 'stateful', label, inputs, ...operation }, [left.parts.input, right.parts.input]);
  late?.(new Stream<L | R>(graph, { node: node.id, port: LATE_PORT }));
  return new Stream<Out>(graph, { node: node.id, port: MAIN_PORT });
}

/** Also what no compiler has seen is refused. */
function windowOf(label: string, window: HoppingWindow): HoppingWindow {
  if (window.kind === 'hopping' && window.time !== 'processing') return window;
  const got = window.kind === 'hopping' ? 'a window of processing time' : (window as { kind: string }).kind;
  throw new MillraceError(
    'ERR_OPTION_INVALID',
    `${label} takes tumbling or hopping windows of event time: window=${got}. For records close to each other, take intervalJoin`,
  );
}

function intervalOf<L, R>(label: string, { lowerMs, upperMs }: IntervalBounds<L, R>): Interval {
  checkInterval(label, lowerMs, upperMs);
  return { lowerMs, upperMs: upperMs as number | ((left: unknown) => number) };
}
