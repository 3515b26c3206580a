// Which state of a job stays in memory, though it has a folder for what memory does not hold. Any thread.

import type { Graph } from './graph.ts';
import type { OperatorNode } from './operator-node.ts';

/** What of this operator stays in memory; undefined where all may leave it, or it keeps none. */
export function heldInMemory({ operation }: OperatorNode): string | undefined {
  if (operation.kind === 'stateful') return operation.heldInMemory;
  if (operation.kind !== 'window') return undefined;
  return operation.window.kind === 'sliding' ? 'records that wait for their time' : undefined;
}

/** What to tell of a job that has a folder for state; undefined where all its state may go there. */
export function heldInMemoryNotice(graph: Graph): string | undefined {
  const held = graph.nodes.flatMap((node) => {
    const what = heldInMemory(node);
    return what === undefined ? [] : [`${what} ('${node.name}')`];
  });
  return held.length === 0 ? undefined : `held in memory, whatever its size: ${held.join(', ')}`;
}
