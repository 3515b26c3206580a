// Where the records of a chain go. On the thread of the actor.
//
//   push* until full  ->  drain() until it says true  ->  push* ...  ->  end() until it says true
//
// `full` is looked at after each record of the chain, not before each push: one record may push several times (a fan-out), so an
// outlet takes a few more than it asked for. Everything it holds is bounded by its batch plus that fan-out.

/** Why an outlet holds its actor up: a full lane is backpressure, an asynchronous call under way is work. */
export type Holdup = 'lane' | 'async';

export interface Outlet {
  /** The chain must stop after this record and come back when drain() says true. */
  full: boolean;
  /** `timeMs` is the record's event time, where its stream has one. */
  push(record: unknown, timeMs?: number): void;
  /** Makes room. False as long as there is none. */
  drain(): boolean;
  readonly holdup: Holdup;
  /** Sends what is staged, for there is nothing more to read now. True when it sent anything. */
  flush(): boolean;
  /**
   * Sends what is staged where it will be taken at once: what could be read has been, but more comes so soon that flush() might wait
   * for long. Absent where nothing is staged.
   */
  trickle?(): void;
  /** There will be no more records from `input`. Called again until it says true: all is handed on. */
  end(input: number): boolean;
  /** Another chain will push here. Returns its number among the inputs; only outlets that tell them apart have this. */
  addInput?(): number;
  /** `input` promises that none of its records before this event time follow (engine/time/watermark.ts). */
  advance(watermarkMs: number, input: number): void;
  /** Is called before a batch, with the intake of its oldest record. */
  intake(intakeNs: number): void;
}

/** Where records of an actor come from, batch by batch: records[cursor..count) are yet to be processed. */
export interface Feed {
  records: readonly unknown[];
  cursor: number;
  count: number;
  /** Which chain takes the batch: records or partial results (lane-frame-layout.ts). */
  readonly port: number;
  /** How many senders it reads in turn. */
  readonly lanes?: number;
  /** What comes of the batch need not wait for more: it was all there was to read when it was read, or it is the first of many. Absent: not known. */
  readonly caughtUp?: boolean;
  /** When the oldest record of the batch entered the job. */
  readonly intakeNs: number;
  /** The event time of each record of the batch, where the stream has one. */
  readonly times?: readonly number[];
  /** What the feed promises of the records behind the batch, once that is processed; read after each batch and each refill. */
  readonly watermarkMs?: number;
  /** When refill() may have something by the job's clock alone, in ns; absent or Infinity for never. */
  readonly dueNs?: number;
  /** Fetches the next batch; called only when the last one is used up. */
  refill(): Refill;
  /** Where record `index` of the batch stands in its source, if that is known. */
  locate?(index: number): string | undefined;
  /** Ends an 'asleep': the source can be asked again. */
  wake?(): void;
  /** Gives back what must not outlive the actor. */
  close?(): void | Promise<void>;
}

/**
 * `empty`: this read brought no record, the next one may (input that is malformed all along); ask again after the others' turn.
 * Nothing now, but a callback on this thread will bring some: `asleep` when that is up to the outside world (an idle source),
 * `wait` when a call of this stage's own is under way, which is its work.
 */
export type Refill = 'made' | 'empty' | 'none' | 'asleep' | 'wait' | 'done';
