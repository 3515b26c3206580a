// The contract between the engine and anything that records come from. Any thread; readers live on workers.
// Connectors use this contract and nothing else of the engine.
//
//   scheduler:  source.splits()  ->  [split, split, split, ...]         once, on the main thread
//   worker:     takes the next unread split  ->  source.open(split)  ->  reader
//               reader.read() until it says that the split is exhausted  ->  reader.close()
//
// A split is read by exactly one worker from its position to its end; together the splits hold every record exactly once,
// whatever their boundaries. Records of one split keep their order.

/** A piece of a source that one worker reads from start to end. Plain data: it crosses threads by structured clone. */
export interface Split {
  /** Unique within the source, and for people: `flights.csv[0..1048576)`. */
  readonly id: string;
  /** Bytes, rows or whatever the source counts its progress in; unknown when absent. */
  readonly size?: number;
}

/** Records, oldest first; `'done'` once the split is exhausted; `'idle'` when there is nothing to read now and `wake` will be called. */
export type ReadResult<T> = readonly T[] | 'idle' | 'done';

/** What a reader may ask of the worker that runs it. */
export interface ReaderContext {
  /** Ends an `'idle'`: call it, from any callback on this thread, when there is more to read. */
  readonly wake: () => void;
  /** Aborted when the job stops: release what would keep the thread alive. */
  readonly signal: AbortSignal;
  /**
   * Reports a piece of input that cannot be read as a record. By the policy of the stage it throws (and the reader lets the error
   * pass), or counts / dead-letters the piece and returns, so that the reader goes on behind it.
   */
  readonly malformed: (error: Error, raw: unknown) => void;
  /** Now, in milliseconds of the job's clock (virtual in tests). */
  readonly nowMs: () => number;
}

export interface SplitReader<T> {
  /**
   * Up to about `maxRecords` records in a new array. A source without waiting answers at once and never returns a promise: such a
   * reader costs no turn of the event loop. An empty array means "call me again".
   */
  read(maxRecords: number): ReadResult<T> | Promise<ReadResult<T>>;
  /** How far this split is read, in the unit of `Split.size`. */
  progress?(): number;
  /** Where record `index` of the last batch stands, for people: `flights.csv line 17, byte 1034`. Called only on errors. */
  locate?(index: number): string;
  /** When the oldest record of the last batch entered the job, in ms of `nowMs`, where that is not the time of reading. */
  intakeMs?(): number;
  close?(): void | Promise<void>;
}

export interface Source<T> {
  /** For people, plans and errors: `csv(flights.csv)`. */
  readonly name: string;
  /** True when it ends by itself. */
  readonly bounded: boolean;
  /** Lists the splits. Runs once, on the main thread, before any worker opens one. Errors here name the missing file. */
  splits(hint: SplitHint): readonly Split[] | Promise<readonly Split[]>;
  open(split: Split, context: ReaderContext): SplitReader<T> | Promise<SplitReader<T>>;
  /** Phantom: carries the record type. Never set. */
  readonly _record?: T;
}

export interface SplitHint {
  readonly workers: number;
}
