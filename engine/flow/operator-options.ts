// The rules for what users say about single operators. Any thread; checked while the graph is built.

import { MillraceError } from '../errors/millrace-error.ts';
import { checkOptionNames } from '../errors/option-names.ts';
import type { Graph } from '../graph/graph.ts';
import {
  type AsyncOptions,
  ERROR_PORT,
  type EventTimeOptions,
  type Input,
  type OperatorNode,
} from '../graph/operator-node.ts';
import { LIMITS } from '../limits.ts';
import { wholeMs } from '../window/window-spec.ts';

export interface SinkOptions {
  readonly name?: string;
  readonly parallelism?: number;
}

/** The branch of split() that receives what no test accepted. */
export const OTHERWISE = 'otherwise';

export function checkBranches(names: readonly string[], job: string): void {
  if (names.length > 0 && !names.includes(OTHERWISE) && !names.includes(ERROR_PORT)) return;
  throw new MillraceError(
    'ERR_JOB_GRAPH',
    `split needs one branch or more, none of them called '${OTHERWISE}' (that one is always there): branches=${names.join(', ')}`,
    { place: { job } },
  );
}

export function setParallelism(graph: Graph, node: OperatorNode, actors: number): void {
  if (!Number.isInteger(actors) || actors < 1 || actors > LIMITS.maxWorkers) {
    throw new MillraceError(
      'ERR_OPTION_INVALID',
      `parallelism must be a whole number from 1 to ${LIMITS.maxWorkers}: ${actors}`,
      {
        place: { job: graph.job, operator: node.name },
      },
    );
  }
  node.parallelism = actors;
}

export function checkAsyncOptions(options: AsyncOptions, job: string): void {
  checkOptionNames('mapAsync', options, ['concurrency', 'ordered', 'timeoutMs', 'retry'], { job });
  const problems: string[] = [];
  const check = (name: string, value: number | undefined, least: number, most: number): void => {
    if (value !== undefined && !(Number.isInteger(value) && value >= least && value <= most)) {
      problems.push(`${name} must be a whole number from ${least} to ${most}: ${name}=${value}`);
    }
  };
  check('concurrency', options.concurrency, 1, LIMITS.maxAsyncConcurrency);
  check('timeoutMs', options.timeoutMs, 1, LIMITS.maxTimerMs);
  check('retry.retries', options.retry?.retries, 0, LIMITS.maxRetries);
  check('retry.backoffMs', options.retry?.backoffMs, 0, LIMITS.maxTimerMs);
  check('retry.maxBackoffMs', options.retry?.maxBackoffMs, 0, LIMITS.maxTimerMs);
  if (problems.length > 0) throw new MillraceError('ERR_OPTION_INVALID', problems.join('; '), { place: { job } });
}

export function checkEventTimeOptions(options: EventTimeOptions, graph: Graph, input: Input): void {
  const { outOfOrderMs, idleMs, alignMs } = options;
  const place = { job: graph.job };
  checkOptionNames('eventTime', options, ['outOfOrderMs', 'idleMs', 'alignMs'], place);
  if (outOfOrderMs !== undefined) wholeMs('outOfOrderMs', outOfOrderMs, 0);
  if (idleMs !== undefined) wholeMs('idleMs', idleMs, 1);
  if (alignMs === undefined) return;
  wholeMs('alignMs', alignMs, 0);
  if (!readsSource(graph, input)) {
    const rule =
      'alignMs holds the splits of a source together: call eventTime() behind it, with map, filter, peek, schema or split between';
    throw new MillraceError('ERR_JOB_GRAPH', rule, { place });
  }
}

/** Whether an output comes from a source in the loop that reads it. */
function readsSource(graph: Graph, { node }: Input): boolean {
  const { operation, inputs } = graph.node(node);
  if (operation.kind === 'source') return true;
  const isFused = ['map', 'filter', 'peek', 'schema', 'split', 'eventTime'].includes(operation.kind);
  return isFused && readsSource(graph, inputs[0]!);
}
