// One job from start to end. Main thread.
//
//   start threads
//   load job -> list splits -> plan -> allocate -> deploy -> run -> commit -> close threads -> report
//                                                    \______ any failure, stop, abort ______/
//                                                           raise ABORT, wait, abort sinks
//
// Threads take longer to come up than the main thread to plan, so they are started first, and thrown away when there is nothing to run.
// Output is made visible only after every actor on every worker is done: commit comes after all of run().

import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Float64Histogram } from 'hdr-histogram-js';
import type { Split } from '../engine/connector/source.ts';
import { MillraceError, messageOf } from '../engine/errors/millrace-error.ts';
import { loadJob, toUrl } from '../engine/flow/load-job.ts';
import { fingerprint } from '../engine/graph/fingerprint.ts';
import type { Graph } from '../engine/graph/graph.ts';
import { heldInMemoryNotice } from '../engine/graph/held-in-memory.ts';
import type { JobMetrics, JobOutcome, JobReport } from '../engine/metrics/job-metrics.ts';
import type { HistogramName } from '../engine/metrics/metrics-layout.ts';
import { listSplits } from '../engine/plan/list-splits.ts';
import type { PhysicalPlan } from '../engine/plan/physical-plan.ts';
import { type PlanOptions, plan } from '../engine/plan/planner.ts';
import { ABORT, type Command, type ControlWords, DRAIN } from '../engine/protocol/control-words.ts';
import type { Deployment } from '../engine/protocol/deployment.ts';
import { allocateJobMemory } from '../engine/protocol/job-memory.ts';
import { monotonicClock } from '../engine/time/clock.ts';
import { type Collector, collectorOf } from './collector.ts';
import type { JobHandle } from './job-handle.ts';
import { MetricsGatherer } from './metrics-gatherer.ts';
import { type CheckedOptions, checkOptions, type RunOptions } from './run-options.ts';
import { explainDeath, Watchdog } from './watchdog.ts';
import type { WorkerThreads } from './worker-threads.ts';

/** Duty cycles without progress before a worker parks: about 20 us, ten times a wake-up. More burns cores, fewer costs wake-ups. */
const SPINS = 200;

interface Prepared {
  readonly graph: Graph;
  readonly splits: ReadonlyMap<number, readonly Split[]>;
}

/** What a deployed job has in shared memory, and who watches it. */
interface Deployed {
  readonly plan: PhysicalPlan;
  readonly control: ControlWords;
  readonly gatherer: MetricsGatherer;
  readonly collector: Collector;
  readonly threads: WorkerThreads;
  readonly deploymentOf: (worker: number) => Deployment;
  readonly nowNs: () => number;
}

export class JobRun implements JobHandle {
  readonly completed: Promise<JobReport>;
  readonly #module: URL;
  readonly #options: CheckedOptions;
  readonly #startedAt = new Date();
  readonly #epochNs = process.hrtime.bigint();
  #stateFolder: string | undefined;
  #name: string;
  #deployed: Deployed | undefined;
  #wanted: Command | undefined;
  /** All actors are done, and output is becoming visible: too late to end early. */
  #committing = false;
  #failure: MillraceError | undefined;
  /** Resolves once the job is being torn down, whatever for. */
  readonly #torn: Promise<void>;
  #tear!: () => void;
  #last: JobMetrics | undefined;

  /** @throws MillraceError when options are invalid: before anything has started */
  constructor(module: URL | string, options: RunOptions) {
    this.#options = checkOptions(options);
    this.#module = toUrl(module);
    this.#name = this.#module.pathname.split('/').at(-1) ?? 'job';
    this.#torn = new Promise((resolve) => {
      this.#tear = resolve;
    });
    this.completed = this.#run();
  }

  metrics(): JobMetrics {
    return (
      this.#last ??
      this.#deployed?.gatherer.read() ?? {
        job: this.#name,
        uptimeMs: this.#uptimeMs(),
        workers: this.#options.workers,
        stages: [],
      }
    );
  }

  histogram(stage: string, latency: HistogramName): Float64Histogram | undefined {
    return this.#deployed?.gatherer.histogram(stage, latency);
  }

  async stop(options: { readonly drain?: boolean } = {}): Promise<void> {
    if (!this.#committing) this.#command(options.drain === false ? ABORT : DRAIN);
    // A failure is told by `completed`; who only stops need not handle it.
    await this.completed.catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop({ drain: false });
  }

  async #run(): Promise<JobReport> {
    const { signal } = this.#options;
    const onAbort = (): void => {
      const rule = `the job was aborted by its signal: ${messageOf(signal?.reason)}`;
      if (!this.#committing) this.#fail(new MillraceError('ERR_ABORTED', rule, { cause: signal?.reason }));
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      if (signal?.aborted) onAbort();
      return await this.#lifecycle();
    } catch (error) {
      throw MillraceError.from(error, 'ERR_INTERNAL', undefined, { job: this.#name });
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  async #lifecycle(): Promise<JobReport> {
    if (this.#failure !== undefined) throw this.#failure;
    const starting = this.#startThreads();
    starting.catch(() => {}); // Awaited below, and again at the end.
    let results: Record<string, unknown[]>;
    try {
      results = await this.#runOn(starting);
    } finally {
      await (await starting).close();
      if (this.#stateFolder !== undefined) await rm(this.#stateFolder, { recursive: true, force: true });
    }
    if (this.#failure !== undefined) throw this.#failure;
    return this.#report(results);
  }

  async #startThreads(): Promise<WorkerThreads> {
    // Loaded here and not at the top: jobs import the public surface on every worker, where nobody starts threads.
    const { WorkerThreads } = await import('./worker-threads.ts');
    return new WorkerThreads(this.#options.workers, this.#module.href);
  }

  /** What the job collected. What fails once workers are deployed is in #failure afterwards, what fails before is thrown. */
  async #runOn(starting: Promise<WorkerThreads>): Promise<Record<string, unknown[]>> {
    // A source may be long in listing its splits, or never come back: an abort does not wait for it.
    const prepared = await Promise.race([this.#prepare(), this.#torn]);
    // Stopped before anything ran: there is no output to throw away.
    if (!prepared || !this.#isGoingOn()) return {};
    const { workers, workersReason } = this.#options;
    const counted = `${workers} ${workers === 1 ? 'worker' : 'workers'}`;
    this.#options.onNotice({ kind: 'workers', message: `${counted} (${workersReason})` });
    const held = this.#options.stateDirectory === undefined ? undefined : heldInMemoryNotice(prepared.graph);
    if (held !== undefined) this.#options.onNotice({ kind: 'state', message: held });
    const deployed = await this.#allocate(prepared, starting);
    this.#deployed = deployed;
    if (this.#wanted !== undefined) this.#command(this.#wanted);
    try {
      await this.#execute(deployed);
    } finally {
      this.#last = deployed.gatherer.read();
    }
    return deployed.collector.results;
  }

  async #prepare(): Promise<Prepared> {
    const job = await loadJob(this.#module);
    this.#name = job.name;
    const graph = job.graph(this.#options.params);
    return { graph, splits: await listSplits(graph, this.#options.workers) };
  }

  /** From the first call to the workers to the last. What fails is in #failure afterwards. */
  async #execute({
    threads,
    deploymentOf,
    collector,
    control,
    gatherer,
    nowNs,
    plan: physical,
  }: Deployed): Promise<void> {
    const onFailure = (error: MillraceError): void => this.#fail(explainDeath(error, gatherer.stages));
    const watchdog = new Watchdog({
      stallTimeoutMs: this.#options.stallTimeoutMs,
      nowNs,
      stages: gatherer.stages,
      onWarning: (message) => this.#options.onNotice({ kind: 'stalled', message }),
      onStall: onFailure,
    });
    try {
      await this.#unlessStuck(threads.deploy(deploymentOf, onFailure));
      if (this.#isGoingOn()) {
        const collecting = collector.run().catch((error) => this.#fail(MillraceError.from(error, 'ERR_INTERNAL')));
        await this.#unlessStuck(threads.callAll('run', onFailure));
        // Lanes to the main thread have their ends in them by now, or the job is being torn down.
        if (!this.#isGoingOn()) collector.stop();
        await collecting;
      }
      if (this.#isGoingOn()) {
        this.#committing = true;
        await threads.callAll('commit', onFailure);
      }
      // A sink that cannot clean up is a consequence of what failed; its temporary file is all that it leaves.
      if (!this.#isGoingOn()) await this.#unlessStuck(threads.callResponsive('abort', () => {}));
    } finally {
      watchdog.stop();
      collector.stop();
      control.raise(ABORT);
      this.#ringAll(control, physical.workers);
    }
  }

  /** Waits for the calls; but once the job is torn down only so long: a thread in an endless loop never answers. */
  async #unlessStuck(calls: Promise<unknown>): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    let answered = false;
    const patience = this.#torn.then(
      () =>
        new Promise<void>((resolve) => {
          // Torn down only after the calls were answered: a timer would hold the process for nothing.
          if (answered) resolve();
          else timer = setTimeout(resolve, TEARDOWN_MS);
        }),
    );
    await Promise.race([calls, patience]);
    answered = true;
    clearTimeout(timer);
  }

  #isGoingOn(): boolean {
    return this.#failure === undefined && this.#wanted !== ABORT;
  }

  #fail(error: MillraceError): void {
    // The first failure is the cause; the others are its consequences, as is ERR_ABORTED on workers that were told to abort.
    if (this.#failure === undefined && !(this.#wanted === ABORT && error.code === 'ERR_ABORTED')) {
      this.#failure = error.at({ job: this.#name });
    }
    this.#command(ABORT);
  }

  #command(command: Command): void {
    this.#wanted = Math.max(this.#wanted ?? 0, command) as Command;
    const deployed = this.#deployed;
    if (deployed !== undefined) {
      deployed.control.raise(command);
      this.#ringAll(deployed.control, deployed.plan.workers);
    }
    if (command === ABORT) {
      this.#tear();
      deployed?.collector.stop();
    }
  }

  #ringAll(control: ControlWords, workers: number): void {
    for (let worker = 0; worker <= workers; worker++) control.doorbell(worker).ring();
  }

  async #allocate({ graph, splits }: Prepared, starting: Promise<WorkerThreads>): Promise<Deployed> {
    const { workers, laneBytes, preaggregate, params, idle, stateDirectory, stateMemoryBytes } = this.#options;
    if (stateDirectory !== undefined) this.#stateFolder = await makeStateFolder(stateDirectory);
    const planOptions: PlanOptions = { workers, preaggregate, ...(laneBytes === undefined ? {} : { laneBytes }) };
    const physical = plan(graph, planOptions);
    const memory = allocateJobMemory(physical, splits.size);
    const { control, metrics, lanes } = memory;
    const clock = monotonicClock(this.#epochNs);
    const nowNs = (): number => clock.nowNs();
    const shared = {
      job: graph.job,
      params,
      planOptions,
      fingerprint: fingerprint(graph),
      epochNs: this.#epochNs,
      startedAtMs: this.#startedAt.getTime(),
      control: control.buffer,
      metrics,
      lanes,
      splits,
      idle: { spins: SPINS, busySpin: idle === 'spin' },
      ...(this.#stateFolder === undefined
        ? {}
        : { disk: { directory: this.#stateFolder, memoryBytes: stateMemoryBytes } }),
    };
    return {
      plan: physical,
      control,
      nowNs,
      gatherer: new MetricsGatherer(graph, physical, metrics, lanes, nowNs),
      collector: collectorOf(graph, physical, memory, nowNs),
      threads: await starting,
      deploymentOf: (worker) => ({ ...shared, worker }),
    };
  }

  #report(results: Record<string, unknown[]>): JobReport {
    const outcome: JobOutcome = this.#wanted === ABORT ? 'aborted' : this.#wanted === DRAIN ? 'drained' : 'finished';
    return {
      ...this.metrics(),
      outcome,
      startedAt: this.#startedAt.toISOString(),
      durationMs: this.#uptimeMs(),
      node: process.version,
      cores: availableParallelism(),
      results,
    };
  }

  #uptimeMs(): number {
    return Date.now() - this.#startedAt.getTime();
  }
}

/** How long workers have to notice an abort before their threads are terminated. */
const TEARDOWN_MS = 2_000;

/** A folder of this job alone. */
async function makeStateFolder(parent: string): Promise<string> {
  try {
    await mkdir(parent, { recursive: true });
    return await mkdtemp(join(parent, 'millrace-'));
  } catch (error) {
    throw new MillraceError('ERR_OPTION_INVALID', `stateDirectory cannot be written to: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
