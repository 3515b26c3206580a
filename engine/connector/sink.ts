// The contract between the engine and anything that records go to. Any thread; writers live on workers.
//
//   open -> write* -> prepare -> commit          all of the job succeeded: make the output visible
//                  \-> abort                     it did not: leave nothing that looks whole
//
// prepare() makes everything durable but not yet visible; commit() is called on every writer of the job only after every
// prepare() of every sink has succeeded. A thread can die between any two calls.

export interface WriterContext {
  /** Which of how many writers of this sink this is: part files are named after it. */
  readonly index: number;
  readonly count: number;
  readonly signal: AbortSignal;
}

export interface SinkWriter<T> {
  /**
   * Takes the batch whole, oldest record first. The array belongs to the engine and is used again after the call (or its promise) ends.
   * While a returned promise is pending no further batch is offered: that is the backpressure.
   */
  write(batch: readonly T[]): void | Promise<void>;
  /** Called when there is nothing more to write for now: a stream sink flushes its buffer here. */
  flush?(): void | Promise<void>;
  prepare?(): void | Promise<void>;
  commit?(): void | Promise<void>;
  abort?(): void | Promise<void>;
  /** Bytes written so far, for the metrics. */
  bytesWritten?(): number;
}

export interface Sink<T> {
  /** For people, plans and errors: `ndjson(out.ndjson)`. */
  readonly name: string;
  /** `1` when all records must pass through one writer (one file, stdout); absent: one writer on every worker. */
  readonly writers?: 1;
  open(context: WriterContext): SinkWriter<T> | Promise<SinkWriter<T>>;
}
