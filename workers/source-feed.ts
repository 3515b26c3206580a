// A source as its actor sees it: takes the next split that nobody has, reads it to its end, takes another.
//
// A reader that answers at once is called in the duty cycle; one that answers with a promise, or is idle, lets the worker sleep until it
// calls back. When the job drains, reading ends where it is: records of a read under way are still taken.

import type { ReaderContext, ReadResult, Source, Split, SplitReader } from '../engine/connector/source.ts';
import { MillraceError, messageOf } from '../engine/errors/millrace-error.ts';
import { LIMITS } from '../engine/limits.ts';
import type { Feed, Refill } from '../engine/operators/outlet.ts';

export interface SourceHost {
  readonly nowNs: () => number;
  readonly context: ReaderContext;
  /** Index of the next split, given out once over all workers. */
  readonly takeSplit: () => number;
  readonly draining: () => boolean;
  readonly read: (records: number) => void;
  readonly progress: (done: number) => void;
  /** The error with all that is known of its place. */
  readonly place: (error: MillraceError) => MillraceError;
}

/** How long a drain waits for a read under way: a source that waits for the outside world may never answer. */
const DRAIN_GRACE_MS = 250;
/** How long the end of a job waits for readers to close: a close that never answers must not hold it. */
const CLOSE_GRACE_MS = 1_000;

/** What an open or a read came to. */
interface Arrival {
  readonly reader?: SplitReader<unknown>;
  readonly result?: ReadResult<unknown>;
  readonly error?: unknown;
}

export class SourceFeed implements Feed {
  records: readonly unknown[] = [];
  cursor = 0;
  count = 0;
  readonly port = 0;
  caughtUp = false;
  intakeNs = 0;
  readonly #source: Source<unknown>;
  readonly #splits: readonly Split[];
  readonly #host: SourceHost;
  #split: Split | undefined;
  #reader: SplitReader<unknown> | undefined;
  #pending = false;
  #idle = false;
  /** Since the last read began: the 'idle' that it answers is out of date. */
  #woken = false;
  #arrived: Arrival | undefined;
  /** Of readers whose close() has not settled yet. */
  readonly #closings = new Set<Promise<void>>();
  #doneBefore = 0;
  #drainSince: number | undefined;
  #over = false;

  constructor(source: Source<unknown>, splits: readonly Split[], host: SourceHost) {
    this.#source = source;
    this.#splits = splits;
    this.#host = host;
  }

  /** What a reader calls when it has more to read after 'idle'. */
  wake(): void {
    this.#idle = false;
    this.#woken = true;
  }

  refill(): Refill {
    if (this.#over) return 'done';
    if (this.#host.draining()) return this.#drain();
    return this.#advance();
  }

  #advance(): Refill {
    for (;;) {
      if (this.#idle) return 'asleep';
      // What a bounded source computes and reads between two answers is this stage's work; one without an end waits for the world.
      if (this.#pending) return this.#source.bounded ? 'wait' : 'asleep';
      const arrived = this.#arrived;
      if (arrived !== undefined) {
        this.#arrived = undefined;
        if ('error' in arrived) throw this.#failure(arrived.error);
        if (arrived.reader !== undefined) this.#reader = arrived.reader;
        else if (arrived.result !== undefined) {
          const refill = this.#accept(arrived.result);
          if (refill !== undefined) return refill;
        }
        continue;
      }
      if (this.#reader === undefined) {
        if (!this.#openNext()) return this.#finish();
        continue;
      }
      const refill = this.#read(this.#reader);
      if (refill !== undefined) return refill;
    }
  }

  locate(index: number): string | undefined {
    return this.#reader?.locate?.(index) ?? this.#split?.id;
  }

  /** Readers that were closed earlier get a while to finish that, or the end of the thread would cut them off. */
  async close(): Promise<void> {
    await this.#takeReader()?.close?.();
    if (this.#closings.size === 0) return;
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, CLOSE_GRACE_MS);
    });
    await Promise.race([Promise.all(this.#closings), patience]);
    clearTimeout(timer);
  }

  #openNext(): boolean {
    const split = this.#splits[this.#host.takeSplit()];
    if (split === undefined) return false;
    this.#split = split;
    let opened: SplitReader<unknown> | Promise<SplitReader<unknown>>;
    try {
      opened = this.#source.open(split, this.#host.context);
    } catch (error) {
      throw this.#failure(error);
    }
    if (opened instanceof Promise) this.#await(opened.then((reader) => ({ reader })));
    else this.#reader = opened;
    return true;
  }

  /** Makes nothing of its own: a source that is asked by the clock is asked a million times a second. */
  #read(reader: SplitReader<unknown>): Refill | undefined {
    this.#woken = false;
    let result: ReadResult<unknown> | Promise<ReadResult<unknown>>;
    try {
      result = reader.read(LIMITS.frameRecords);
    } catch (error) {
      throw this.#failure(error);
    }
    if (!(result instanceof Promise)) return this.#accept(result);
    this.#await(result.then((settled) => ({ result: settled })));
    return undefined;
  }

  #await(arriving: Promise<Arrival>): void {
    this.#pending = true;
    arriving.then(
      (arrived) => this.#settled(arrived),
      (error: unknown) => this.#settled({ error }),
    );
  }

  #settled(arrived: Arrival): void {
    this.#pending = false;
    // Too late: the job has drained meanwhile. A reader that only now opened is closed again.
    if (this.#over) this.#closeQuietly(arrived.reader);
    else this.#arrived = arrived;
    const woken = this.#woken;
    this.#host.context.wake();
    // That woke the worker. Whether the source has more to read than this answer says, only the source tells.
    this.#woken = woken;
  }

  #accept(result: ReadResult<unknown>): Refill | undefined {
    if (result === 'idle') {
      if (this.#woken) return 'none';
      this.#idle = true;
      return 'asleep';
    }
    const reader = this.#reader;
    if (result === 'done') {
      this.#doneBefore += this.#split?.size ?? 0;
      this.#host.progress(this.#doneBefore);
      this.#reader = undefined;
      this.#closeQuietly(reader);
      return undefined;
    }
    if (result.length === 0) {
      this.#host.progress(this.#doneBefore + (reader?.progress?.() ?? 0));
      return 'empty';
    }
    const intakeMs = reader?.intakeMs?.();
    this.intakeNs = intakeMs === undefined ? this.#host.nowNs() : intakeMs * 1e6;
    this.records = result;
    this.cursor = 0;
    this.count = result.length;
    this.caughtUp = result.length < LIMITS.frameRecords;
    this.#host.read(result.length);
    this.#host.progress(this.#doneBefore + (reader?.progress?.() ?? 0));
    return 'made';
  }

  #drain(): Refill {
    this.#drainSince ??= this.#host.nowNs();
    const arrived = this.#arrived;
    if (arrived !== undefined && arrived.reader === undefined) return this.#advance();
    if (this.#pending && this.#host.nowNs() - this.#drainSince < DRAIN_GRACE_MS * 1e6) return 'asleep';
    return this.#finish();
  }

  #finish(): Refill {
    this.#closeQuietly(this.#takeReader());
    return 'done';
  }

  /** Ends reading; returns the reader to be closed, which may have opened without having been read. */
  #takeReader(): SplitReader<unknown> | undefined {
    const reader = this.#reader ?? this.#arrived?.reader;
    this.#reader = undefined;
    this.#arrived = undefined;
    this.#over = true;
    return reader;
  }

  /** The records are read; a reader that fails to close has nothing to take back. It is still said. */
  #closeQuietly(reader: SplitReader<unknown> | undefined): void {
    const name = this.#source.name;
    const warn = (error: unknown): void =>
      process.emitWarning(`closing ${name} failed: ${messageOf(error)}`, 'MillraceWarning');
    try {
      const closed = reader?.close?.();
      if (closed === undefined) return;
      const closing: Promise<void> = Promise.resolve(closed)
        .catch(warn)
        .finally(() => this.#closings.delete(closing));
      this.#closings.add(closing);
    } catch (error) {
      warn(error);
    }
  }

  #failure(thrown: unknown): MillraceError {
    const place = this.#split === undefined ? {} : { position: this.#split.id };
    const rule = `the source ${this.#source.name} failed: ${messageOf(thrown)}`;
    return this.#host.place(MillraceError.from(thrown, 'ERR_SOURCE', rule, place));
  }
}
