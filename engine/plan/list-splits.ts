import type { Split } from '../connector/source.ts';
import { MillraceError, messageOf } from '../errors/millrace-error.ts';
import type { Graph } from '../graph/graph.ts';

/**
 * The splits of every source, by operator. Main thread, once a job, before any worker opens one.
 *
 * @throws MillraceError what a source throws, else ERR_SOURCE
 */
export async function listSplits(graph: Graph, workers: number): Promise<ReadonlyMap<number, readonly Split[]>> {
  const splits = new Map<number, readonly Split[]>();
  for (const node of graph.nodes) {
    if (node.operation.kind !== 'source') continue;
    const { source } = node.operation;
    try {
      splits.set(node.id, await source.splits({ workers }));
    } catch (error) {
      throw MillraceError.from(error, 'ERR_SOURCE', `the source ${source.name} cannot be listed: ${messageOf(error)}`, {
        operator: node.name,
      });
    }
  }
  return splits;
}
