import { MillraceError } from '../errors/millrace-error.ts';
import { ERROR_PORT, type Input, LATE_PORT, type Operation, type OperatorNode } from './operator-node.ts';
import { endlessWaits } from './waiting.ts';

/** The operators of one job, in the order in which they were added: inputs always come before their users. Any thread. */
export class Graph {
  readonly job: string;
  readonly nodes: OperatorNode[] = [];

  constructor(job: string) {
    this.job = job;
  }

  add(operation: Operation, inputs: readonly Input[]): OperatorNode {
    const id = this.nodes.length;
    const node: OperatorNode = {
      id,
      operation,
      inputs,
      name: defaultName(operation, id),
      named: false,
      parallelism: undefined,
      policy: 'fail',
    };
    this.nodes.push(node);
    return node;
  }

  node(id: number): OperatorNode {
    const node = this.nodes[id];
    if (node === undefined)
      throw new MillraceError('ERR_INTERNAL', `the graph has no node ${id}`, { place: { job: this.job } });
    return node;
  }

  /** The nodes that read output `port` of `id`, or any output when no port is given. */
  consumers(id: number, port?: string): OperatorNode[] {
    return this.nodes.filter((node) =>
      node.inputs.some((input) => input.node === id && (port === undefined || input.port === port)),
    );
  }

  rename(node: OperatorNode, name: string): void {
    const taken = this.nodes.find((other) => other !== node && other.name === name);
    if (taken !== undefined) {
      throw new MillraceError('ERR_JOB_GRAPH', `operator names must be unique: '${name}' is taken; choose another`, {
        place: { job: this.job },
      });
    }
    node.name = name;
    node.named = true;
  }

  /** Refuses what cannot run, all problems at once. */
  validate(): void {
    const problems: string[] = [];
    if (this.nodes.length === 0) problems.push('the job is empty: start with flow.from(source)');
    for (const node of this.nodes) {
      const { kind } = node.operation;
      const isEnd = kind === 'sink' || kind === 'collect';
      if (!isEnd && this.consumers(node.id).every((reader) => readsOnlyTheSide(reader, node.id))) {
        problems.push(
          `nothing reads what '${node.name}' emits: end it with .to(sink), for example .to(collect('answer')) or .to(blackHole())`,
        );
      }
    }
    problems.push(...endlessWaits(this.nodes));
    if (problems.length > 0) {
      throw new MillraceError('ERR_JOB_GRAPH', problems.join('; '), { place: { job: this.job } });
    }
  }
}

function readsOnlyTheSide(reader: OperatorNode, id: number): boolean {
  return reader.inputs.every(({ node, port }) => node !== id || port === ERROR_PORT || port === LATE_PORT);
}

function defaultName(operation: Operation, id: number): string {
  if (operation.kind === 'source') return `${operation.source.name}#${id}`;
  if (operation.kind === 'sink') return `${operation.sink.name}#${id}`;
  if (operation.kind === 'collect') return `collect(${operation.result})`;
  if (operation.kind === 'stateful') return `${operation.label}#${id}`;
  return `${operation.kind}#${id}`;
}
