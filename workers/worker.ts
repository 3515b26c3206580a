// One thread of a job: builds the job for itself, runs its actors, and answers the scheduler's calls (engine/protocol/deployment.ts).

import { MillraceError, messageOf } from '../engine/errors/millrace-error.ts';
import { loadJob } from '../engine/flow/load-job.ts';
import { fingerprint, firstDifference } from '../engine/graph/fingerprint.ts';
import type { Graph } from '../engine/graph/graph.ts';
import { StageRecorder } from '../engine/metrics/stage-recorder.ts';
import { actorOfPartition } from '../engine/partition/partition-table.ts';
import type { PhysicalPlan } from '../engine/plan/physical-plan.ts';
import { plan } from '../engine/plan/planner.ts';
import { ControlWords, DRAIN } from '../engine/protocol/control-words.ts';
import type { Deployment, Outcome, WorkerControl } from '../engine/protocol/deployment.ts';
import { monotonicClock } from '../engine/time/clock.ts';
import type { Actor } from './actor.ts';
import { buildActor, type OpenSink } from './build-actor.ts';
import { DutyCycle } from './duty-cycle.ts';
import { LaneEnds } from '../engine/lane/lane-ends.ts';
import type { WorkerContext } from './worker-context.ts';

export class Worker implements WorkerControl {
  readonly #deployment: Deployment;
  readonly #released: () => void;
  readonly #abort = new AbortController();
  readonly #sinks: OpenSink[] = [];
  readonly #actors: Actor[] = [];
  #cycle: DutyCycle | undefined;

  constructor(deployment: Deployment, released: () => void) {
    this.#deployment = deployment;
    this.#released = released;
  }

  deploy(): Promise<Outcome> {
    return this.#outcome(async () => {
      const { module, params, fingerprint: expected, planOptions } = this.#deployment;
      const job = await loadJob(module);
      const graph = job.graph(params);
      const difference = firstDifference(expected, fingerprint(graph));
      if (difference !== undefined) {
        throw new MillraceError(
          'ERR_JOB_DIFFERS',
          `the job builds another graph on another thread: ${difference}. ` +
            'The build function must depend on its parameters alone, not on clocks, random numbers or which thread it runs on',
        );
      }
      await this.#build(graph, plan(graph, planOptions));
    });
  }

  run(): Promise<Outcome> {
    return this.#outcome(async () => {
      try {
        await this.#cycle!.run();
      } catch (error) {
        this.#abort.abort(error);
        throw error;
      } finally {
        for (const actor of this.#actors) await actor.close();
      }
    });
  }

  commit(): Promise<Outcome> {
    return this.#outcome(async () => {
      for (const { node, writer } of this.#sinks) {
        try {
          await writer.commit?.();
        } catch (error) {
          throw MillraceError.from(error, 'ERR_SINK', `making the output visible failed: ${messageOf(error)}`, {
            operator: node.name,
          });
        }
      }
    });
  }

  abort(): Promise<Outcome> {
    return this.#outcome(async () => {
      this.#abort.abort(new MillraceError('ERR_ABORTED', 'the job was aborted'));
      const failures: unknown[] = [];
      // Each sink is given its chance to clean up, whatever the others do.
      for (const { writer } of this.#sinks) await Promise.resolve(writer.abort?.()).catch((error) => failures.push(error));
      if (failures.length > 0) throw failures[0];
    });
  }

  release(): void {
    // After the answer has left, or the scheduler would wait for it.
    setImmediate(this.#released);
  }

  async #build(graph: Graph, physical: PhysicalPlan): Promise<void> {
    const { worker, epochNs, lanes, metrics, idle } = this.#deployment;
    const sources = graph.nodes.filter((node) => node.operation.kind === 'source').map((node) => node.id);
    const control = ControlWords.over(this.#deployment.control, sources.length);
    const clock = monotonicClock(epochNs);
    const context: WorkerContext = {
      graph,
      plan: physical,
      worker,
      control,
      nowNs: () => clock.nowNs(),
      wake: () => this.#cycle?.wake(),
      draining: () => control.command >= DRAIN,
      signal: this.#abort.signal,
      splits: (node) => this.#deployment.splits.get(node) ?? [],
      sourceIndex: (node) => sources.indexOf(node),
      actorOfPartition: (edge) => actorOfPartition(physical.stages[edge.to]!.placement.length),
    };
    const ends = new LaneEnds(physical, lanes, control, worker);
    for (const stage of physical.stages) {
      if (!stage.placement.includes(worker)) continue;
      const recorder = StageRecorder.over(metrics, stage.id, worker, physical.workers + 1);
      this.#actors.push(await buildActor(stage, context, ends, recorder, this.#sinks));
    }
    this.#cycle = new DutyCycle(this.#actors, control, control.doorbell(worker), idle, context.nowNs);
  }

  async #outcome(action: () => Promise<void>): Promise<Outcome> {
    try {
      await action();
      return { ok: true };
    } catch (error) {
      const place = { job: this.#deployment.job, worker: this.#deployment.worker };
      return { ok: false, error: MillraceError.from(error, 'ERR_INTERNAL', undefined, place).toRecord() };
    }
  }
}
