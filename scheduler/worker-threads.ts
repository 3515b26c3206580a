// The threads of one job: started by piscina, one endless task each, and called over Comlink. Main thread.
//
// They start before the job is planned, and import its module meanwhile: that takes them longer than planning takes the main thread.
//
// A call over Comlink never settles once its thread is dead. So each is raced with the end of the thread's task, which piscina
// reports whatever the cause: a throw, an unhandled rejection, process.exit, out of memory.

import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { type Remote, releaseProxy, wrap } from 'comlink';
import { Piscina } from 'piscina';
import { MillraceError, messageOf } from '../engine/errors/millrace-error.ts';
import type { Deployment, Outcome, WorkerControl, WorkerTask } from '../engine/protocol/deployment.ts';

type OnFailure = (error: MillraceError) => void;
type Call = 'run' | 'commit' | 'abort';

/** A thread that has been asked to end and does not is terminated after this long: user code may be in an endless loop. */
const CLOSE_MS = 1_000;

interface Thread {
  readonly worker: number;
  readonly port: MessagePort;
  readonly control: Remote<WorkerControl>;
  /** Rejects when the thread ends before it was released; never resolves before. */
  readonly died: Promise<never>;
  readonly task: Promise<void>;
  /** It has been asked for something, so it has to be let go of in peace. */
  deployed: boolean;
  released: boolean;
  /** Calls that it has not answered. */
  pending: number;
}

export class WorkerThreads {
  readonly #pool: Piscina;
  readonly #threads: readonly Thread[];

  /** @param module URL of the job's module */
  constructor(workers: number, module: string) {
    this.#pool = new Piscina({
      filename: new URL('../workers/main.js', import.meta.url).href,
      minThreads: workers,
      maxThreads: workers,
      concurrentTasksPerWorker: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
      recordTiming: false,
      // Piscina's own waiting on Atomics would freeze the event loop of a worker between calls.
      atomics: 'disabled',
      closeTimeout: CLOSE_MS,
    });
    // close() that runs out of time is followed by destroy(): nothing to report.
    this.#pool.on('error', () => {});
    this.#threads = Array.from({ length: workers }, (_, worker) => this.#start(worker, module));
  }

  /** Gives every worker its deployment, and waits for all of them. Each failure is told to `onFailure` at once. */
  async deploy(deploymentOf: (worker: number) => Deployment, onFailure: OnFailure): Promise<void> {
    await Promise.all(
      this.#threads.map((thread) => {
        thread.deployed = true;
        return this.#call(thread, () => thread.control.deploy(deploymentOf(thread.worker)), onFailure);
      }),
    );
  }

  /** Asks every worker for the same, likewise. */
  async callAll(call: Call, onFailure: OnFailure): Promise<void> {
    await Promise.all(this.#threads.map((thread) => this.#call(thread, () => thread.control[call](), onFailure)));
  }

  /** As callAll(), but does not wait for threads that owe the answer to a call before: they may be in an endless loop. */
  async callResponsive(call: Call, onFailure: OnFailure): Promise<void> {
    const callOne = (thread: Thread): Promise<void> => this.#call(thread, () => thread.control[call](), onFailure);
    const responsive = this.#threads.filter((thread) => thread.pending === 0);
    for (const thread of this.#threads) if (thread.pending > 0) void callOne(thread);
    await Promise.all(responsive.map(callOne));
  }

  /** Ends all threads: those that answer by themselves, the others by termination, as well as those that were never deployed. */
  async close(): Promise<void> {
    for (const thread of this.#threads) {
      thread.released = true;
      if (thread.deployed) thread.control.release().catch(() => {});
    }
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise((resolve) => {
      timer = setTimeout(resolve, CLOSE_MS);
    });
    const responsive = this.#threads.filter(({ deployed, pending }) => deployed && pending === 0);
    await Promise.race([Promise.allSettled(responsive.map(({ task }) => task)), patience]);
    clearTimeout(timer);
    for (const { control, port } of this.#threads) {
      control[releaseProxy]();
      port.close();
    }
    await this.#pool.destroy();
  }

  async #call(thread: Thread, call: () => Promise<Outcome>, onFailure: OnFailure): Promise<void> {
    thread.pending++;
    try {
      const outcome: Outcome = await Promise.race([call(), thread.died]);
      if (!outcome.ok) throw MillraceError.fromRecord(outcome.error);
    } catch (error) {
      onFailure(MillraceError.from(error, 'ERR_INTERNAL'));
    } finally {
      thread.pending--;
    }
  }

  #start(worker: number, module: string): Thread {
    const { port1, port2 } = new MessageChannel();
    // The reference to the proxy is kept for as long as calls are under way: a collected proxy hangs them.
    const control = wrap<WorkerControl>(port1 as unknown as Parameters<typeof wrap>[0]);
    port1.start();
    const given: WorkerTask = { port: port2, module };
    const task: Promise<void> = this.#pool.run(given, { transferList: [port2] });
    const thread: Thread = {
      worker,
      port: port1,
      control,
      task,
      deployed: false,
      released: false,
      pending: 0,
      died: task.then(
        () => this.#death(thread, 'it ended before its job did'),
        (error: unknown) => this.#death(thread, messageOf(error), error),
      ),
    };
    // Raced only while a call is under way; between calls nobody listens.
    thread.died.catch(() => {});
    return thread;
  }

  #death(thread: Thread, why: string, cause?: unknown): Promise<never> {
    if (thread.released) return new Promise(() => {});
    const rule = `a worker thread died: ${why}. Look for process.exit, an unhandled rejection or memory that ran out in the job`;
    return Promise.reject(new MillraceError('ERR_WORKER_DIED', rule, { cause, place: { worker: thread.worker } }));
  }
}
