// Which sources wait for which others to end, because an operator reads one input to its end before it takes the others. Any thread.
//
// Sources that wait for each other, or for themselves, would wait for ever: what is held fills the lanes back to its source, and then the
// side that comes from the same source is not read on either.

import type { OperatorNode } from './operator-node.ts';

/** All sources that an operator depends on. */
export function sourcesOf(nodes: readonly OperatorNode[], id: number): Set<OperatorNode> {
  const sources = new Set<OperatorNode>();
  const seen = new Set<number>();
  const visit = (at: number): void => {
    if (seen.has(at)) return;
    seen.add(at);
    const node = nodes[at]!;
    if (node.operation.kind === 'source') sources.add(node);
    for (const input of node.inputs) visit(input.node);
  };
  visit(id);
  return sources;
}

/** One line for each operator that would wait for ever. */
export function endlessWaits(nodes: readonly OperatorNode[]): string[] {
  const waits = new Map<OperatorNode, Set<OperatorNode>>();
  const problems: string[] = [];
  for (const node of nodes) {
    const { operation } = node;
    if (operation.kind !== 'stateful') continue;
    const first = operation.inputs.findIndex(({ readFirst }) => readFirst === true);
    if (first === -1) continue;
    const awaited = sourcesOf(nodes, node.inputs[first]!.node);
    const held = node.inputs.flatMap((input, index) => (index === first ? [] : [...sourcesOf(nodes, input.node)]));
    for (const source of held) waits.set(source, new Set([...(waits.get(source) ?? []), ...awaited]));
    const both = held.find((source) => [...awaited].some((side) => reaches(waits, side, source)));
    if (both === undefined) continue;
    problems.push(
      `'${node.name}' reads its side to the end before it takes its main input, but the side cannot end while '${both.name}' waits: ` +
        'give the side a source of its own, flow.from(...) once more, or do not wait: { wait: false }',
    );
  }
  return problems;
}

function reaches(
  waits: ReadonlyMap<OperatorNode, ReadonlySet<OperatorNode>>,
  from: OperatorNode,
  to: OperatorNode,
  seen: Set<OperatorNode> = new Set(),
): boolean {
  if (from === to) return true;
  if (seen.has(from)) return false;
  seen.add(from);
  return [...(waits.get(from) ?? [])].some((next) => reaches(waits, next, to, seen));
}
