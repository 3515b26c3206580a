// A whole job on one thread, step by step: the actors, lanes and metrics of a real run, without its threads and without its clock.
//
//   plan -> list splits -> allocate -> build the actors of every simulated worker and the collector
//        -> step them, in an order chosen by a seed, until all are done -> commit (or abort) sinks -> metrics
//
// When no actor can move, one of three things is true. An asynchronous call is under way: the event loop gets its turn. A source
// is idle: the clock moves by a tick and the source is asked again. Neither: the job is stuck for good, which is a fault of the
// engine, and said so. Virtual time passes only when nothing else can happen.
//
// Repeatable with its seed as long as the job's own code is: asynchronous calls come back when the event loop brings them.

import { setMaxListeners } from 'node:events';
import { MillraceError } from '../engine/errors/millrace-error.ts';
import type { Job } from '../engine/flow/job.ts';
import { fingerprint, firstDifference } from '../engine/graph/fingerprint.ts';
import type { Graph } from '../engine/graph/graph.ts';
import type { OperatorNode } from '../engine/graph/operator-node.ts';
import type { JobMetrics, JobOutcome } from '../engine/metrics/job-metrics.ts';
import type { Outlet } from '../engine/operators/outlet.ts';
import { describePlan, type PlanDescription } from '../engine/plan/describe-plan.ts';
import { listSplits } from '../engine/plan/list-splits.ts';
import type { PhysicalPlan } from '../engine/plan/physical-plan.ts';
import { plan } from '../engine/plan/planner.ts';
import { ABORT, DRAIN } from '../engine/protocol/control-words.ts';
import { allocateJobMemory, type JobMemory } from '../engine/protocol/job-memory.ts';
import type { ColdState } from '../engine/state/cold-store.ts';
import { type Collector, collectorOf } from '../scheduler/collector.ts';
import { MetricsGatherer } from '../scheduler/metrics-gatherer.ts';
import type { Actor } from '../workers/actor.ts';
import { abortSinks, commitSinks, type OpenSink } from '../workers/open-sink.ts';
import { StepClock } from '../workers/step-clock.ts';
import { buildWorkerActors, closeActors } from '../workers/worker-actors.ts';
import { Interleaving } from './interleaving.ts';
import { type CheckedSimulationOptions, checkSimulationOptions, type SimulationOptions } from './simulation-options.ts';

/** A job that ran to its end in a simulation. Times in its metrics are those of the virtual clock. */
export interface SimulationResult extends JobMetrics {
  readonly outcome: Exclude<JobOutcome, 'failed'>;
  /** What each `collect()` sink gathered, by the sink's name. */
  readonly results: Record<string, unknown[]>;
  /** Give it to simulate() to see the same interleaving again. */
  readonly seed: number;
  /** How many times an actor was stepped. */
  readonly steps: number;
  readonly plan: PlanDescription;
}

/**
 * Runs a job on this thread: the same actors, lanes and sinks as run() has on many threads, one step at a time, in an order that a
 * seed chooses, with a virtual clock. For tests: no threads to start, breakpoints work, and a failure comes back with its seed.
 *
 * @param job what the job's module exports by default
 * @throws MillraceError as run() rejects; its message names the seed
 * @example
 * import { simulate } from 'millrace/testing';
 * import delays from './delays.job.js';
 *
 * for (let seed = 0; seed < 100; seed++) {
 *   const { results } = await simulate(delays, { seed, workers: 3, params: { file: 'test/ten-flights.csv' } });
 *   assert.deepEqual(byKey(results.answer), [{ key: 'JFK', flights: 7 }, { key: 'SFO', flights: 3 }]);
 * }
 */
export function simulate(job: Job, options: SimulationOptions = {}): Promise<SimulationResult> {
  return simulateWith(job, options, {});
}

/** Where the tests of operators reach into a simulation. */
export interface SimulationHooks {
  readonly outletFor?: (node: OperatorNode) => Outlet | undefined;
  /** Where state goes that memory does not hold. */
  readonly coldState?: ColdState;
}

export async function simulateWith(
  job: Job,
  options: SimulationOptions,
  hooks: SimulationHooks,
): Promise<SimulationResult> {
  const checked = checkSimulationOptions(options);
  try {
    return await new Simulation(job, checked, hooks).run();
  } catch (error) {
    const failure = MillraceError.from(error, 'ERR_INTERNAL', undefined, { job: job.name });
    const rule = `${failure.rule} [to see it again: simulate with seed=${checked.seed}, workers=${checked.workers}]`;
    const told = new MillraceError(failure.code, rule, {
      place: failure.place,
      ...('cause' in failure ? { cause: failure.cause } : {}),
    });
    if (failure.stack !== undefined) told.stack = failure.stack.replace(failure.message, told.message);
    throw told;
  }
}

/** Turns without progress after which the event loop is given real time instead of mere turns: timers need it. */
const TURNS_BEFORE_PAUSE = 32;
/** Rounds of steps in which nobody moved, after which nobody ever will. An outlet of a test may reject two offers in a row, one of each kind. */
const FRUITLESS_ROUNDS = 4;
/** Steps between two turns of the event loop: on average while calls are under way, at least in any case. */
const YIELD_WAITING_STEPS = 16;
const YIELD_ALWAYS_STEPS = 4096;

type Step = () => 'made' | 'stuck' | 'done';

class Simulation {
  readonly #job: Job;
  readonly #options: CheckedSimulationOptions;
  readonly #hooks: SimulationHooks;
  readonly #graph: Graph;
  readonly #plan: PhysicalPlan;
  readonly #abort = new AbortController();
  readonly #sinks: OpenSink[] = [];
  readonly #actors: Actor[] = [];
  readonly #steppers: Step[] = [];
  #memory!: JobMemory;
  #collector!: Collector;
  #interleaving!: Interleaving;
  #steps = 0;
  #woken = false;
  #outcome: Exclude<JobOutcome, 'failed'> = 'finished';

  constructor(job: Job, options: CheckedSimulationOptions, hooks: SimulationHooks) {
    const { params, workers, laneBytes, preaggregate } = options;
    this.#job = job;
    this.#options = options;
    this.#hooks = hooks;
    this.#graph = job.graph(params);
    this.#plan = plan(this.#graph, { workers, laneBytes, preaggregate });
    setMaxListeners(0, this.#abort.signal);
  }

  async run(): Promise<SimulationResult> {
    try {
      await this.#deploy();
      await this.#stepAll();
      await closeActors(this.#actors);
      await (this.#outcome === 'aborted' ? this.#throwAway() : commitSinks(this.#sinks));
    } catch (error) {
      this.#memory?.control.raise(ABORT);
      this.#abort.abort(error);
      // The first failure is the cause; what fails while cleaning up is its consequence.
      await closeActors(this.#actors).catch(() => {});
      await abortSinks(this.#sinks).catch(() => {});
      throw error;
    }
    const { metrics, lanes } = this.#memory;
    const { seed } = this.#options;
    return {
      ...new MetricsGatherer(this.#graph, this.#plan, metrics, lanes, this.#nowNs).read(),
      outcome: this.#outcome,
      results: this.#collector.results,
      seed,
      steps: this.#steps,
      plan: describePlan(this.#graph, this.#plan),
    };
  }

  readonly #nowNs = (): number => this.#options.clock.nowNs();
  readonly #stepClock = new StepClock(this.#nowNs);

  /** As on threads, each worker builds the job for itself, and gets its splits as a message would bring them. */
  async #deploy(): Promise<void> {
    const { params, workers, seed } = this.#options;
    const splits = await listSplits(this.#graph, workers);
    const memory = allocateJobMemory(this.#plan, splits.size);
    this.#memory = memory;
    this.#collector = collectorOf(this.#graph, this.#plan, memory, this.#nowNs);
    const expected = fingerprint(this.#graph);
    for (let worker = 0; worker < workers; worker++) {
      const graph = this.#job.graph(params);
      const difference = firstDifference(expected, fingerprint(graph));
      if (difference !== undefined) {
        throw new MillraceError('ERR_JOB_DIFFERS', `the job builds another graph each time it is built: ${difference}`);
      }
      const { outletFor, coldState } = this.#hooks;
      const wiring = {
        graph,
        plan: this.#plan,
        worker,
        memory,
        splits: structuredClone(splits),
        clock: this.#stepClock,
        // The virtual clock is the clock on the wall as well.
        startedAtMs: 0,
        wake: () => {
          this.#woken = true;
        },
        fired: () => undefined,
        signal: this.#abort.signal,
        coldState,
        ...(outletFor === undefined ? {} : { outletFor }),
      };
      for (const actor of await buildWorkerActors(wiring, this.#sinks)) this.#add(actor, worker);
    }
    this.#steppers.push(() => {
      const progress = this.#collector.step();
      return progress === 'none' ? 'stuck' : progress;
    });
    this.#interleaving = new Interleaving(seed, this.#steppers.length);
  }

  #add(actor: Actor, worker: number): void {
    this.#actors.push(actor);
    this.#steppers.push(() => {
      try {
        this.#stepClock.read();
        const progress = actor.step();
        return progress === 'made' || progress === 'done' ? progress : 'stuck';
      } catch (error) {
        throw MillraceError.from(error, 'ERR_INTERNAL', undefined, { worker });
      }
    });
  }

  async #stepAll(): Promise<void> {
    const { maxSteps } = this.#options;
    let open = this.#steppers.map((_, index) => index);
    /** Those of `open` that may be able to move. */
    let lively = open;
    let sleeps = 0;
    while (open.length > 0) {
      if (lively.length === 0) {
        await this.#sleep(sleeps++);
        lively = open;
      }
      if (this.#isStopped()) return;
      if (this.#steps++ >= maxSteps) {
        throw new MillraceError(
          'ERR_STAGE_STALLED',
          `a simulation must end within maxSteps: maxSteps=${maxSteps}. ${this.#openStages()}`,
        );
      }
      const chosen = this.#interleaving.choose(lively);
      const progress = this.#steppers[chosen]!();
      if (progress === 'stuck') lively = lively.filter((index) => index !== chosen);
      else {
        if (progress === 'done') open = open.filter((index) => index !== chosen);
        // What moved may have given the others frames or room.
        lively = open;
        sleeps = 0;
      }
      if (
        this.#steps % YIELD_ALWAYS_STEPS === 0 ||
        (this.#isCallUnderWay() && this.#interleaving.oneIn(YIELD_WAITING_STEPS))
      ) {
        await turnOfEventLoop();
      }
    }
  }

  /** True when the job was told to end at once. A drain goes on until everything is done. */
  #isStopped(): boolean {
    const { stop } = this.#options;
    if (stop === undefined || this.#steps < stop.afterSteps || this.#outcome !== 'finished') return false;
    this.#outcome = stop.drain ? 'drained' : 'aborted';
    this.#memory.control.raise(stop.drain ? DRAIN : ABORT);
    return !stop.drain;
  }

  async #throwAway(): Promise<void> {
    this.#abort.abort(new MillraceError('ERR_ABORTED', 'the job was aborted'));
    await abortSinks(this.#sinks);
  }

  #sleepSince = 0;

  /** Nothing moved: what it takes for something to move. */
  async #sleep(sleeps: number): Promise<void> {
    if (sleeps === 0) this.#sleepSince = performance.now();
    this.#woken = false;
    const isCalling = this.#isCallUnderWay();
    await (isCalling && sleeps > TURNS_BEFORE_PAUSE
      ? new Promise((resolve) => setTimeout(resolve, 1))
      : turnOfEventLoop());
    // The second look: what was rejected once may be accepted now, and a call may just have come back.
    if (this.#woken || sleeps === 0) return;
    const { patienceMs, clock, tickNs } = this.#options;
    if (performance.now() - this.#sleepSince > patienceMs) {
      const rule = `something must move at least every patienceMs=${patienceMs} of real time`;
      throw new MillraceError(
        'ERR_STAGE_STALLED',
        `${rule}: a call or a source did not come back. ${this.#openStages()}`,
      );
    }
    if (isCalling) return;
    const asleep = this.#actors.filter((actor) => actor.sleeps);
    if (asleep.length === 0) {
      if (sleeps < FRUITLESS_ROUNDS) return;
      throw new MillraceError(
        'ERR_INTERNAL',
        `the job is stuck: no actor can move, and none waits. ${this.#openStages()}`,
      );
    }
    clock.advance(tickNs);
    for (const actor of asleep) actor.wakeSources();
  }

  #isCallUnderWay(): boolean {
    return this.#actors.some((actor) => actor.waits && !actor.sleeps);
  }

  #openStages(): string {
    const open = this.#actors.filter((actor) => !actor.done).map((actor) => actor.stage);
    return `Not done: ${[...new Set(open)].join(', ') || 'the collector'}`;
  }
}

function turnOfEventLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
