// Builds the actor of one stage on this worker: feeds, compiled chains, outlets, wired by the plan.
//
// Every place where records begin anew within a stage is a feed with a pipeline of its own: a source, the lanes of an inbound edge, what a
// flatMap or mapAsync yields, results of an aggregate, the meeting point of a merge. Everything between is compiled.

import type { SinkWriter } from '../engine/connector/sink.ts';
import type { ReaderContext } from '../engine/connector/source.ts';
import { MillraceError, messageOf } from '../engine/errors/millrace-error.ts';
import { RecordSchema } from '../engine/frame/index.ts';
import type { Graph } from '../engine/graph/graph.ts';
import {
  type DeadLetter,
  ERROR_PORT,
  type Input,
  MAIN_PORT,
  type OperatorNode,
} from '../engine/graph/operator-node.ts';
import type { LaneEnds } from '../engine/lane/lane-ends.ts';
import { LIMITS } from '../engine/limits.ts';
import type { StageRecorder } from '../engine/metrics/stage-recorder.ts';
import { BatchQueue } from '../engine/operators/batch-queue.ts';
import { compileChain } from '../engine/operators/chain-compiler.ts';
import { type Chain, type ChainHead, type ChainStep, type Fold, outletsOf } from '../engine/operators/chain-step.ts';
import { ExchangeOutlet } from '../engine/operators/exchange-outlet.ts';
import { Faults } from '../engine/operators/faults.ts';
import { FlatMap } from '../engine/operators/flat-map.ts';
import { KeyedAggregate } from '../engine/operators/keyed-aggregate.ts';
import { laneChain } from '../engine/operators/lane-chain.ts';
import { MapAsync } from '../engine/operators/map-async.ts';
import type { Feed, Outlet } from '../engine/operators/outlet.ts';
import { Preaggregator } from '../engine/operators/preaggregator.ts';
import { SinkOutlet } from '../engine/operators/sink-outlet.ts';
import { validator } from '../engine/operators/validate.ts';
import { hashKey } from '../engine/partition/key-hash.ts';
import type { EdgePlan, PhysicalPlan, StagePlan } from '../engine/plan/physical-plan.ts';
import { readersOf } from '../engine/plan/planner.ts';
import { Actor } from './actor.ts';
import { GeneratorFeed, type IndexRange } from './generator-feed.ts';
import { LaneFeed } from './lane-feed.ts';
import type { OpenSink } from './open-sink.ts';
import { Pipeline } from './pipeline.ts';
import { SharedOutlet } from './shared-outlet.ts';
import { SourceFeed, type SourceHost } from './source-feed.ts';
import type { WorkerContext } from './worker-context.ts';

/** Of a reason that must fit the smallest lane. */
const MOST_LETTER_CHARACTERS = 300;

/** Writers are added to `sinks` as they open, so that those opened before a failure can be aborted. */
export function buildActor(
  stage: StagePlan,
  context: WorkerContext,
  lanes: LaneEnds,
  recorder: StageRecorder,
  sinks: OpenSink[],
): Promise<Actor> {
  return new ActorBuilder(stage, context, lanes, recorder, sinks).build();
}

class ActorBuilder {
  readonly #stage: StagePlan;
  readonly #context: WorkerContext;
  readonly #graph: Graph;
  readonly #plan: PhysicalPlan;
  readonly #lanes: LaneEnds;
  readonly #recorder: StageRecorder;
  readonly #faults: Faults;
  /** Outlets that stand for an operator: made before any chain, for a chain may come to them from anywhere. */
  readonly #outlets = new Map<number, Outlet>();
  readonly #exchanges = new Map<number, ExchangeOutlet>();
  readonly #sinks: OpenSink[];
  readonly #pipelines: Pipeline[] = [];
  /** By the operator whose dead letters they take. */
  readonly #deadLetters = new Map<number, SharedOutlet[]>();

  constructor(stage: StagePlan, context: WorkerContext, lanes: LaneEnds, recorder: StageRecorder, sinks: OpenSink[]) {
    this.#sinks = sinks;
    this.#stage = stage;
    this.#context = context;
    this.#graph = context.graph;
    this.#plan = context.plan;
    this.#lanes = lanes;
    this.#recorder = recorder;
    this.#faults = new Faults({ job: context.graph.job, stage: stage.name, worker: context.worker }, recorder);
  }

  async build(): Promise<Actor> {
    const nodes = this.#stage.nodes.map((id) => this.#graph.node(id));
    for (const node of nodes) await this.#makeOutlet(node);
    for (const node of nodes) this.#makePipelines(node);
    return new Actor(this.#stage.name, this.#pipelines, this.#recorder, this.#context.nowNs);
  }

  async #makeOutlet(node: OperatorNode): Promise<void> {
    const { operation } = node;
    const { nowNs, wake, signal } = this.#context;
    if (operation.kind === 'flatMap') this.#outlets.set(node.id, new FlatMap(operation.fn, node, this.#faults));
    else if (operation.kind === 'merge') this.#outlets.set(node.id, new BatchQueue());
    else if (operation.kind === 'aggregate') {
      const failed = (error: unknown, key: unknown): void => this.#faults.handle(node, error, { key }, () => undefined);
      this.#outlets.set(node.id, new KeyedAggregate(operation.aggregator, operation.spread, failed));
    } else if (operation.kind === 'mapAsync') {
      const served = (durationNs: number): void => this.#recorder.service.record(durationNs, 1);
      const host = { nowNs, wake, signal, served };
      this.#outlets.set(node.id, new MapAsync(operation.fn, operation.options, node, this.#faults, host));
    } else if (operation.kind === 'sink') {
      const standIn = this.#context.outletFor?.(node);
      if (standIn !== undefined) {
        this.#outlets.set(node.id, standIn);
        return;
      }
      const index = this.#stage.placement.indexOf(this.#context.worker);
      let writer: SinkWriter<unknown>;
      try {
        writer = await operation.sink.open({ index, count: this.#stage.placement.length, signal });
      } catch (error) {
        const rule = `the sink ${operation.sink.name} cannot be opened: ${messageOf(error)}`;
        const failure = error instanceof MillraceError ? error : new MillraceError('ERR_SINK', rule, { cause: error });
        throw this.#faults.place(failure, node, 'ERR_SINK');
      }
      this.#sinks.push({ node, writer });
      this.#outlets.set(node.id, new SinkOutlet(writer, node, this.#faults, this.#recorder, wake));
    }
  }

  /** The pipelines that begin at this operator, if any do. */
  #makePipelines(node: OperatorNode): void {
    const { operation } = node;
    for (const edge of this.#plan.edges) {
      if (edge.to !== this.#stage.id || edge.reader !== node.id) continue;
      const feed = new LaneFeed(this.#lanes.readers(edge), this.#recorder, this.#context.nowNs);
      if (operation.kind === 'aggregate') this.#addPipeline(node, feed, this.#aggregateSteps(node, operation));
      else this.#addPipeline(node, feed, [this.#receivedSteps(node)]);
    }
    const behind = (): ChainStep[] => this.#stepsBehind({ node: node.id, port: MAIN_PORT });
    if (operation.kind === 'source') {
      const { feed, head } = this.#sourceFeed(node);
      this.#addPipeline(node, feed, [behind()], head);
    } else if (isFeed(this.#outlets.get(node.id))) {
      this.#addPipeline(node, this.#outlets.get(node.id) as Outlet & Feed, [behind()]);
    }
  }

  #addPipeline(
    node: OperatorNode,
    feed: Feed,
    steps: readonly ChainStep[][],
    head: ChainHead = { kind: 'batch' },
  ): void {
    const onThrow = (error: unknown, culprit: OperatorNode, record: unknown, index: number): void => {
      const code = culprit.operation.kind === 'source' ? 'ERR_SOURCE' : 'ERR_OPERATOR';
      this.#faults.handle(culprit, error, record, () => feed.locate?.(index), code);
    };
    const chains: Chain[] = steps.map((tree) =>
      feed instanceof LaneFeed ? laneChain(feed, tree, onThrow) : compileChain(head, tree, onThrow),
    );
    const outlets = new Set<Outlet>(steps.flatMap((tree) => [...outletsOf(tree)]));
    // Tables are no outlets of a chain, but they must learn that the input has ended and how old it is.
    const own = this.#outlets.get(node.id);
    if (node.operation.kind === 'aggregate' && own !== undefined && feed !== (own as unknown)) outlets.add(own);
    for (const outlet of outlets) if (outlet instanceof BatchQueue) outlet.addInput();
    const deadLetters = new Set([...culprits(steps), node].flatMap((culprit) => this.#deadLetterOutlets(culprit)));
    for (const outlet of deadLetters) outlet.addUser();
    const inner = [...outlets].some((outlet) => isFeed(outlet) && !(outlet instanceof KeyedAggregate));
    const measuredElsewhere = this.#stage.nodes.some((id) => this.#graph.node(id).operation.kind === 'mapAsync');
    const position = this.#stage.nodes.indexOf(node.id);
    const recorder = {
      nowNs: this.#context.nowNs,
      enter: () => this.#recorder.operator(position),
      service: measuredElsewhere ? undefined : this.#recorder.service,
      age: inner ? undefined : this.#recorder.age,
    };
    this.#pipelines.push(new Pipeline(feed, chains, [...outlets], [...deadLetters], recorder, LIMITS.frameRecords));
  }

  /** What happens to the output of an operator: its fused readers, and its edges. */
  #stepsBehind(output: Input): ChainStep[] {
    const { fused, edges } = readersOf(this.#graph, this.#plan, output);
    return [...fused.map((reader) => this.#step(reader)), ...edges.map((edge) => this.#edgeStep(edge))];
  }

  #step(node: OperatorNode): ChainStep {
    const { operation } = node;
    const outlet = this.#outlets.get(node.id);
    if (outlet !== undefined) return { kind: 'push', node, outlet };
    const next = (): ChainStep[] => this.#stepsBehind({ node: node.id, port: MAIN_PORT });
    switch (operation.kind) {
      case 'map':
      case 'filter':
      case 'peek':
        return { kind: operation.kind, node, fn: operation.fn, next: next() };
      case 'schema':
        return { kind: 'map', node, fn: validator(operation.schema), next: next() };
      case 'split':
        return {
          kind: 'split',
          node,
          tests: operation.branches.map(([, test]) => test),
          branches: operation.branches.map(([name]) => this.#stepsBehind({ node: node.id, port: name })),
          otherwise: this.#stepsBehind({ node: node.id, port: 'otherwise' }),
          dropped: () => this.#recorder.recordsDropped(1),
        };
      default:
        throw this.#faults.place(
          new MillraceError('ERR_INTERNAL', `operator kind ${operation.kind} cannot be fused`),
          node,
          'ERR_INTERNAL',
        );
    }
  }

  /** What an operator does with records that came through lanes: an exchange passes them on, others take them as if fused. */
  #receivedSteps(node: OperatorNode): ChainStep[] {
    const { kind } = node.operation;
    const isExchange = kind === 'keyBy' || kind === 'rebalance' || kind === 'broadcast';
    return isExchange ? this.#stepsBehind({ node: node.id, port: MAIN_PORT }) : [this.#step(node)];
  }

  #aggregateSteps(node: OperatorNode, operation: OperatorNode['operation'] & { kind: 'aggregate' }): ChainStep[][] {
    const { aggregator, key } = operation;
    const { table } = this.#outlets.get(node.id) as KeyedAggregate;
    const add = aggregator.add.bind(aggregator) as Fold;
    const combine = aggregator.combine.bind(aggregator) as Fold;
    return [
      [{ kind: 'aggregate', node, key, select: aggregator.select?.bind(aggregator), add, table }],
      [{ kind: 'combine', node, combine, table }],
    ];
  }

  #edgeStep(edge: EdgePlan): ChainStep {
    // The reader's key function runs here, but its dead letters leave from the other side: there it fails once more.
    const node = this.#graph.node(edge.reader);
    const losesToDeadLetters = node.policy === 'dead-letter';
    const reader: OperatorNode = losesToDeadLetters ? { ...node, policy: 'fail' } : node;
    const outlet = this.#exchange(edge);
    const { operation } = reader;
    if (operation.kind !== 'aggregate' && operation.kind !== 'keyBy') return { kind: 'push', node: reader, outlet };
    const actorOfPartition = this.#context.actorOfPartition(edge);
    if (operation.kind === 'aggregate' && edge.preaggregate) {
      const { aggregator, key } = operation;
      return {
        kind: 'preaggregate',
        node: reader,
        key,
        select: aggregator.select?.bind(aggregator),
        add: aggregator.add.bind(aggregator) as Fold,
        outlet: new Preaggregator(outlet, () => aggregator.create(), actorOfPartition),
        actorOfPartition,
      };
    }
    const key = losesToDeadLetters ? keyOrNone(operation.key) : operation.key;
    return { kind: 'route', node: reader, key, outlet, actorOfPartition };
  }

  #exchange(edge: EdgePlan): ExchangeOutlet {
    const made = this.#exchanges.get(edge.id);
    if (made !== undefined) return made;
    const sender = this.#graph.node(edge.output.node);
    const outlet = new ExchangeOutlet({
      writers: this.#lanes.writers(edge),
      schema: this.#declaredSchema(edge.output),
      broadcast: edge.kind === 'broadcast',
      counters: this.#recorder,
      nowNs: this.#context.nowNs,
      refused: (error, record) => {
        if (edge.output.port === ERROR_PORT) return { instead: this.#shortLetter(error, record as DeadLetter, sender) };
        this.#faults.handle(sender, error, record, () => undefined);
        return undefined;
      },
    });
    this.#exchanges.set(edge.id, outlet);
    return outlet;
  }

  /** The `record({ … })` that the user declared for these records, where nothing since could have changed them. */
  #declaredSchema(output: Input): RecordSchema<unknown> | undefined {
    const { operation, inputs } = this.#graph.node(output.node);
    if (output.port === ERROR_PORT) return undefined;
    if (operation.kind === 'schema') return operation.schema instanceof RecordSchema ? operation.schema : undefined;
    const passes = ['filter', 'peek', 'split', 'keyBy', 'rebalance', 'broadcast'].includes(operation.kind);
    const [input] = inputs;
    return passes && input !== undefined ? this.#declaredSchema(input) : undefined;
  }

  /** Where the dead letters of an operator go: a small chain of their own, made at the first call. */
  #deadLetterOutlets(node: OperatorNode): SharedOutlet[] {
    if (node.policy !== 'dead-letter') return [];
    const made = this.#deadLetters.get(node.id);
    if (made !== undefined) return made;
    const steps = this.#stepsBehind({ node: node.id, port: ERROR_PORT });
    const chain = compileChain({ kind: 'batch' }, steps, (error) => {
      throw error;
    });
    this.#faults.deadLetters.set(node.id, (letter) => void chain([letter], 0, 1));
    const outlets = [...outletsOf(steps)].map((outlet) => new SharedOutlet(outlet));
    this.#deadLetters.set(node.id, outlets);
    return outlets;
  }

  /** For a dead letter that fits no lane, record and all: the reason still arrives. */
  #shortLetter(error: unknown, letter: DeadLetter, node: OperatorNode): DeadLetter {
    if (letter.record === undefined) throw this.#faults.place(error, node, 'ERR_INTERNAL');
    const message = `${letter.message.slice(0, MOST_LETTER_CHARACTERS)} (the record is left out: ${messageOf(error)})`;
    return { ...letter, message, record: undefined };
  }

  #sourceFeed(node: OperatorNode): { feed: Feed; head: ChainHead } {
    const { operation } = node;
    if (operation.kind !== 'source') throw new MillraceError('ERR_INTERNAL', `${node.name} is no source`);
    const { context, host } = this.#sourceHost(node);
    const splits = this.#context.splits(node.id);
    const { generator } = operation.source as { generator?: (index: number) => unknown };
    if (typeof generator === 'function') {
      const feed = new GeneratorFeed(splits as unknown as readonly IndexRange[], host);
      this.#locateBy(feed);
      return { feed, head: { kind: 'generator', generator, node } };
    }
    const feed = new SourceFeed(operation.source, splits, host);
    this.#locateBy(feed);
    context.onWake = () => feed.wake();
    return { feed, head: { kind: 'batch' } };
  }

  #sourceHost(node: OperatorNode): { host: SourceHost; context: { onWake: () => void } } {
    const { nowNs, wake, signal, control } = this.#context;
    const splits = this.#context.splits(node.id);
    const isFirstActor = this.#stage.placement[0] === this.#context.worker;
    // The size of the whole source is said once, by the first of its actors: what each of them has read adds up to it.
    const sizes = splits.map((split) => split.size);
    const total =
      isFirstActor && sizes.every((size) => size !== undefined) ? sizes.reduce((sum, size) => sum + size, 0) : 0;
    this.#recorder.progress(0, total);
    const hooks = { onWake: (): void => {} };
    const sourceIndex = this.#context.sourceIndex(node.id);
    const context: ReaderContext = {
      signal,
      nowMs: () => nowNs() / 1e6,
      wake: () => {
        hooks.onWake();
        wake();
      },
      malformed: (error, raw) => {
        // Its batch is not there yet: a dead letter enters the job by itself, and now.
        for (const outlet of this.#deadLetterOutlets(node)) outlet.intake(nowNs());
        this.#faults.handle(node, error, raw, () => undefined, 'ERR_MALFORMED_INPUT');
      },
    };
    const host: SourceHost = {
      nowNs,
      context,
      takeSplit: () => control.takeSplit(sourceIndex),
      draining: this.#context.draining,
      read: (records) => this.#recorder.recordsIn(records),
      progress: (done) => this.#recorder.progress(done, total),
      place: (error) => this.#faults.place(error, node, 'ERR_SOURCE'),
    };
    return { host, context: hooks };
  }

  /** Faults on records that have left their batch are placed by this source, if all records of the stage come from it. */
  #locateBy(feed: Feed): void {
    const isSource = (id: number): boolean => this.#graph.node(id).operation.kind === 'source';
    const isFedByLanes = this.#plan.edges.some((edge) => edge.to === this.#stage.id);
    if (isFedByLanes || this.#stage.nodes.filter(isSource).length > 1) return;
    this.#faults.near = () => {
      const last = feed.count === 0 ? undefined : feed.locate?.(feed.count - 1);
      return last === undefined ? undefined : `at or before ${last}`;
    };
  }
}

/** The key that sends a record without one somewhere, where its fault is found again. */
function keyOrNone(key: (record: unknown) => unknown): (record: unknown) => unknown {
  return (record) => {
    try {
      const found = key(record);
      hashKey(found);
      return found;
    } catch {
      return undefined;
    }
  };
}

function isFeed(outlet: Outlet | undefined): outlet is Outlet & Feed {
  return outlet !== undefined && 'refill' in outlet;
}

/** The operators that the steps may blame. */
function* culprits(steps: readonly (readonly ChainStep[])[]): Generator<OperatorNode> {
  for (const tree of steps) {
    for (const step of tree) {
      if (step.kind !== 'push') yield step.node;
      if ('next' in step) yield* culprits([step.next]);
      if (step.kind === 'split') yield* culprits([...step.branches, step.otherwise]);
    }
  }
}
