// Several aggregates over the same records as one: its accumulator is a plain object with one property per entry. Any thread.
//
// The entries are compiled into straight-line code, so that every `select` has a call site of its own in code of its own: in a loop
// over the entries, or in code shared by two composites, that call site would see many functions and V8 would stop inlining
// them. Names are quoted by JSON.stringify and never become code. Where the process forbids code from strings, the same
// steps are interpreted.
//
// A record is taken whole or not at all: all selects are called and all values checked before the first accumulator changes.

import { MillraceError } from '../errors/millrace-error.ts';
import type { Aggregator, ResultOf } from './aggregator.ts';
import { describe, refuseOption } from './refuse.ts';

export type CompositeAccumulator = Record<string, unknown>;

export type CompositeResult<S> = { [K in keyof S]: ResultOf<S[K]> };

type Entry = readonly [name: string, aggregator: Aggregator<unknown>];

/** The five functions, however they were made. */
type Steps = Pick<
  Aggregator<unknown, CompositeAccumulator, Record<string, unknown>>,
  'create' | 'add' | 'combine' | 'retract' | 'deduct' | 'result'
>;

/**
 * One aggregate of an object of aggregates; the result has the same names. It can be retracted when all of them can.
 *
 * Throws `ERR_OPTION_INVALID` when there is no entry or one is no aggregate.
 *
 * @example
 * composite<Flight, { n: Aggregator<Flight, number, number> }>({ n: count() })
 */
export function composite<T, S extends Record<string, Aggregator<T>>>(
  spec: S,
): Aggregator<T, CompositeAccumulator, CompositeResult<S>> {
  const entries = entriesOf(spec);
  const name = `{ ${entries.map(([entry, { name }]) => (entry === name ? name : `${entry}: ${name}`)).join(', ')} }`;
  const steps = compileSteps(entries) ?? interpretSteps(entries);
  const mayShare = entries.some(([, aggregator]) => aggregator.mayShare === true);
  const shares = mayShare ? { mayShare } : {};
  return { name, parts: entries, ...shares, ...steps } as Aggregator<T, CompositeAccumulator, CompositeResult<S>>;
}

function entriesOf(spec: unknown): Entry[] {
  if (typeof spec !== 'object' || spec === null || Array.isArray(spec)) {
    refuseOption('aggregate needs an object of aggregates, such as { n: count() }', 'spec', spec);
  }
  const entries = Object.entries(spec) as Entry[];
  if (entries.length === 0) refuseOption('aggregate needs at least one entry', 'spec', spec);
  const wrong = entries.filter(([, entry]) => !isAggregator(entry));
  if (wrong.length > 0) {
    const list = wrong.map(([name, entry]) => `${JSON.stringify(name)} is ${describe(entry)}`).join(', ');
    throw new MillraceError(
      'ERR_OPTION_INVALID',
      `every entry of aggregate must be an aggregate, such as count(): ${list}`,
    );
  }
  return entries;
}

function isAggregator(value: unknown): value is Aggregator<unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const { create, add, combine, result } = value as Record<string, unknown>;
  return [create, add, combine, result].every((step) => typeof step === 'function');
}

/** @internal Undefined where code from strings is forbidden. */
export function compileSteps(entries: readonly Entry[]): Steps | undefined {
  const source = sourceOf(entries);
  try {
    return new Function('aggregators', source)(entries.map(([, aggregator]) => aggregator)) as Steps;
  } catch (error) {
    if (error instanceof EvalError) return undefined;
    throw error;
  }
}

function sourceOf(entries: readonly Entry[]): string {
  const each = (line: (index: number, field: string, aggregator: Aggregator<unknown>) => string): string =>
    entries.map(([name, aggregator], index) => line(index, JSON.stringify(name), aggregator)).join('\n');
  const value = (index: number): string => (entries[index]?.[1].select === undefined ? 'record' : `v${index}`);
  // In an object literal a plain "__proto__" sets the prototype; in brackets it is a property as any other.
  const key = (field: string): string => (field === '"__proto__"' ? `[${field}]` : field);
  const selects = each((i, _, { select }) => (select === undefined ? '' : `const v${i} = a${i}.select(record);`));
  // A single entry checks its value itself.
  const checks =
    entries.length === 1
      ? ''
      : each((i, field, { check }) => (check === undefined ? '' : `a${i}.check(acc[${field}], ${value(i)});`));
  const retract = entries.every(([, aggregator]) => aggregator.retract !== undefined)
    ? `retract(acc, record) { ${selects} ${checks}
${each((i, field) => `acc[${field}] = a${i}.retract(acc[${field}], ${value(i)});`)}
return acc; },`
    : '';
  const deduct = entries.every(([, aggregator]) => aggregator.deduct !== undefined)
    ? `deduct(acc, other) {
${each((i, field) => `acc[${field}] = a${i}.deduct(acc[${field}], other[${field}]);`)}
return acc; },`
    : '';
  return `'use strict';
const [${entries.map((_, index) => `a${index}`).join(', ')}] = aggregators;
return {
create() { return {
${each((i, field) => `${key(field)}: a${i}.create(),`)}
}; },
add(acc, record) {
${selects}
${checks}
${each((i, field) => `acc[${field}] = a${i}.add(acc[${field}], ${value(i)});`)}
return acc; },
combine(acc, other) {
${each((i, field) => `acc[${field}] = a${i}.combine(acc[${field}], other[${field}]);`)}
return acc; },
${retract}
${deduct}
result(acc) { return {
${each((i, field) => `${key(field)}: a${i}.result(acc[${field}]),`)}
}; },
};`;
}

/** @internal The same steps without generated code: several times slower. */
export function interpretSteps(entries: readonly Entry[]): Steps {
  const values = (record: unknown): unknown[] =>
    entries.map(([, aggregator]) => (aggregator.select === undefined ? record : aggregator.select(record)));
  const checked = (accumulator: CompositeAccumulator, record: unknown): unknown[] => {
    const selected = values(record);
    if (entries.length > 1) {
      entries.forEach(([name, aggregator], index) => {
        aggregator.check?.(accumulator[name], selected[index]);
      });
    }
    return selected;
  };
  const steps: Steps = {
    create: () => Object.fromEntries(entries.map(([name, aggregator]) => [name, aggregator.create()])),
    add(accumulator, record) {
      const selected = checked(accumulator, record);
      entries.forEach(([name, aggregator], index) => {
        accumulator[name] = aggregator.add(accumulator[name], selected[index]);
      });
      return accumulator;
    },
    combine(accumulator, other) {
      for (const [name, aggregator] of entries) {
        accumulator[name] = aggregator.combine(accumulator[name], other[name]);
      }
      return accumulator;
    },
    result: (accumulator) =>
      Object.fromEntries(entries.map(([name, aggregator]) => [name, aggregator.result(accumulator[name])])),
  };
  if (entries.every(([, aggregator]) => aggregator.deduct !== undefined)) {
    steps.deduct = (accumulator, other) => {
      for (const [name, aggregator] of entries) {
        accumulator[name] = aggregator.deduct?.(accumulator[name], other[name]);
      }
      return accumulator;
    };
  }
  if (entries.some(([, aggregator]) => aggregator.retract === undefined)) return steps;
  return {
    ...steps,
    retract(accumulator, record) {
      const selected = checked(accumulator, record);
      entries.forEach(([name, aggregator], index) => {
        accumulator[name] = aggregator.retract?.(accumulator[name], selected[index]);
      });
      return accumulator;
    },
  };
}
