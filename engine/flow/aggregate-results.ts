// What aggregates emit, as types and as code: one result beside the key, or several spread into the record. Any thread.

import type { Aggregator, ResultOf } from '../aggregate/aggregator.ts';
import { composite } from '../aggregate/composite.ts';
import { owned } from '../aggregate/own-string.ts';
import { MillraceError } from '../errors/millrace-error.ts';
import type { WindowSpan } from '../window/window-result.ts';
import type { SessionWindow, WindowSpec } from '../window/window-spec.ts';

/** What aggregate() emits: the key with the one result, or with each of the named ones. */
export type AggregateOf<K, S> =
  S extends Aggregator<never> ? { key: K; value: ResultOf<S> } : { key: K } & { [P in keyof S]: ResultOf<S[P]> };

/** The one result of an aggregate, or an object of the named ones. */
export type RowOfAggregate<S> = S extends Aggregator<never> ? ResultOf<S> : { [P in keyof S]: ResultOf<S[P]> };

/** Which of several results of a window this is; only where `earlyMs` or `allowedLatenessMs` allow more than one. */
export type Emission = 'early' | 'final' | 'late';

/** The bounds of a session change with its records: what a result puts right of those told before. */
export interface Revising {
  /** Sessions of the key that were told before and are part of this one now: their results do not hold any more. Absent for none. */
  revises?: readonly WindowSpan[];
}

/** Which results the options of a window ask for. */
export interface ResultsAsked {
  one: { readonly earlyMs?: never; readonly allowedLatenessMs?: never };
  early: { readonly earlyMs: number };
  late: { readonly allowedLatenessMs: number };
  many: { readonly earlyMs: number; readonly allowedLatenessMs: number };
  any: unknown;
}

/** What these results say of themselves. */
export type Told<W extends WindowSpec, E extends Emission> = { emission: E } & ([Extract<W, SessionWindow>] extends [
  never,
]
  ? unknown
  : Revising);

/** What every result of a window has: milliseconds of event time, the end not included. */
export interface WindowBounds<K> {
  key: K;
  windowStart: number;
  windowEnd: number;
}

/** What results of windows call their own: aggregates have other names. */
export const NAMES_OF_WINDOWS: readonly string[] = ['key', 'windowStart', 'windowEnd', 'emission', 'revises'];

/** What an aggregate over windows emits. `E` is `{ emission }` where there can be several results of a window. */
export type WindowResultOf<K, S, E = unknown> = WindowBounds<K> &
  E &
  (S extends Aggregator<never> ? { value: ResultOf<S> } : { [P in keyof S]: ResultOf<S[P]> });

/** A single aggregate as it is; an object of several as one whose results are spread into the record. */
export function oneAggregator<T>(
  what: Aggregator<T> | Readonly<Record<string, Aggregator<T>>>,
  taken: readonly string[],
  job: string,
): { aggregator: Aggregator<T>; spread: boolean } {
  if (isAggregator<T>(what)) return { aggregator: what, spread: false };
  if (taken.some((name) => Object.hasOwn(what, name)) || Object.keys(what).length === 0) {
    const names = taken.map((name) => `'${name}'`).join(', ');
    throw new MillraceError('ERR_JOB_GRAPH', `an aggregate needs one entry or more, none of them called ${names}`, {
      place: { job },
    });
  }
  return { aggregator: composite(what as Record<string, Aggregator<T>>) as Aggregator<T>, spread: true };
}

/** The aggregate of `reduce(fn)`. */
export function reducer<T>(fn: (accumulated: T, record: T) => T): Aggregator<T, T | undefined, T | undefined> {
  const fold = (held: T | undefined, record: T): T => {
    const next = held === undefined ? record : fn(held, record);
    // What is kept must not keep the text of a whole frame alive with it.
    return next === held ? next : owned(next);
  };
  return {
    name: 'reduce',
    create: () => undefined,
    add: (held, record) => fold(held, record as T),
    combine: (held, other) => (other === undefined ? held : fold(held, other)),
    result: (held) => held,
  };
}

function isAggregator<T>(what: object): what is Aggregator<T> {
  const { create, add, combine, result } = what as Partial<Aggregator<T>>;
  return [create, add, combine, result].every((part) => typeof part === 'function');
}
