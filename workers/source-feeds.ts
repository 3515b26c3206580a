// Builds the feed of a source: one split after the other, or with event time all splits of this actor side by side. On a worker.

import type { ReaderContext, Source } from '../engine/connector/source.ts';
import { MillraceError } from '../engine/errors/millrace-error.ts';
import type { OperatorNode } from '../engine/graph/operator-node.ts';
import type { StageRecorder } from '../engine/metrics/stage-recorder.ts';
import type { ChainHead } from '../engine/operators/chain-step.ts';
import type { Faults } from '../engine/operators/faults.ts';
import type { Feed } from '../engine/operators/outlet.ts';
import type { StagePlan } from '../engine/plan/physical-plan.ts';
import type { EventClock } from '../engine/time/event-clock.ts';
import { AlignedFeed } from './aligned-feed.ts';
import { GeneratorFeed, type IndexRange } from './generator-feed.ts';
import { SourceFeed, type SourceHost } from './source-feed.ts';
import type { WorkerContext } from './worker-context.ts';

export class SourceFeeds {
  readonly #stage: StagePlan;
  readonly #context: WorkerContext;
  readonly #recorder: StageRecorder;
  readonly #faults: Faults;
  readonly #beforeLetter: (node: OperatorNode) => void;

  /** @param beforeLetter called before a dead letter of a source whose batch is not there yet */
  constructor(
    stage: StagePlan,
    context: WorkerContext,
    recorder: StageRecorder,
    faults: Faults,
    beforeLetter: (node: OperatorNode) => void,
  ) {
    this.#stage = stage;
    this.#context = context;
    this.#recorder = recorder;
    this.#faults = faults;
    this.#beforeLetter = beforeLetter;
  }

  /** @param clocks that read event times in the chain behind the source; none where it has none */
  build(node: OperatorNode, clocks: readonly EventClock[]): { feed: Feed; head: ChainHead } {
    const { operation } = node;
    if (operation.kind !== 'source') throw new MillraceError('ERR_INTERNAL', `${node.name} is no source`);
    const splits = this.#context.splits(node.id);
    const { generator } = operation.source as { generator?: (index: number) => unknown };
    const isGenerator = typeof generator === 'function';
    const { context, host } = this.#sourceHost(node);
    const open = (ofHost: SourceHost, ofContext: { onWake: () => void }): Feed => {
      if (isGenerator) return new GeneratorFeed(splits as unknown as readonly IndexRange[], ofHost);
      const feed = new SourceFeed(operation.source, splits, ofHost);
      ofContext.onWake = () => feed.wake();
      return feed;
    };
    const feed = clocks.length === 0 ? open(host, context) : this.#alignedFeed(node, operation.source, clocks, open);
    this.#locateBy(feed);
    return { feed, head: isGenerator ? { kind: 'generator', generator, node } : { kind: 'batch' } };
  }

  /** The splits of this actor, each with a feed of its own. */
  #alignedFeed(
    node: OperatorNode,
    source: Source<unknown>,
    clocks: readonly EventClock[],
    open: (host: SourceHost, context: { onWake: () => void }) => Feed,
  ): AlignedFeed {
    const { placement } = this.#stage;
    const own = placement.indexOf(this.#context.worker);
    const splits = this.#context.splits(node.id);
    const doneOf = new Map<number, number>();
    const openers = splits.flatMap((_, split) => {
      if (split % placement.length !== own) return [];
      return [
        (): Feed => {
          const { host, context } = this.#sourceHost(node);
          let taken = false;
          const takeSplit = (): number => {
            if (taken) return splits.length;
            taken = true;
            return split;
          };
          const progress = (done: number): void => {
            doneOf.set(split, done);
            let sum = 0;
            for (const each of doneOf.values()) sum += each;
            host.progress(sum);
          };
          return open({ ...host, takeSplit, progress }, context);
        },
      ];
    });
    const { control, worker, nowNs, draining } = this.#context;
    const isAligned = clocks.some(({ alignMs }) => alignMs !== undefined);
    const alignment = isAligned ? control.alignment(this.#context.sourceIndex(node.id), worker, placement) : undefined;
    return new AlignedFeed(openers, { clocks, nowNs, draining, bounded: source.bounded, alignment });
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
        this.#beforeLetter(node);
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
    const isSource = (id: number): boolean => this.#context.graph.node(id).operation.kind === 'source';
    const isFedByLanes = this.#context.plan.edges.some((edge) => edge.to === this.#stage.id);
    if (isFedByLanes || this.#stage.nodes.filter(isSource).length > 1) return;
    this.#faults.near = () => {
      const last = feed.count === 0 ? undefined : feed.locate?.(feed.count - 1);
      return last === undefined ? undefined : `at or before ${last}`;
    };
  }
}
