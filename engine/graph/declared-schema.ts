import { RecordSchema } from '../frame/index.ts';
import type { Graph } from './graph.ts';
import { ERROR_PORT, type Input, LATE_PORT } from './operator-node.ts';

/** Operators behind which records are what they were. */
const PASSES = new Set(['filter', 'peek', 'split', 'keyBy', 'rebalance', 'broadcast', 'eventTime']);

/** The `record({ … })` that the user declared for these records, where nothing since could have changed them. Any thread. */
export function declaredSchema(graph: Graph, output: Input): RecordSchema<unknown> | undefined {
  const { operation, inputs } = graph.node(output.node);
  if (output.port === ERROR_PORT || output.port === LATE_PORT) return undefined;
  if (operation.kind === 'schema') return operation.schema instanceof RecordSchema ? operation.schema : undefined;
  const [input] = inputs;
  return PASSES.has(operation.kind) && input !== undefined ? declaredSchema(graph, input) : undefined;
}
