// What all joins ask of their inputs and options. Any thread; checked while the graph is built.

import { MillraceError } from '../errors/millrace-error.ts';
import type { Graph } from '../graph/graph.ts';
import { hasEventTime } from '../graph/operator-inputs.ts';
import type { KeyedStream } from './stream.ts';

export function checkSameJob(label: string, graph: Graph, other: Graph): void {
  if (graph === other) return;
  const rule = `${label} joins streams of one job: these are of two, '${graph.job}' and '${other.job}'`;
  throw new MillraceError('ERR_JOB_GRAPH', rule, { place: { job: graph.job } });
}

export function checkEventTime(
  label: string,
  left: KeyedStream<unknown, unknown>,
  right: KeyedStream<unknown, unknown>,
): void {
  for (const [side, { parts }] of [['left', left] as const, ['right', right] as const]) {
    if (hasEventTime(parts.graph, parts.input)) continue;
    const rule = `${label} needs event time on both sides, the ${side} one has none: call .eventTime((record) => ...) behind its source`;
    throw new MillraceError('ERR_JOB_GRAPH', rule, { place: { job: parts.graph.job } });
  }
}
