// Builds the actor of one stage on this worker: feeds, compiled chains, outlets, wired by the plan.
//
// Every place where records begin anew within a stage is a feed with a pipeline of its own: a source, the lanes of an inbound edge, what a
// flatMap or mapAsync yields, results of an aggregate, the meeting point of a merge. Everything between is compiled.

import type { SinkWriter } from '../engine/connector/sink.ts';
import { MillraceError, messageOf } from '../engine/errors/millrace-error.ts';
import { declaredSchema } from '../engine/graph/declared-schema.ts';
import type { Graph } from '../engine/graph/graph.ts';
import { hasEventTime, keyOfInput } from '../engine/graph/operator-inputs.ts';
import {
  type DeadLetter,
  ERROR_PORT,
  type Input,
  LATE_PORT,
  MAIN_PORT,
  type Operation,
  type OperatorNode,
} from '../engine/graph/operator-node.ts';
import type { LaneEnds } from '../engine/lane/lane-ends.ts';
import { LIMITS } from '../engine/limits.ts';
import type { StageRecorder } from '../engine/metrics/stage-recorder.ts';
import { BatchQueue } from '../engine/operators/batch-queue.ts';
import { compileChain } from '../engine/operators/chain-compiler.ts';
import {
  type Chain,
  type ChainHead,
  type ChainStep,
  clocksOf,
  culpritsOf,
  outletsOf,
} from '../engine/operators/chain-step.ts';
import { ExchangeOutlet } from '../engine/operators/exchange-outlet.ts';
import { Faults } from '../engine/operators/faults.ts';
import { FlatMap } from '../engine/operators/flat-map.ts';
import { KeyedAggregate } from '../engine/operators/keyed-aggregate.ts';
import { laneChain } from '../engine/operators/lane-chain.ts';
import { MapAsync } from '../engine/operators/map-async.ts';
import type { Feed, Outlet } from '../engine/operators/outlet.ts';
import { SinkOutlet } from '../engine/operators/sink-outlet.ts';
import { StatefulInput } from '../engine/operators/stateful-input.ts';
import { type StatefulHost, type StatefulLogic, StatefulOperator } from '../engine/operators/stateful-operator.ts';
import { validator } from '../engine/operators/validate.ts';
import { forgivingKey } from '../engine/partition/forgiving-key.ts';
import type { EdgePlan, PhysicalPlan, StagePlan } from '../engine/plan/physical-plan.ts';
import { readersOf } from '../engine/plan/planner.ts';
import { EventClock } from '../engine/time/event-clock.ts';
import { Actor } from './actor.ts';
import { AlignedFeed } from './aligned-feed.ts';
import { LaneFeed } from './lane-feed.ts';
import type { OpenSink } from './open-sink.ts';
import { type Advance, Pipeline } from './pipeline.ts';
import { shortLetter } from './short-letter.ts';
import { SideOutputs } from './side-outputs.ts';
import { SourceFeeds } from './source-feeds.ts';
import { aggregateSteps, preaggregateStep, windowLogic, windowSteps } from './table-steps.ts';
import { ClockReader, FeedReader, SlowestReader, SplitsReader, type WatermarkReader } from './watermark-readers.ts';
import type { WorkerContext } from './worker-context.ts';

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
  /** By operator and number of the input. */
  readonly #statefulInputs = new Map<string, StatefulInput>();
  readonly #exchanges = new Map<number, ExchangeOutlet>();
  readonly #sinks: OpenSink[];
  readonly #pipelines: Pipeline[] = [];
  readonly #sides: SideOutputs;
  readonly #sources: SourceFeeds;

  constructor(stage: StagePlan, context: WorkerContext, lanes: LaneEnds, recorder: StageRecorder, sinks: OpenSink[]) {
    this.#sinks = sinks;
    this.#stage = stage;
    this.#context = context;
    this.#graph = context.graph;
    this.#plan = context.plan;
    this.#lanes = lanes;
    this.#recorder = recorder;
    this.#faults = new Faults({ job: context.graph.job, stage: stage.name, worker: context.worker }, recorder);
    const stepsBehind = (node: OperatorNode, port: string): ChainStep[] => this.#stepsBehind({ node: node.id, port });
    this.#sides = new SideOutputs(stepsBehind, this.#faults, recorder, context.nowNs);
    // A malformed piece of input has no batch yet: its dead letter enters the job by itself, and now.
    this.#sources = new SourceFeeds(stage, context, recorder, this.#faults, (node) => {
      for (const outlet of this.#sides.deadLetters(node)) outlet.intake(context.nowNs());
    });
  }

  async build(): Promise<Actor> {
    const nodes = this.#stage.nodes.map((id) => this.#graph.node(id));
    for (const node of nodes) await this.#makeOutlet(node);
    for (const node of nodes) if (this.#graph.consumers(node.id, LATE_PORT).length > 0) this.#sides.makeLate(node);
    for (const node of nodes) this.#makePipelines(node);
    return new Actor(this.#stage.name, this.#pipelines, this.#recorder, this.#context.clock);
  }

  async #makeOutlet(node: OperatorNode): Promise<void> {
    const { operation } = node;
    const { nowNs, wake, signal, coldState } = this.#context;
    if (operation.kind === 'flatMap') this.#outlets.set(node.id, new FlatMap(operation.fn, node, this.#faults));
    else if (operation.kind === 'merge') this.#outlets.set(node.id, new BatchQueue());
    else if (operation.kind === 'aggregate') {
      const failed = (error: unknown, key: unknown): void => this.#faults.handle(node, error, { key }, () => undefined);
      this.#outlets.set(node.id, new KeyedAggregate(operation.aggregator, operation.spread, failed, coldState));
    } else if (operation.kind === 'window' || operation.kind === 'stateful') {
      this.#outlets.set(node.id, this.#statefulOperator(node, operation));
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
      const head: ChainHead = { kind: 'batch', timed: edge.timed };
      if (operation.kind === 'aggregate')
        this.#addPipeline(
          node,
          feed,
          aggregateSteps(node, operation, this.#outlets.get(node.id) as KeyedAggregate),
          head,
        );
      else if (operation.kind === 'window')
        this.#addPipeline(
          node,
          feed,
          windowSteps(node, operation, this.#outlets.get(node.id) as StatefulOperator),
          head,
        );
      else this.#addPipeline(node, feed, [this.#receivedSteps(node, edge.input)], head);
    }
    const behind = (): ChainStep[] => this.#stepsBehind({ node: node.id, port: MAIN_PORT });
    if (operation.kind === 'source') {
      const steps = behind();
      const { feed, head } = this.#sources.build(node, distinctClocks(clocksOf(steps)));
      this.#addPipeline(node, feed, [steps], head);
    } else if (isFeed(this.#outlets.get(node.id))) {
      const timed = hasEventTime(this.#graph, { node: node.id, port: MAIN_PORT });
      this.#addPipeline(node, this.#outlets.get(node.id) as Outlet & Feed, [behind()], { kind: 'batch', timed });
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
      feed instanceof LaneFeed ? laneChain(feed, head, tree, onThrow) : compileChain(head, tree, onThrow),
    );
    const outlets = new Set<Outlet>(steps.flatMap((tree) => [...outletsOf(tree)]));
    // Tables are no outlets of a chain, but they must learn that the input has ended and how old it is.
    const own = this.#outlets.get(node.id);
    const isTable = node.operation.kind === 'aggregate' || node.operation.kind === 'window';
    if (isTable && own !== undefined && feed !== (own as unknown)) outlets.add(own);
    const sides = new Set([...culpritsOf(steps), node].flatMap((culprit) => this.#sides.outletsOf(culprit)));
    const inner = [...outlets].some(
      (outlet) => isFeed(outlet) && !(outlet instanceof KeyedAggregate) && !(outlet instanceof StatefulOperator),
    );
    const measuredElsewhere = this.#stage.nodes.some((id) => this.#graph.node(id).operation.kind === 'mapAsync');
    const position = this.#stage.nodes.indexOf(node.id);
    const advances = this.#advances(feed, steps, outlets, head);
    // Late records go by the watermark that leaves the operator with its results.
    if (feed instanceof StatefulOperator) {
      for (const outlet of this.#sides.lateOutlets(node)) advances.push({ outlet, by: new FeedReader(feed) });
    }
    const recorder = {
      enter: () => this.#recorder.operator(position),
      service: measuredElsewhere ? undefined : this.#recorder.service,
      age: inner ? undefined : this.#recorder.age,
      watermark: advances.length > 0 && feed !== (own as unknown) ? this.#watermarkTaker() : undefined,
    };
    this.#pipelines.push(
      new Pipeline(
        feed,
        chains,
        [...outlets],
        [...sides],
        recorder,
        this.#context.clock,
        LIMITS.frameRecords,
        advances,
      ),
    );
  }

  /** For an input of the stage. */
  #watermarkTaker(): (watermarkMs: number, nowNs: number) => void {
    const recorder = this.#recorder;
    const input = recorder.timeInput();
    return (watermarkMs, nowNs) => recorder.watermark(input, watermarkMs, nowNs);
  }

  /** Which outlets are told how far event time has come, and by what: a clock within the chain, or the feed. */
  #advances(feed: Feed, steps: readonly ChainStep[][], outlets: ReadonlySet<Outlet>, head: ChainHead): Advance[] {
    const clocks = clocksOf(steps.flat());
    const distinct = distinctClocks(clocks);
    const timed = head.kind === 'batch' && head.timed === true;
    const ofFeed = timed ? [new FeedReader(feed)] : [];
    const ofClock = distinct.map(
      (clock, index): WatermarkReader =>
        feed instanceof AlignedFeed ? new SplitsReader(feed, index) : new ClockReader(clock, this.#context.nowNs),
    );
    const readersBy = (clock: EventClock | undefined): WatermarkReader[] =>
      clock === undefined ? ofFeed : [ofClock[distinct.indexOf(clock)]!];
    return [...outlets].flatMap((outlet): Advance[] => {
      const readers = [...(clocks.get(outlet) ?? [undefined])].flatMap(readersBy);
      const [only, ...others] = readers;
      if (only === undefined) return [];
      return [{ outlet, by: others.length === 0 ? only : new SlowestReader(readers) }];
    });
  }

  #statefulOperator(node: OperatorNode, operation: Operation & { kind: 'window' | 'stateful' }): StatefulOperator {
    const make = (host: StatefulHost): StatefulLogic =>
      operation.kind === 'stateful' ? operation.make(host) : windowLogic(operation, host);
    return new StatefulOperator(make, {
      late: this.#sides.late(node),
      failed: (error, context) => this.#faults.handle(node, error, context, () => undefined),
      fired: this.#context.fired,
      clock: this.#context,
      coldState: this.#context.coldState,
      forgives: node.policy !== 'fail',
    });
  }

  /** What happens to the output of an operator: its fused readers, and its edges. */
  #stepsBehind(output: Input): ChainStep[] {
    const { fused, edges } = readersOf(this.#graph, this.#plan, output);
    return [...fused.map((reader) => this.#step(reader, output)), ...edges.map((edge) => this.#edgeStep(edge))];
  }

  #step(node: OperatorNode, output: Input): ChainStep {
    const { operation } = node;
    const outlet = this.#outlets.get(node.id);
    if (outlet instanceof StatefulOperator) {
      const isRead = (input: Input): boolean => input.node === output.node && input.port === output.port;
      return this.#statefulStep(node, outlet, node.inputs.findIndex(isRead));
    }
    if (outlet !== undefined) return { kind: 'push', node, outlet };
    const next = (): ChainStep[] => this.#stepsBehind({ node: node.id, port: MAIN_PORT });
    switch (operation.kind) {
      case 'map':
      case 'filter':
      case 'peek':
        return { kind: operation.kind, node, fn: operation.fn, next: next() };
      case 'eventTime':
        return {
          kind: 'time',
          node,
          fn: operation.fn,
          clock: new EventClock(operation.options),
          next: next(),
        };
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
  #receivedSteps(node: OperatorNode, input: number): ChainStep[] {
    const { kind } = node.operation;
    if (kind === 'keyBy' || kind === 'rebalance' || kind === 'broadcast') {
      return this.#stepsBehind({ node: node.id, port: MAIN_PORT });
    }
    const outlet = this.#outlets.get(node.id);
    if (outlet instanceof StatefulOperator) return [this.#statefulStep(node, outlet, input)];
    return [this.#step(node, node.inputs[input]!)];
  }

  #statefulStep(node: OperatorNode, operator: StatefulOperator, input: number): ChainStep {
    const name = `${node.id}.${input}`;
    const { operation } = node;
    let made = this.#statefulInputs.get(name);
    if (made === undefined) {
      const timeless = operation.kind === 'stateful' && operation.inputs[input]!.timeless === true;
      made = new StatefulInput(operator, input, timeless);
      this.#statefulInputs.set(name, made);
    }
    return { kind: 'stateful', node, key: keyOfInput(operation, input), operator: made, input };
  }

  #edgeStep(edge: EdgePlan): ChainStep {
    // The reader's key function runs here, but its dead letters leave from the other side: there it fails once more.
    const node = this.#graph.node(edge.reader);
    const losesToDeadLetters = node.policy === 'dead-letter';
    const reader: OperatorNode = losesToDeadLetters ? { ...node, policy: 'fail' } : node;
    const outlet = this.#exchange(edge);
    const { operation } = reader;
    const inputKey = keyOfInput(operation, edge.input);
    if (inputKey === undefined) return { kind: 'push', node: reader, outlet };
    const actorOfPartition = this.#context.actorOfPartition(edge);
    if ((operation.kind === 'aggregate' || operation.kind === 'window') && edge.preaggregate) {
      return preaggregateStep(reader, operation, inputKey, outlet, actorOfPartition);
    }
    const key = losesToDeadLetters ? forgivingKey(inputKey) : inputKey;
    return { kind: 'route', node: reader, key, outlet, actorOfPartition };
  }

  #exchange(edge: EdgePlan): ExchangeOutlet {
    const made = this.#exchanges.get(edge.id);
    if (made !== undefined) return made;
    const sender = this.#graph.node(edge.output.node);
    const outlet = new ExchangeOutlet({
      writers: this.#lanes.writers(edge),
      schema: declaredSchema(this.#graph, edge.output),
      broadcast: edge.kind === 'broadcast',
      timed: edge.timed,
      counters: this.#recorder,
      nowNs: this.#context.nowNs,
      refused: (error, record) => {
        if (edge.output.port === ERROR_PORT)
          return {
            instead: shortLetter(error, record as DeadLetter, () => this.#faults.place(error, sender, 'ERR_INTERNAL')),
          };
        this.#faults.handle(sender, error, record, () => undefined);
        return undefined;
      },
    });
    this.#exchanges.set(edge.id, outlet);
    return outlet;
  }
}

function distinctClocks(clocks: ReadonlyMap<Outlet, ReadonlySet<EventClock | undefined>>): EventClock[] {
  return [...new Set([...clocks.values()].flatMap((some) => [...some]))].filter((clock) => clock !== undefined);
}

function isFeed(outlet: Outlet | undefined): outlet is Outlet & Feed {
  return outlet !== undefined && 'refill' in outlet;
}
