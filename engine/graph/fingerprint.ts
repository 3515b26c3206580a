// What of a graph must be the same on every thread. Each worker evaluates the job module for itself; a job that reads a clock, a random
// number or the environment while it builds could build another graph there, and records would go astray. Any thread.

import type { Graph } from './graph.ts';
import type { Operation, OperatorNode } from './operator-node.ts';

/** One line an operator: kind, name, inputs, settings and the text of its functions. */
export type Fingerprint = readonly string[];

export function fingerprint(graph: Graph): Fingerprint {
  return [`job ${graph.job}`, ...graph.nodes.map(line)];
}

/** The first difference in words, or undefined when the two are the same. */
export function firstDifference(expected: Fingerprint, actual: Fingerprint): string | undefined {
  const length = Math.max(expected.length, actual.length);
  for (let i = 0; i < length; i++) {
    const here = expected[i];
    const there = actual[i];
    if (here === there) continue;
    if (here === undefined) return `the worker has one operator more: ${there}`;
    if (there === undefined) return `the worker lacks the operator: ${here}`;
    return `the scheduler built: ${here}; the worker built: ${there}`;
  }
  return undefined;
}

function line(node: OperatorNode): string {
  const inputs = node.inputs
    .map((input) => (input.port === '' ? `${input.node}` : `${input.node}.${input.port}`))
    .join(',');
  const settings = node.parallelism === undefined ? '' : ` parallelism=${node.parallelism}`;
  return `${node.id} ${node.operation.kind} '${node.name}' <- [${inputs}]${settings} ${node.policy} ${describe(node.operation)}`;
}

function describe(operation: Operation): string {
  switch (operation.kind) {
    case 'source':
      return operation.source.name;
    case 'sink':
      return operation.sink.name;
    case 'collect':
      return operation.result;
    case 'mapAsync':
      return `${JSON.stringify(operation.options)} ${operation.fn}`;
    case 'split':
      return operation.branches.map(([name, test]) => `${JSON.stringify(name)}: ${test}`).join(' ');
    case 'keyBy':
      return `${operation.key}`;
    case 'aggregate':
      return `${operation.aggregator.name} preaggregate=${operation.preaggregate} ${operation.key}`;
    case 'eventTime':
      return `${JSON.stringify(operation.options)} ${operation.fn}`;
    case 'window':
      return `${operation.aggregator.name} ${JSON.stringify(operation.window)} ${JSON.stringify(operation.options)} ${operation.key}`;
    case 'stateful': {
      const inputs = operation.inputs.map((input) => (input.exchange === 'keyed' ? `${input.key}` : input.exchange));
      return `${operation.label} ${operation.settings} ${inputs.join(' ')}`;
    }
    case 'map':
    case 'filter':
    case 'peek':
    case 'flatMap':
      return `${operation.fn}`;
    default:
      return '';
  }
}
