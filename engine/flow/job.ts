// A job is a module's default export: a name and a function that builds the flow. Any thread; every thread builds it for itself.

import { MillraceError, messageOf } from '../errors/millrace-error.ts';
import { Graph } from '../graph/graph.ts';
import { Flow } from './flow.ts';
import {
  declaredParams,
  type GivenParams,
  type LooseParams,
  type ParamSpec,
  type ParamsOf,
  TrackedParams,
} from './params.ts';

// Jobs are recognised by this mark and not by class, for a job may come from another copy of the package.
const JOB_MARK: unique symbol = Symbol.for('millrace.job') as never;

export interface Job {
  readonly name: string;
  /** Builds and validates the graph. Called once on each thread. */
  readonly graph: (params: GivenParams) => Graph;
}

/**
 * Defines a job. The module that calls it exports the result by default.
 *
 * The function runs once on every thread and must build the same graph there: it may read `params` and constants, not clocks, random
 * numbers or changing files. Everything else (sources, closures) is called later, by the workers.
 *
 * @throws MillraceError ERR_JOB_GRAPH when the graph cannot run, ERR_PARAM_INVALID for unknown or malformed parameters
 * @example
 * export default job('delays', { params: { file: 'flights.csv' } }, (flow, params) => {
 *   flow
 *     .from(csv(params.file, { columns: { origin: 'string', delay: 'number' } }))
 *     .keyBy((flight) => flight.origin)
 *     .aggregate({ flights: count(), mean: mean((flight) => flight.delay) })
 *     .to(collect('answer'));
 * });
 */
export function job(name: string, build: (flow: Flow, params: LooseParams) => void): Job;
export function job<const S extends ParamSpec>(
  name: string,
  settings: { readonly params: S },
  build: (flow: Flow, params: ParamsOf<S>) => void,
): Job;
export function job<S extends ParamSpec>(
  name: string,
  first: { readonly params: S } | ((flow: Flow, params: LooseParams) => void),
  second?: (flow: Flow, params: ParamsOf<S>) => void,
): Job {
  if (typeof name !== 'string' || name === '') {
    throw new MillraceError('ERR_JOB_GRAPH', `a job needs a name, a non-empty string: name=${String(name)}`);
  }
  const definition: Job & { [JOB_MARK]: true } = {
    [JOB_MARK]: true,
    name,
    graph(given) {
      const graph = new Graph(name);
      const flow = new Flow(graph);
      if (typeof first === 'function') {
        const tracked = new TrackedParams(given);
        refusePromise(
          name,
          build(name, () => first(flow, tracked.values)),
        );
        tracked.refuseUnread(name);
      } else if (typeof second === 'function') {
        const params = declaredParams(name, first.params, given);
        refusePromise(
          name,
          build(name, () => second(flow, params)),
        );
      } else {
        throw new MillraceError('ERR_JOB_GRAPH', 'job(name, { params }, build) needs a build function', {
          place: { job: name },
        });
      }
      graph.validate();
      return graph;
    },
  };
  return Object.freeze(definition);
}

export function isJob(value: unknown): value is Job {
  return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[JOB_MARK] === true;
}

function build(name: string, action: () => unknown): unknown {
  try {
    return action();
  } catch (error) {
    throw MillraceError.from(error, 'ERR_JOB_GRAPH', `the build function threw: ${messageOf(error)}`, { job: name });
  }
}

function refusePromise(name: string, built: unknown): void {
  if (built instanceof Promise) {
    built.catch(() => {});
    throw new MillraceError(
      'ERR_JOB_GRAPH',
      'the build function must not be async: await at the top of the module instead, or inside a source',
      { place: { job: name } },
    );
  }
}
