// The writers of sinks that the actors of one worker opened: committed or aborted together when the whole job has ended. Inside a worker.

import type { SinkWriter } from '../engine/connector/sink.ts';
import { MillraceError, messageOf } from '../engine/errors/millrace-error.ts';
import type { OperatorNode } from '../engine/graph/operator-node.ts';

export interface OpenSink {
  readonly node: OperatorNode;
  readonly writer: SinkWriter<unknown>;
  /** Set by commitSinks: what is visible is not thrown away when another sink fails. */
  committed?: boolean;
}

/** Makes the output visible. Stops at the first failure: what was committed before stays visible, the error names the sink. */
export async function commitSinks(sinks: readonly OpenSink[]): Promise<void> {
  for (const sink of sinks) {
    const { node, writer } = sink;
    try {
      await writer.commit?.();
      sink.committed = true;
    } catch (error) {
      throw MillraceError.from(error, 'ERR_SINK', `making the output visible failed: ${messageOf(error)}`, {
        operator: node.name,
      });
    }
  }
}

/** Throws the output away. Each sink is given its chance to clean up, whatever the others do; then the first failure is thrown. */
export async function abortSinks(sinks: readonly OpenSink[]): Promise<void> {
  const failures: unknown[] = [];
  for (const { node, writer, committed } of sinks) {
    if (committed) continue;
    try {
      await writer.abort?.();
    } catch (error) {
      const rule = `throwing the output away failed: ${messageOf(error)}`;
      failures.push(MillraceError.from(error, 'ERR_SINK', rule, { operator: node.name }));
    }
  }
  if (failures.length > 0) throw failures[0];
}
