// The end of a chain: records gather in a batch and go to a sink's writer. On the thread of the actor.
//
// While a writer's promise is pending nothing more is offered to it: that is its backpressure.

import type { SinkWriter } from '../connector/sink.ts';
import { MillraceError, messageOf } from '../errors/millrace-error.ts';
import type { OperatorNode } from '../graph/operator-node.ts';
import { LIMITS } from '../limits.ts';
import type { Faults } from './faults.ts';
import type { Outlet } from './outlet.ts';

export interface SinkCounters {
  recordsOut(count: number): void;
  bytesOut(bytes: number): void;
}

export class SinkOutlet implements Outlet {
  full = false;
  readonly holdup = 'async';
  readonly #writer: SinkWriter<unknown>;
  readonly #node: OperatorNode;
  readonly #faults: Faults;
  readonly #counters: SinkCounters;
  readonly #wake: () => void;
  /** Two arrays in turn: what a pending write holds, and what a fan-out still pushes meanwhile. */
  #batch: unknown[] = [];
  #spare: unknown[] = [];
  #pending = false;
  #error: { thrown: unknown } | undefined;
  #needsFlush = false;
  #prepared: 'no' | 'pending' | 'yes' = 'no';
  #bytesSeen = 0;
  /** What the writer has been given last. */
  #writing: unknown[] = [];
  // Made once: under small load there are a hundred thousand writes a second.
  readonly #give = (): void | Promise<void> => this.#writer.write(this.#writing);
  readonly #given = (): void => {
    this.#counters.recordsOut(this.#writing.length);
    this.#writing.length = 0;
    this.#spare = this.#writing;
    this.#countBytes();
    this.full = false;
  };

  constructor(
    writer: SinkWriter<unknown>,
    node: OperatorNode,
    faults: Faults,
    counters: SinkCounters,
    wake: () => void,
  ) {
    this.#writer = writer;
    this.#node = node;
    this.#faults = faults;
    this.#counters = counters;
    this.#wake = wake;
  }

  get pending(): boolean {
    return this.#pending;
  }

  push(record: unknown): void {
    this.#batch.push(record);
    if (!this.#pending && this.#batch.length >= LIMITS.frameRecords) this.#write();
  }

  intake(): void {}

  // A sink takes records as they come.
  advance(): void {}

  drain(): boolean {
    this.#raise();
    if (this.#pending) return false;
    if (this.#batch.length >= LIMITS.frameRecords) this.#write();
    this.full = this.#pending;
    return !this.full;
  }

  flush(): boolean {
    this.#raise();
    if (this.#pending) return false;
    if (this.#batch.length > 0) {
      this.#write();
      return true;
    }
    if (!this.#needsFlush) return false;
    this.#needsFlush = false;
    this.#call(
      () => this.#writer.flush?.(),
      () => {},
    );
    return false;
  }

  /** While the writer is busy records gather: a slow one is not given less at a time. */
  trickle(): void {
    this.#raise();
    if (!this.#pending && this.#batch.length > 0) this.#write();
  }

  end(): boolean {
    this.#raise();
    if (this.#pending) return false;
    if (this.#batch.length > 0) {
      this.#write();
      if (this.#pending) return false;
    }
    if (this.#prepared === 'no') {
      this.#prepared = 'pending';
      this.#call(
        () => this.#writer.prepare?.(),
        () => {
          this.#prepared = 'yes';
        },
      );
      this.#countBytes();
    }
    this.#raise();
    return this.#prepared === 'yes' && !this.#pending;
  }

  #write(): void {
    this.#writing = this.#batch;
    this.#batch = this.#spare;
    this.#needsFlush = this.#writer.flush !== undefined;
    this.#call(this.#give, this.#given);
  }

  /** Calls the writer; `done` runs at once, or when its promise resolves. */
  #call(action: () => void | Promise<void> | undefined, done: () => void): void {
    let result: void | Promise<void>;
    try {
      result = action();
    } catch (error) {
      throw this.#failure(error);
    }
    if (result === undefined) {
      done();
      return;
    }
    this.#pending = true;
    this.full = true;
    Promise.resolve(result).then(
      () => {
        this.#pending = false;
        done();
        this.#wake();
      },
      (error: unknown) => {
        this.#pending = false;
        this.#error = { thrown: error };
        this.#wake();
      },
    );
  }

  #raise(): void {
    if (this.#error !== undefined) throw this.#failure(this.#error.thrown);
  }

  #failure(thrown: unknown): MillraceError {
    const rule = `the sink failed: ${messageOf(thrown)}. Nothing of this run has been made visible in file sinks`;
    return thrown instanceof MillraceError
      ? this.#faults.place(thrown, this.#node, 'ERR_SINK')
      : this.#faults.place(new MillraceError('ERR_SINK', rule, { cause: thrown }), this.#node, 'ERR_SINK');
  }

  #countBytes(): void {
    const bytes = this.#writer.bytesWritten?.() ?? 0;
    if (bytes > this.#bytesSeen) {
      this.#counters.bytesOut(bytes - this.#bytesSeen);
      this.#bytesSeen = bytes;
    }
  }
}
