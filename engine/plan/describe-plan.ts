// The physical plan for people and tools: text, Mermaid, JSON. Any thread.

import type { Graph } from '../graph/graph.ts';
import { heldInMemory } from '../graph/held-in-memory.ts';
import { type ExchangeKind, lanesOf, MAIN_THREAD, type PhysicalPlan } from './physical-plan.ts';

export interface OperatorDescription {
  readonly name: string;
  readonly kind: string;
  readonly onError: string;
  /** What it keeps that stays in memory, whatever folder the job is given for state. */
  readonly heldInMemory?: string;
}

export interface StageDescription {
  readonly stage: string;
  readonly operators: readonly OperatorDescription[];
  /** Indexes of worker threads, or `'main'` for collected results. */
  readonly workers: readonly number[] | 'main';
  /** What the job asked for, where it asked for more actors than there are workers. */
  readonly wantedParallelism?: number;
}

export interface ExchangeDescription {
  readonly from: string;
  readonly to: string;
  readonly kind: ExchangeKind;
  /** The branch or dead-letter output that it carries, if not the main one. */
  readonly output?: string;
  readonly lanes: number;
  readonly laneBytes: number;
  /** Partial results are computed before it. */
  readonly preaggregate: boolean;
}

/** How a job runs. `JSON.stringify` gives the data without the methods. */
export interface PlanDescription {
  readonly job: string;
  readonly workers: number;
  readonly stages: readonly StageDescription[];
  readonly exchanges: readonly ExchangeDescription[];
  renderText(): string;
  renderMermaid(): string;
}

export function describePlan(graph: Graph, plan: PhysicalPlan): PlanDescription {
  const stages = plan.stages.map(
    (stage): StageDescription => ({
      stage: stage.name,
      operators: stage.nodes.map((id) => {
        const node = graph.node(id);
        const held = heldInMemory(node);
        const description = { name: node.name, kind: node.operation.kind, onError: node.policy };
        return held === undefined ? description : { ...description, heldInMemory: held };
      }),
      workers: stage.placement[0] === MAIN_THREAD ? 'main' : stage.placement,
      ...(stage.wantedParallelism === undefined ? {} : { wantedParallelism: stage.wantedParallelism }),
    }),
  );
  const exchanges = plan.edges.map(
    (edge): ExchangeDescription => ({
      from: plan.stages[edge.from]!.name,
      to: plan.stages[edge.to]!.name,
      kind: edge.kind,
      ...(edge.output.port === '' ? {} : { output: edge.output.port }),
      lanes: lanesOf(plan, edge).length,
      laneBytes: edge.laneBytes,
      preaggregate: edge.preaggregate,
    }),
  );
  const data = { job: plan.job, workers: plan.workers, stages, exchanges };
  return { ...data, renderText: () => renderText(data), renderMermaid: () => renderMermaid(data) };
}

type PlanData = Omit<PlanDescription, 'renderText' | 'renderMermaid'>;

function renderText(plan: PlanData): string {
  const lines = [`job ${plan.job}, ${plan.workers} workers`];
  for (const stage of plan.stages) {
    for (const exchange of plan.exchanges.filter(({ to }) => to === stage.stage)) {
      lines.push(
        `    | ${exchangeLabel(exchange)} from '${exchange.from}', ${exchange.lanes} lanes of ${kib(exchange.laneBytes)}`,
      );
    }
    lines.push(`stage '${stage.stage}' on ${workersLabel(stage)}`);
    for (const { name, kind, onError, heldInMemory: held } of stage.operators) {
      const policy = onError === 'fail' ? '' : `, on error: ${onError}`;
      const place = held === undefined ? '' : `, held in memory: ${held}`;
      lines.push(`    ${name}${name.startsWith(kind) ? '' : ` (${kind})`}${policy}${place}`);
    }
  }
  return lines.join('\n');
}

function renderMermaid(plan: PlanData): string {
  const lines = ['flowchart LR'];
  const id = (name: string): string => `s${plan.stages.findIndex(({ stage }) => stage === name)}`;
  for (const stage of plan.stages) {
    const operators = stage.operators.map(({ name }) => mermaidText(name)).join('<br/>');
    lines.push(
      `  ${id(stage.stage)}["<b>${mermaidText(stage.stage)}</b><br/>${operators}<br/>${workersLabel(stage)}"]`,
    );
  }
  for (const exchange of plan.exchanges) {
    lines.push(`  ${id(exchange.from)} -->|"${mermaidText(exchangeLabel(exchange))}"| ${id(exchange.to)}`);
  }
  return lines.join('\n');
}

function exchangeLabel({ kind, output, preaggregate }: ExchangeDescription): string {
  return [kind, preaggregate ? 'pre-aggregated' : '', output === undefined ? '' : `of '${output}'`]
    .filter(Boolean)
    .join(', ');
}

function workersLabel({ workers, wantedParallelism }: StageDescription): string {
  if (workers === 'main') return 'the main thread';
  const label = workers.length === 1 ? `worker ${workers[0]}` : `${workers.length} workers`;
  return wantedParallelism === undefined ? label : `${label} (${wantedParallelism} wanted)`;
}

function kib(bytes: number): string {
  return `${bytes / 1024} KiB`;
}

/** Mermaid reads entity codes where a character would end the label. */
function mermaidText(text: string): string {
  return text.replace(/[^\w .,:+()/-]/g, (character) => `#${character.codePointAt(0)};`);
}
