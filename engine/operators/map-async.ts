// One record in, one out, asynchronously. On the thread of the actor; calls run on its event loop.
//
//   push -> slot -> fn(record) ... settles -> (ordered: waits for the slots before it) -> batch -> the chain behind
//
// At most `concurrency` slots are taken, results that nobody has fetched included: that bounds memory and is the backpressure.

import { MillraceError, messageOf } from '../errors/millrace-error.ts';
import type { AsyncContext, AsyncOptions, OperatorNode } from '../graph/operator-node.ts';
import { NO_WATERMARK } from '../time/watermark.ts';
import type { Faults } from './faults.ts';
import type { Feed, Outlet, Refill } from './outlet.ts';

const DEFAULTS = {
  concurrency: 16,
  ordered: true,
  timeoutMs: 30_000,
  retries: 0,
  backoffMs: 100,
  maxBackoffMs: 10_000,
};

interface Slot {
  readonly record: unknown;
  readonly timeMs: number | undefined;
  /** How many records came before it. */
  readonly number: number;
  readonly intakeNs: number;
  readonly startedNs: number;
  state: 'pending' | 'done' | 'failed';
  result: unknown;
  error: unknown;
}

export interface AsyncHost {
  readonly nowNs: () => number;
  /** Ends the sleep of the worker: something has settled. */
  readonly wake: () => void;
  /** Aborted when the job is torn down. */
  readonly signal: AbortSignal;
  /** From the first try to the result, for the histogram of service. */
  readonly served: (durationNs: number) => void;
}

export class MapAsync implements Outlet, Feed {
  full = false;
  readonly holdup = 'async';
  readonly port = 0;
  records: unknown[] = [];
  readonly times: number[] = [];
  watermarkMs: number = NO_WATERMARK;
  cursor = 0;
  count = 0;
  intakeNs = 0;
  readonly #fn: (record: unknown, context: AsyncContext) => Promise<unknown>;
  readonly #node: OperatorNode;
  readonly #faults: Faults;
  readonly #host: AsyncHost;
  readonly #concurrency: number;
  readonly #ordered: boolean;
  readonly #timeoutMs: number;
  readonly #retries: number;
  readonly #backoffMs: number;
  readonly #maxBackoffMs: number;
  /** Ordered: in the order of the records. Unordered: pending ones here, settled ones in #settled. */
  readonly #slots = new Set<Slot>();
  #settled: Slot[] = [];
  /** What ends the tries and pauses under way when the job is torn down: one listener on its signal, not one for each call. */
  readonly #underWay = new Set<(reason: unknown) => void>();
  #ended = false;
  #incomingIntakeNs = 0;
  #pushed = 0;
  /** Watermarks that wait for the records before them: none passes a call under way. */
  readonly #waiting: { readonly watermarkMs: number; readonly pushedBefore: number }[] = [];

  constructor(
    fn: (record: unknown, context: AsyncContext) => Promise<unknown>,
    options: AsyncOptions,
    node: OperatorNode,
    faults: Faults,
    host: AsyncHost,
  ) {
    this.#fn = fn;
    this.#node = node;
    this.#faults = faults;
    this.#host = host;
    this.#concurrency = options.concurrency ?? DEFAULTS.concurrency;
    this.#ordered = options.ordered ?? DEFAULTS.ordered;
    this.#timeoutMs = options.timeoutMs ?? DEFAULTS.timeoutMs;
    this.#retries = options.retry?.retries ?? DEFAULTS.retries;
    this.#backoffMs = options.retry?.backoffMs ?? DEFAULTS.backoffMs;
    this.#maxBackoffMs = options.retry?.maxBackoffMs ?? DEFAULTS.maxBackoffMs;
    const { signal } = host;
    const endAll = (): void => {
      for (const end of this.#underWay) end(signal.reason);
    };
    signal.addEventListener('abort', endAll, { once: true });
  }

  push(record: unknown, timeMs?: number): void {
    const slot: Slot = {
      record,
      timeMs,
      number: this.#pushed++,
      intakeNs: this.#incomingIntakeNs,
      startedNs: this.#host.nowNs(),
      state: 'pending',
      result: undefined,
      error: undefined,
    };
    this.#slots.add(slot);
    this.#updateFull();
    this.#settle(slot);
  }

  intake(intakeNs: number): void {
    this.#incomingIntakeNs = intakeNs;
  }

  drain(): boolean {
    this.#updateFull();
    return !this.full;
  }

  flush(): boolean {
    return false;
  }

  end(): boolean {
    this.#ended = true;
    return true;
  }

  advance(watermarkMs: number): void {
    const last = this.#waiting.at(-1);
    // With nothing pushed in between, the later one says it all.
    if (last?.pushedBefore === this.#pushed) this.#waiting.pop();
    this.#waiting.push({ watermarkMs, pushedBefore: this.#pushed });
  }

  /** Passes on the watermarks before which no record is still held here. */
  #releaseWatermarks(): void {
    let oldest = this.#pushed;
    for (const { number } of this.#slots) if (number < oldest) oldest = number;
    for (const { number } of this.#settled) if (number < oldest) oldest = number;
    while (this.#waiting.length > 0 && this.#waiting[0]!.pushedBefore <= oldest) {
      this.watermarkMs = this.#waiting.shift()!.watermarkMs;
    }
  }

  refill(): Refill {
    const result = this.#fill();
    if (this.#waiting.length > 0) this.#releaseWatermarks();
    return result;
  }

  #fill(): Refill {
    this.records.length = 0;
    this.cursor = 0;
    let oldest = Number.POSITIVE_INFINITY;
    for (const slot of this.#takeSettled()) {
      if (slot.state === 'failed') {
        const code = slot.error instanceof MillraceError ? slot.error.code : 'ERR_OPERATOR';
        this.#faults.handle(this.#node, slot.error, slot.record, () => undefined, code);
        continue;
      }
      if (slot.timeMs !== undefined) this.times[this.records.length] = slot.timeMs;
      this.records.push(slot.result);
      oldest = Math.min(oldest, slot.intakeNs);
    }
    this.count = this.records.length;
    this.#updateFull();
    if (this.count > 0) {
      this.intakeNs = oldest;
      return 'made';
    }
    if (this.#slots.size > 0 || this.#settled.length > 0) return 'wait';
    return this.#ended ? 'done' : 'none';
  }

  *#takeSettled(): Generator<Slot> {
    if (this.#ordered) {
      for (const slot of this.#slots) {
        if (slot.state === 'pending') return;
        this.#slots.delete(slot);
        yield slot;
      }
      return;
    }
    const settled = this.#settled;
    this.#settled = [];
    yield* settled;
  }

  #updateFull(): void {
    this.full = this.#slots.size + this.#settled.length >= this.#concurrency;
  }

  async #settle(slot: Slot): Promise<void> {
    try {
      slot.result = await this.#tryAll(slot.record);
      slot.state = 'done';
    } catch (error) {
      slot.error = error;
      slot.state = 'failed';
    }
    this.#host.served(this.#host.nowNs() - slot.startedNs);
    if (!this.#ordered) {
      this.#slots.delete(slot);
      this.#settled.push(slot);
    }
    this.#host.wake();
  }

  async #tryAll(record: unknown): Promise<unknown> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#tryOnce(record, attempt);
      } catch (error) {
        if (attempt >= this.#retries || this.#host.signal.aborted) {
          if (attempt === 0 || !(error instanceof Error)) throw error;
          throw new MillraceError(
            error instanceof MillraceError ? error.code : 'ERR_OPERATOR',
            `failed ${attempt + 1} times, the last time with: ${messageOf(error)}`,
            { cause: error },
          );
        }
        // Doubling, half of it at random, so that callers that failed together do not come back together.
        const ceilingMs = Math.min(this.#maxBackoffMs, this.#backoffMs * 2 ** Math.min(attempt, 30));
        await this.#pause(ceilingMs / 2 + (Math.random() * ceilingMs) / 2);
      }
    }
  }

  #tryOnce(record: unknown, attempt: number): Promise<unknown> {
    const controller = new AbortController();
    return new Promise((resolve, reject) => {
      const settled = (): void => {
        clearTimeout(timer);
        this.#underWay.delete(giveUp);
      };
      const giveUp = (reason: unknown): void => {
        // Here as well as below: a call that was given up may never settle, and must not be held for ever.
        settled();
        reject(reason);
        controller.abort(reason);
      };
      const timer = setTimeout(() => {
        giveUp(
          new MillraceError(
            'ERR_OPERATOR_TIMEOUT',
            `the asynchronous operator did not settle within timeoutMs=${this.#timeoutMs}: raise it, or let the call give up sooner`,
          ),
        );
      }, this.#timeoutMs);
      this.#underWay.add(giveUp);
      if (this.#host.signal.aborted) giveUp(this.#host.signal.reason);
      Promise.resolve()
        .then(() => this.#fn(record, { signal: controller.signal, attempt }))
        .then(resolve, reject)
        .finally(settled);
    });
  }

  /** Ends early when the job is torn down. */
  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#underWay.delete(done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#underWay.add(done);
      if (this.#host.signal.aborted) done();
    });
  }
}
