// The threads of one job: started by piscina, one endless task each, and called over Comlink. Main thread.
//
// A call over Comlink never settles once its thread is dead. So each is raced with the end of the thread's task, which piscina
// reports whatever the cause: a throw, an unhandled rejection, process.exit, out of memory.

import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { type Remote, releaseProxy, wrap } from 'comlink';
import { Piscina } from 'piscina';
import { MillraceError, messageOf } from '../engine/errors/millrace-error.ts';
import type { Deployment, Outcome, WorkerControl } from '../engine/protocol/deployment.ts';

type Call = 'deploy' | 'run' | 'commit' | 'abort';

/** A thread that has been asked to end and does not is terminated after this long: user code may be in an endless loop. */
const CLOSE_MS = 1_000;

interface Thread {
  readonly index: number;
  readonly port: MessagePort;
  readonly control: Remote<WorkerControl>;
  /** Rejects when the thread ends before it was released; never resolves before. */
  readonly died: Promise<never>;
  readonly task: Promise<void>;
  released: boolean;
  /** Calls that it has not answered. */
  pending: number;
}

export class WorkerThreads {
  readonly #pool: Piscina;
  readonly #threads: readonly Thread[];

  constructor(deployments: readonly Deployment[]) {
    this.#pool = new Piscina({
      filename: new URL('../workers/main.js', import.meta.url).href,
      minThreads: deployments.length,
      maxThreads: deployments.length,
      concurrentTasksPerWorker: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
      recordTiming: false,
      // Piscina's own waiting on Atomics would freeze the event loop of a worker between calls.
      atomics: 'disabled',
      closeTimeout: CLOSE_MS,
    });
    // close() that runs out of time is followed by destroy(): nothing to report.
    this.#pool.on('error', () => {});
    this.#threads = deployments.map((deployment) => this.#start(deployment));
  }

  /** Asks every worker for the same, and waits for all of them. Each failure is told to `onFailure` at once. */
  async callAll(call: Call, onFailure: (error: MillraceError) => void): Promise<void> {
    await Promise.all(this.#threads.map((thread) => this.#call(thread, call, onFailure)));
  }

  /** As callAll(), but does not wait for threads that owe the answer to a call before: they may be in an endless loop. */
  async callResponsive(call: Call, onFailure: (error: MillraceError) => void): Promise<void> {
    const responsive = this.#threads.filter((thread) => thread.pending === 0);
    for (const thread of this.#threads) if (thread.pending > 0) void this.#call(thread, call, onFailure);
    await Promise.all(responsive.map((thread) => this.#call(thread, call, onFailure)));
  }

  /** Ends all threads: those that answer by themselves, the others by termination. */
  async close(): Promise<void> {
    for (const thread of this.#threads) {
      thread.released = true;
      thread.control.release().catch(() => {});
    }
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise((resolve) => {
      timer = setTimeout(resolve, CLOSE_MS);
    });
    const responsive = this.#threads.filter(({ pending }) => pending === 0);
    await Promise.race([Promise.allSettled(responsive.map(({ task }) => task)), patience]);
    clearTimeout(timer);
    for (const { control, port } of this.#threads) {
      control[releaseProxy]();
      port.close();
    }
    await this.#pool.destroy();
  }

  async #call(thread: Thread, call: Call, onFailure: (error: MillraceError) => void): Promise<void> {
    thread.pending++;
    try {
      const outcome: Outcome = await Promise.race([thread.control[call](), thread.died]);
      if (!outcome.ok) throw MillraceError.fromRecord(outcome.error);
    } catch (error) {
      onFailure(MillraceError.from(error, 'ERR_INTERNAL'));
    } finally {
      thread.pending--;
    }
  }

  #start(deployment: Deployment): Thread {
    const { port1, port2 } = new MessageChannel();
    // The reference to the proxy is kept for as long as calls are under way: a collected proxy hangs them.
    const control = wrap<WorkerControl>(port1 as unknown as Parameters<typeof wrap>[0]);
    port1.start();
    const task: Promise<void> = this.#pool.run({ port: port2, deployment }, { transferList: [port2] });
    const thread: Thread = {
      index: deployment.worker,
      port: port1,
      control,
      task,
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
    return Promise.reject(new MillraceError('ERR_WORKER_DIED', rule, { cause, place: { worker: thread.index } }));
  }
}
