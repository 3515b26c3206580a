// What an operator needs of its inputs: brought together by key, event time. Any thread.

import { isByEventTime } from '../window/window-spec.ts';
import type { Graph } from './graph.ts';
import { ERROR_PORT, type Input, LATE_PORT, type Operation } from './operator-node.ts';

/** The function by whose value an input is brought together; undefined where it is not. */
export function keyOfInput(operation: Operation, input: number): ((record: unknown) => unknown) | undefined {
  switch (operation.kind) {
    case 'keyBy':
    case 'aggregate':
    case 'window':
      return operation.key;
    case 'stateful': {
      const how = operation.inputs[input]!;
      return how.exchange === 'keyed' ? how.key : undefined;
    }
    default:
      return undefined;
  }
}

/** Whether the records of this output have event times. */
export function hasEventTime(graph: Graph, output: Input): boolean {
  if (output.port === LATE_PORT) return true;
  if (output.port === ERROR_PORT) return false;
  const { operation, inputs } = graph.node(output.node);
  switch (operation.kind) {
    case 'eventTime':
      return true;
    case 'window':
      if (operation.window.kind === 'global') return hasEventTime(graph, inputs[0]!);
      return isByEventTime(operation.window);
    case 'stateful':
      return operation.timed;
    case 'source':
    case 'aggregate':
      return false;
    default:
      return inputs.every((input) => hasEventTime(graph, input));
  }
}
