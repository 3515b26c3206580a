// What state a key has, as plain data: the declarations of process(). Any thread.

import { MillraceError } from '../errors/millrace-error.ts';
import { checkOptionNames } from '../errors/option-names.ts';
import type { TimeKind } from './key-timers.ts';
import type { ListState } from './list-state.ts';
import type { MapState } from './map-state.ts';
import type { ValueState } from './value-state.ts';

export interface TimeToLive {
  /** Gone this many ms behind the last write; each item of a list and each entry of a map by itself. Default: kept for ever. */
  readonly ttlMs?: number;
  /** By which time that is counted. Default `'event'`, which needs `eventTime()`. */
  readonly ttlTime?: TimeKind;
}

interface Declared extends TimeToLive {
  readonly kind: 'value' | 'list' | 'map';
  readonly initial?: unknown;
}

/** State of a key under one name. `H` is what process() hands to the user's functions. */
export interface StateSpec<H = unknown> extends Declared {
  /** In types only. */
  readonly handle?: H;
}

/** The states of a process(), by name. */
export type StateSpecs = Readonly<Record<string, StateSpec>>;

export type HandlesOf<S extends StateSpecs> = { readonly [N in keyof S]: S[N] extends StateSpec<infer H> ? H : never };

export type PrimitiveKey = string | number | bigint | boolean | null;

/**
 * One value a key.
 *
 * @param initial what it is before anything was set; each key gets a copy. Without it: undefined.
 * @example
 * keyed.process({ state: { bids: valueState(0), last: valueState<Bid>() }, … })
 */
export function valueState<V>(initial: V, options?: TimeToLive): StateSpec<ValueState<V>>;
export function valueState<V>(initial?: undefined, options?: TimeToLive): StateSpec<ValueState<V | undefined>>;
export function valueState(initial?: unknown, options: TimeToLive = {}): StateSpec<never> {
  return Object.freeze({ kind: 'value', initial, ...checkTimeToLive(options) });
}

/**
 * A list a key, in the order of adding.
 *
 * @example
 * keyed.process({ state: { recent: listState<Bid>({ ttlMs: 60_000 }) }, … })
 */
export function listState<V>(options: TimeToLive = {}): StateSpec<ListState<V>> {
  return Object.freeze({ kind: 'list', ...checkTimeToLive(options) });
}

/**
 * A map a key, in the order of adding. Its own keys are strings, numbers, bigints, booleans or null.
 *
 * @example
 * keyed.process({ state: { perChannel: mapState<string, number>() }, … })
 */
export function mapState<K extends PrimitiveKey, V>(options: TimeToLive = {}): StateSpec<MapState<K, V>> {
  return Object.freeze({ kind: 'map', ...checkTimeToLive(options) });
}

/** @throws MillraceError ERR_OPTION_INVALID, ERR_OPTION_UNKNOWN */
export function checkTimeToLive(options: TimeToLive): TimeToLive {
  checkOptionNames('state', options, ['ttlMs', 'ttlTime']);
  const { ttlMs, ttlTime } = options;
  if (ttlMs !== undefined && !(Number.isSafeInteger(ttlMs) && ttlMs >= 1)) {
    const rule = `ttlMs must be a whole number of milliseconds from 1 up: ttlMs=${ttlMs}`;
    throw new MillraceError('ERR_OPTION_INVALID', rule);
  }
  if (ttlTime !== undefined && ttlTime !== 'event' && ttlTime !== 'processing') {
    const rule = `ttlTime must be 'event' or 'processing': ttlTime=${String(ttlTime)}`;
    throw new MillraceError('ERR_OPTION_INVALID', rule);
  }
  return { ...(ttlMs === undefined ? {} : { ttlMs }), ...(ttlTime === undefined ? {} : { ttlTime }) };
}
