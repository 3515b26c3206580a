// One thread of a job: builds the job for itself, runs its actors, and answers the scheduler's calls (engine/protocol/deployment.ts).

import { setMaxListeners } from 'node:events';
import { MillraceError } from '../engine/errors/millrace-error.ts';
import type { Job } from '../engine/flow/job.ts';
import { loadJob } from '../engine/flow/load-job.ts';
import { fingerprint, firstDifference } from '../engine/graph/fingerprint.ts';
import type { Graph } from '../engine/graph/graph.ts';
import type { PhysicalPlan } from '../engine/plan/physical-plan.ts';
import { plan } from '../engine/plan/planner.ts';
import { ControlWords } from '../engine/protocol/control-words.ts';
import type { Deployment, Outcome, WorkerControl } from '../engine/protocol/deployment.ts';
import { RingCorruptError } from '../engine/queue/index.ts';
import { monotonicClock } from '../engine/time/clock.ts';
import type { Actor } from './actor.ts';
import { DutyCycle } from './duty-cycle.ts';
import { abortSinks, commitSinks, type OpenSink } from './open-sink.ts';
import { StepClock } from './step-clock.ts';
import { buildWorkerActors, closeActors } from './worker-actors.ts';

/** Kinds of operators that share the memory of a worker's state. */
const KEEPING_STATE: ReadonlySet<string> = new Set(['aggregate', 'window', 'stateful']);

export class Worker implements WorkerControl {
  readonly #job: Promise<Job>;
  readonly #released: () => void;
  readonly #abort = new AbortController();
  readonly #sinks: OpenSink[] = [];
  #deployment: Deployment | undefined;
  #actors: readonly Actor[] = [];
  #cycle: DutyCycle | undefined;

  /** Imports the job's module at once, while the scheduler still plans. */
  constructor(module: string, released: () => void) {
    this.#job = loadJob(module);
    // Told when the job is deployed.
    this.#job.catch(() => {});
    this.#released = released;
    // As many sources, sinks and calls as there are listen for the end of the job: no leak.
    setMaxListeners(0, this.#abort.signal);
  }

  deploy(deployment: Deployment): Promise<Outcome> {
    this.#deployment = deployment;
    return this.#outcome(async () => {
      const { params, fingerprint: expected, planOptions } = deployment;
      const graph = (await this.#job).graph(params);
      const difference = firstDifference(expected, fingerprint(graph));
      if (difference !== undefined) {
        throw new MillraceError(
          'ERR_JOB_DIFFERS',
          `the job builds another graph on another thread: ${difference}. ` +
            'The build function must depend on its parameters alone, not on clocks, random numbers or which thread it runs on',
        );
      }
      await this.#build(deployment, graph, plan(graph, planOptions));
    });
  }

  run(): Promise<Outcome> {
    return this.#outcome(async () => {
      try {
        await this.#cycle!.run();
      } catch (error) {
        this.#abort.abort(error);
        // The error that ended the run is the one to tell; what then fails to close is its consequence.
        await closeActors(this.#actors).catch(() => {});
        throw error;
      }
      await closeActors(this.#actors);
    });
  }

  commit(): Promise<Outcome> {
    return this.#outcome(() => commitSinks(this.#sinks));
  }

  abort(): Promise<Outcome> {
    return this.#outcome(async () => {
      this.#abort.abort(new MillraceError('ERR_ABORTED', 'the job was aborted'));
      await abortSinks(this.#sinks);
    });
  }

  release(): void {
    // After the answer has left, or the scheduler would wait for it.
    setImmediate(this.#released);
  }

  async #build(deployment: Deployment, graph: Graph, physical: PhysicalPlan): Promise<void> {
    const { worker, epochNs, startedAtMs, lanes, metrics, splits, idle, disk } = deployment;
    const control = ControlWords.over(deployment.control, splits.size);
    const monotonic = monotonicClock(epochNs);
    const clock = new StepClock(() => monotonic.nowNs());
    const { signal } = this.#abort;
    const wake = (): void => this.#cycle?.wake();
    const fired = (): void => this.#cycle?.fired();
    const memory = { control, metrics, lanes };
    const operators = graph.nodes.filter(({ operation }) => KEEPING_STATE.has(operation.kind)).length;
    // Loaded only where it is asked for: the package is optional.
    const coldState = disk && (await (await import('./lmdb-store.ts')).lmdbState(disk, worker, operators));
    this.#actors = await buildWorkerActors(
      { graph, plan: physical, worker, memory, splits, clock, startedAtMs, wake, fired, signal, coldState },
      this.#sinks,
    );
    this.#cycle = new DutyCycle(this.#actors, control, control.doorbell(worker), idle, clock);
  }

  async #outcome(action: () => Promise<void>): Promise<Outcome> {
    try {
      await action();
      return { ok: true };
    } catch (error) {
      const { job, worker } = this.#deployment!;
      const code = error instanceof RingCorruptError ? 'ERR_CORRUPT_FRAME' : 'ERR_INTERNAL';
      return { ok: false, error: MillraceError.from(error, code, undefined, { job, worker }).toRecord() };
    }
  }
}
