// One record in, any number out, drawn lazily. On the thread of the actor.
//
// Holds at most one open iterator and one batch of what it yielded: a record that yields ten million fills no memory, and one
// that never ends is held up by backpressure like any other.

import type { OperatorNode } from '../graph/operator-node.ts';
import { LIMITS } from '../limits.ts';
import { NO_WATERMARK } from '../time/watermark.ts';
import { BatchQueue } from './batch-queue.ts';
import type { Faults } from './faults.ts';
import type { Feed, Outlet, Refill } from './outlet.ts';

export class FlatMap implements Outlet, Feed {
  readonly holdup = 'lane';
  readonly port = 0;
  readonly records: unknown[] = new Array(LIMITS.frameRecords).fill(undefined);
  readonly times: number[] = [];
  watermarkMs: number = NO_WATERMARK;
  cursor = 0;
  count = 0;
  readonly #input: BatchQueue = new BatchQueue();
  readonly #fn: (record: unknown) => Iterable<unknown>;
  readonly #node: OperatorNode;
  readonly #faults: Faults;
  #iterator: Iterator<unknown> | undefined;
  #current: unknown;
  /** Of the record that is drawn from: what it yields has its time. */
  #currentMs: number | undefined;

  constructor(fn: (record: unknown) => Iterable<unknown>, node: OperatorNode, faults: Faults) {
    this.#fn = fn;
    this.#node = node;
    this.#input.addInput();
    this.#faults = faults;
  }

  get full(): boolean {
    return this.#input.full;
  }
  get intakeNs(): number {
    return this.#input.intakeNs;
  }
  push(record: unknown, timeMs?: number): void {
    this.#input.push(record, timeMs);
  }
  intake(intakeNs: number): void {
    this.#input.intake(intakeNs);
  }
  drain(): boolean {
    return this.#input.drain();
  }
  flush(): boolean {
    return false;
  }
  end(): boolean {
    return this.#input.end(0);
  }
  advance(watermarkMs: number): void {
    this.#input.advance(watermarkMs, 0);
  }

  refill(): Refill {
    const result = this.#fill();
    // The input's watermark holds behind the last record that it came with.
    if (this.#iterator === undefined && this.#input.cursor === this.#input.count) {
      this.watermarkMs = this.#input.watermarkMs;
    }
    return result;
  }

  #fill(): Refill {
    this.cursor = 0;
    this.count = 0;
    while (this.count < this.records.length) {
      if (this.#iterator === undefined) {
        const next = this.#openNext();
        if (next !== 'made') return this.count > 0 ? 'made' : next;
        if (this.#iterator === undefined) continue;
      }
      this.#draw(this.#iterator);
    }
    return 'made';
  }

  close(): void {
    const iterator = this.#iterator;
    this.#iterator = undefined;
    // A generator's finally block is user code as well.
    iterator?.return?.();
  }

  #openNext(): Refill {
    const input = this.#input;
    if (input.cursor === input.count) {
      const result = input.refill();
      if (result !== 'made') return result;
    }
    this.#currentMs = input.times[input.cursor];
    this.#current = input.records[input.cursor++];
    try {
      const made: Iterable<unknown> = this.#fn(this.#current);
      if (made === null || made === undefined || typeof made[Symbol.iterator] !== 'function') {
        throw new TypeError(`flatMap must return an iterable (an array, a generator): got ${describe(made)}`);
      }
      this.#iterator = made[Symbol.iterator]();
    } catch (error) {
      this.#faults.handle(this.#node, error, this.#current, () => undefined);
    }
    return 'made';
  }

  #draw(iterator: Iterator<unknown>): void {
    try {
      while (this.count < this.records.length) {
        const step = iterator.next();
        if (step.done === true) {
          this.#iterator = undefined;
          return;
        }
        if (this.#currentMs !== undefined) this.times[this.count] = this.#currentMs;
        this.records[this.count++] = step.value;
      }
    } catch (error) {
      // An iterator that threw is over. What it yielded before stays: each of these was a record.
      this.#iterator = undefined;
      this.#faults.handle(this.#node, error, this.#current, () => undefined);
    }
  }
}

function describe(value: unknown): string {
  return value instanceof Promise ? 'a Promise; use mapAsync for asynchronous work' : typeof value;
}
