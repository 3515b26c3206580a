// A reader over anything that is asked for one record at a time and answers with a promise: async iterators, Node streams, web
// streams. Runs on the worker that reads the split.
//
// It pulls ahead while the worker is busy, up to a bound, so that a read hands out all that has arrived. While nothing has arrived
// it says 'idle' and wakes the worker with the first record. One pull is under way at a time, which is the backpressure: a
// source that is not asked does not produce.
//
// A failure of the source comes after all records that arrived before it. After close() nothing is pulled, and what still
// arrives is dropped.

import type { ReaderContext, ReadResult, SplitReader } from '../connector/source.ts';
import { MillraceError, messageOf } from '../errors/millrace-error.ts';

/** What is asked for records. */
export interface Pull<T> {
  next(): Promise<IteratorResult<T, unknown>>;
  /** Lets go of the source before its end. Called at most once, never after the end or a failure. */
  release(): unknown;
}

/** Read ahead at most this much. A record that is neither bytes nor text counts as RECORD_BYTES, so 1024 of them. */
const AHEAD_BYTES = 1 << 20;
const RECORD_BYTES = 1 << 10;
/** What bytes or text cost beside their content: without it empty ones would be read ahead without end. */
const CHUNK_BYTES = 1 << 6;

export class PulledReader<T> implements SplitReader<T> {
  readonly #name: string;
  readonly #pull: Pull<T>;
  readonly #context: ReaderContext;
  #state: 'open' | 'ended' | 'failed' | 'closed' = 'open';
  #failure: unknown;
  #arrived: T[] = [];
  #arrivedBytes = 0;
  #isPulling = false;
  #isIdle = false;
  #readCount = 0;
  #batchLength = 0;
  #closed: Promise<void> | undefined;
  readonly #onAbort = (): void => {
    this.close().catch(() => {});
  };

  constructor(name: string, pull: Pull<T>, context: ReaderContext) {
    this.#name = name;
    this.#pull = pull;
    this.#context = context;
    context.signal.addEventListener('abort', this.#onAbort, { once: true });
    if (context.signal.aborted) this.#onAbort();
  }

  read(maxRecords: number): ReadResult<T> {
    if (this.#arrived.length > 0) return this.#take(maxRecords);
    if (this.#state === 'failed') throw this.#asError();
    if (this.#state !== 'open') return 'done';
    this.#isIdle = true;
    void this.#pullAhead();
    return 'idle';
  }

  progress(): number {
    return this.#readCount;
  }

  locate(index: number): string {
    return `${this.#name} record ${this.#readCount - this.#batchLength + index + 1}`;
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  #take(maxRecords: number): T[] {
    const batch = this.#arrived.length <= maxRecords ? this.#arrived : this.#arrived.slice(0, maxRecords);
    this.#arrived = batch === this.#arrived ? [] : this.#arrived.slice(maxRecords);
    for (const record of batch) this.#arrivedBytes -= bytesOf(record);
    this.#readCount += batch.length;
    this.#batchLength = batch.length;
    void this.#pullAhead();
    return batch;
  }

  /** Never rejects: a failure is kept for the read that reaches it. */
  async #pullAhead(): Promise<void> {
    if (this.#isPulling) return;
    this.#isPulling = true;
    try {
      while (this.#state === 'open' && this.#arrivedBytes < AHEAD_BYTES) {
        const result = await this.#pull.next();
        // It may have been closed meanwhile.
        if (this.#state !== 'open') break;
        if (typeof result !== 'object' || result === null) {
          throw new TypeError(`an iterator must answer with an object of done and value, not with ${String(result)}`);
        }
        if (result.done === true) this.#state = 'ended';
        else {
          this.#arrived.push(result.value);
          this.#arrivedBytes += bytesOf(result.value);
        }
        this.#wake();
      }
    } catch (error) {
      if (this.#state === 'open') {
        this.#state = 'failed';
        this.#failure = error;
        this.#wake();
      }
    } finally {
      this.#isPulling = false;
    }
  }

  #wake(): void {
    if (!this.#isIdle) return;
    this.#isIdle = false;
    this.#context.wake();
  }

  #asError(): MillraceError {
    const rule = `${this.#name} failed after ${this.#readCount} records: ${messageOf(this.#failure)}`;
    return new MillraceError('ERR_SOURCE', rule, { cause: this.#failure });
  }

  async #close(): Promise<void> {
    this.#context.signal.removeEventListener('abort', this.#onAbort);
    const wasOpen = this.#state === 'open';
    if (this.#state !== 'failed') this.#state = 'closed';
    this.#arrived = [];
    this.#arrivedBytes = 0;
    if (!wasOpen) return;
    // An async generator queues its return() behind a pending next(), which may never settle: then nobody waits for it.
    const mayHang = this.#isPulling;
    try {
      const released = Promise.resolve(this.#pull.release());
      if (mayHang) released.catch(() => {});
      else await released;
    } catch (error) {
      throw new MillraceError('ERR_SOURCE', `${this.#name} failed on closing: ${messageOf(error)}`, { cause: error });
    }
  }
}

function bytesOf(record: unknown): number {
  if (typeof record === 'string') return CHUNK_BYTES + record.length;
  return ArrayBuffer.isView(record) ? CHUNK_BYTES + record.byteLength : RECORD_BYTES;
}
