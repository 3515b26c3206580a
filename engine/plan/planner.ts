// Logical graph -> fused stages -> physical plan. Any thread, deterministic.
//
// 1. Levels. An operator's level is the largest number of exchanges on any way from a source to it.
// 2. Stages. Operators that are connected without an exchange and stand on the same level form one stage: its records pass from one to
//    the next as plain objects, in one compiled loop. Levels keep a stage from feeding itself through an exchange.
// 3. Placement. A stage has an actor on every worker unless it asks for fewer; lone actors are dealt out over the workers.
//
// An exchange stands before: aggregate, keyBy, rebalance, broadcast; wherever parallelism changes; before a sink with one writer;
// before collected results; and between the levels that a merge brings together.

import type { Graph } from '../graph/graph.ts';
import { hasEventTime } from '../graph/operator-inputs.ts';
import type { Input, Operation, OperatorNode } from '../graph/operator-node.ts';
import { LIMITS } from '../limits.ts';
import { type EdgePlan, type ExchangeKind, MAIN_THREAD, type PhysicalPlan, type StagePlan } from './physical-plan.ts';

export interface PlanOptions {
  readonly workers: number;
  /** Ring between two actors in bytes; by default the edge's budget divided over its lanes. */
  readonly laneBytes?: number;
  readonly preaggregate?: boolean;
}

interface Placed {
  /** Actors; MAIN for collected results. */
  readonly parallelism: number;
  readonly onMain: boolean;
  readonly level: number;
  /** For each input, how it is reached; undefined when fused. */
  readonly exchanges: ReadonlyArray<ExchangeKind | undefined>;
}

export function plan(graph: Graph, options: PlanOptions): PhysicalPlan {
  const placed: Placed[] = [];
  for (const node of graph.nodes) placed.push(placeNode(node, placed, options.workers));
  const stageOf = fuse(graph, placed);
  const stages = describeStages(graph, placed, stageOf, options.workers);
  const edges: EdgePlan[] = [];
  for (const node of graph.nodes) {
    node.inputs.forEach((input, index) => {
      const kind = placed[node.id]!.exchanges[index];
      if (kind === undefined) return;
      const from = stages[stageOf[input.node]!]!;
      const to = stages[stageOf[node.id]!]!;
      edges.push({
        id: edges.length,
        from: from.id,
        to: to.id,
        output: input,
        reader: node.id,
        input: index,
        timed: hasEventTime(graph, input),
        kind,
        laneBytes: laneBytes(options, from, to, kind),
        preaggregate: preaggregates(node, options),
      });
    });
  }
  return { job: graph.job, workers: options.workers, stages, edges };
}

function placeNode(node: OperatorNode, placed: readonly Placed[], workers: number): Placed {
  const { operation } = node;
  const wanted = node.parallelism === undefined ? undefined : Math.min(node.parallelism, workers);
  const inputs = node.inputs.map((input) => placed[input.node]!);
  const [first] = inputs;
  if (first === undefined) return { parallelism: wanted ?? workers, onMain: false, level: 0, exchanges: [] };
  if (operation.kind === 'collect') {
    return { parallelism: 1, onMain: true, level: first.level + 1, exchanges: ['gather'] };
  }
  const own = inputs.map((_, index) => ownExchange(operation, index));
  const isPlaced = own.some((kind) => kind === 'keyed' || kind === 'rebalance' || kind === 'broadcast');
  const single = operation.kind === 'sink' && operation.sink.writers === 1;
  const parallelism = single ? 1 : (wanted ?? (isPlaced ? workers : Math.max(...inputs.map((i) => i.parallelism))));
  const fusable = Math.max(...inputs.map((input) => input.level));
  const exchanges = inputs.map((input, index): ExchangeKind | undefined => {
    if (own[index] !== undefined) return own[index];
    if (input.parallelism !== parallelism) return parallelism === 1 ? 'gather' : 'rebalance';
    // A merge of inputs on different levels reads the lower ones through lanes that stay on their worker.
    return input.level === fusable ? undefined : 'forward';
  });
  const level = Math.max(...inputs.map((input, i) => input.level + (exchanges[i] === undefined ? 0 : 1)));
  // A changed parallelism of one input lifts the level of a merge above that of its other inputs: those need a lane as well.
  const settled = exchanges.map((kind, i) => (kind === undefined && inputs[i]!.level !== level ? 'forward' : kind));
  return { parallelism, onMain: false, level, exchanges: settled };
}

/** The exchange that an operator asks for by its nature. */
function ownExchange(operation: Operation, input: number): ExchangeKind | undefined {
  const { kind } = operation;
  if (kind === 'aggregate' || kind === 'window' || kind === 'keyBy') return 'keyed';
  if (kind === 'rebalance' || kind === 'broadcast') return kind;
  if (kind !== 'stateful') return undefined;
  const { exchange } = operation.inputs[input]!;
  return exchange === 'none' ? undefined : exchange;
}

/** The stage of each operator: connected components over fused inputs, numbered by level, then by first operator. */
function fuse(graph: Graph, placed: readonly Placed[]): number[] {
  const root = graph.nodes.map((node) => node.id);
  const find = (id: number): number => (root[id] === id ? id : (root[id] = find(root[id]!)));
  for (const node of graph.nodes) {
    node.inputs.forEach((input, index) => {
      if (placed[node.id]!.exchanges[index] === undefined) {
        const [low, high] = [find(input.node), find(node.id)].sort((a, b) => a - b) as [number, number];
        root[high] = low;
      }
    });
  }
  const roots = [...new Set(graph.nodes.map((node) => find(node.id)))];
  roots.sort((a, b) => placed[a]!.level - placed[b]!.level || a - b);
  return graph.nodes.map((node) => roots.indexOf(find(node.id)));
}

function describeStages(
  graph: Graph,
  placed: readonly Placed[],
  stageOf: readonly number[],
  workers: number,
): StagePlan[] {
  const stages: StagePlan[] = [];
  let nextLone = workers - 1;
  for (let id = 0; id <= Math.max(...stageOf); id++) {
    const nodes = graph.nodes.filter((node) => stageOf[node.id] === id);
    const { parallelism, onMain } = placed[nodes[0]!.id]!;
    const lone = parallelism === 1 && !onMain && workers > 1;
    const placement = onMain
      ? [MAIN_THREAD]
      : lone
        ? [nextLone]
        : Array.from({ length: parallelism }, (_, actor) => actor);
    if (lone) nextLone = (nextLone + workers - 1) % workers;
    const wanted = Math.max(0, ...nodes.map((node) => node.parallelism ?? 0));
    stages.push({
      id,
      name: uniqueName(stageName(nodes), stages),
      nodes: nodes.map((node) => node.id),
      placement,
      ...(wanted > parallelism ? { wantedParallelism: wanted } : {}),
    });
  }
  return stages;
}

/** What the user named, else the operators in order, the middle of a long chain left out. */
function stageName(nodes: readonly OperatorNode[]): string {
  const named = nodes.filter((node) => node.named).map((node) => node.name);
  if (named.length > 0) return named.join('+');
  const labels = nodes.map((node) => node.name.replace(/#\d+$/, ''));
  if (labels.length <= 4) return labels.join('+');
  return [...labels.slice(0, 2), '…', labels.at(-1)].join('+');
}

function uniqueName(name: string, stages: readonly StagePlan[]): string {
  let candidate = name;
  for (let n = 2; stages.some((stage) => stage.name === candidate); n++) candidate = `${name} (${n})`;
  return candidate;
}

/** Dead letters leave from the receiving side, so it must see the records themselves. */
function preaggregates({ operation, policy }: OperatorNode, options: PlanOptions): boolean {
  const wanted =
    (operation.kind === 'aggregate' && operation.preaggregate) ||
    (operation.kind === 'window' &&
      operation.window.kind === 'hopping' &&
      operation.window.time === undefined &&
      (operation.options.preaggregate ?? true) &&
      // The first of a key's late or early results is told by when each record came.
      operation.options.earlyMs === undefined);
  return wanted && (options.preaggregate ?? true) && policy !== 'dead-letter';
}

function laneBytes(options: PlanOptions, from: StagePlan, to: StagePlan, kind: ExchangeKind): number {
  if (options.laneBytes !== undefined) return options.laneBytes;
  const lanes = kind === 'forward' ? from.placement.length : from.placement.length * to.placement.length;
  const share = 2 ** Math.floor(Math.log2(LIMITS.edgeBytes / lanes));
  return Math.max(LIMITS.minLaneBytes, Math.min(LIMITS.defaultLaneBytes, share));
}

/** The edges that carry an output of an operator, and the fused operators that read it: one that reads it twice stands there twice. */
export function readersOf(
  graph: Graph,
  physical: PhysicalPlan,
  output: Input,
): { fused: OperatorNode[]; edges: EdgePlan[] } {
  const edges = physical.edges.filter((edge) => edge.output.node === output.node && edge.output.port === output.port);
  const fused = graph.consumers(output.node, output.port).flatMap((node) => {
    if (edges.some((edge) => edge.reader === node.id)) return [];
    return node.inputs.filter((input) => input.node === output.node && input.port === output.port).map(() => node);
  });
  return { fused, edges };
}
