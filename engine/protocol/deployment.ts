// What the scheduler sends to a worker, and what it can ask of it. Plain data and SharedArrayBuffers: it crosses threads by
// structured clone. workers/ and scheduler/ meet here and in shared memory, nowhere else. Any thread.

import type { MessagePort } from 'node:worker_threads';
import type { Split } from '../connector/source.ts';
import type { ErrorRecord } from '../errors/millrace-error.ts';
import type { GivenParams } from '../flow/params.ts';
import type { Fingerprint } from '../graph/fingerprint.ts';
import type { PlanOptions } from '../plan/planner.ts';

export interface Deployment {
  readonly job: string;
  readonly params: GivenParams;
  readonly planOptions: PlanOptions;
  readonly fingerprint: Fingerprint;
  readonly worker: number;
  /** The job's zero of time, in `process.hrtime.bigint()`. */
  readonly epochNs: bigint;
  /** The same in ms since 1970, by the clock on the wall. */
  readonly startedAtMs: number;
  readonly control: SharedArrayBuffer;
  readonly metrics: SharedArrayBuffer;
  /** By edge, then by lane in the order of `lanesOf`. */
  readonly lanes: ReadonlyArray<readonly SharedArrayBuffer[]>;
  /** By operator: the splits of each source. */
  readonly splits: ReadonlyMap<number, readonly Split[]>;
  readonly idle: IdleOptions;
  /** Where state goes that memory does not hold; absent where it must all be in memory. */
  readonly disk?: DiskState;
}

export interface DiskState {
  /** Of this job alone, and deleted when it has ended. */
  readonly directory: string;
  /** Of state that each worker keeps in its heap. */
  readonly memoryBytes: number | undefined;
}

/** How a worker passes the time when nothing flows. */
export interface IdleOptions {
  /** Duty cycles without progress before the thread parks. */
  readonly spins: number;
  /** Never park: a core for latency. */
  readonly busySpin: boolean;
}

/** Errors cross as records: structured clone would drop their codes. */
export type Outcome = { readonly ok: true } | { readonly ok: false; readonly error: ErrorRecord };

/** The calls that a worker answers, in this order. Each worker gets each call once; commit or abort, not both. */
export interface WorkerControl {
  /** Waits for the job's import, compares its graph, opens sinks. */
  deploy(deployment: Deployment): Promise<Outcome>;
  /** Runs until all actors are done or one fails. */
  run(): Promise<Outcome>;
  /** Makes the output of sinks visible. */
  commit(): Promise<Outcome>;
  /** Throws the output of sinks away. */
  abort(): Promise<Outcome>;
  /** Lets the thread end. */
  release(): void;
}

/** What piscina hands to a new thread. Its deployment comes later, by a call: threads start while the job is still being planned. */
export interface WorkerTask {
  readonly port: MessagePort;
  /** URL of the job's module, so that the thread can import it meanwhile. */
  readonly module: string;
}
