// Records into a Node Writable. The writer runs on one worker.
//
// A Writable cannot take back what it was given: on abort it is destroyed, but what it has passed on stays. A file that must be whole or
// absent is written by the file sinks.

import type { Writable } from 'node:stream';
import type { Sink, SinkWriter, WriterContext } from '../connector/sink.ts';
import { MillraceError, messageOf } from '../errors/millrace-error.ts';

/**
 * Writes every record to a Node Writable: in object mode any record but null, else strings and bytes.
 *
 * All records pass through one writer on one worker, which waits whenever the stream asks for it. Give a function: it is called once, on
 * that worker. At the end the stream is ended and awaited (stdout and stderr stay open). What it emits as 'error', or a 'close' before all
 * was written, fails the job with `ERR_SINK`.
 *
 * @example
 * flow.from(lines).map((line) => `${line}\n`).to(toWritable(() => createWriteStream('out.txt')))
 */
export function toWritable<T>(
  writable: Writable | (() => Writable | Promise<Writable>),
  options: { name?: string } = {},
): Sink<T> {
  const { name = 'writable' } = options;
  const isMade = typeof writable === 'function';
  if (!isMade) {
    refuseUnlessWritable(writable);
    // A stream that fails before it is opened must not end the process. The failure is kept in `errored`.
    writable.on('error', () => {});
  }
  return {
    name,
    writers: 1,
    async open(context) {
      try {
        const made = isMade ? await writable() : writable;
        refuseUnlessWritable(made);
        return new WritableWriter<T>(name, made, context);
      } catch (error) {
        throw MillraceError.from(error, 'ERR_SINK', `${name} could not be opened: ${messageOf(error)}`);
      }
    },
  };
}

class WritableWriter<T> implements SinkWriter<T> {
  readonly #name: string;
  readonly #writable: Writable;
  /** Standard output belongs to the process: it can neither be ended nor destroyed. */
  readonly #isShared: boolean;
  #writtenCount = 0;
  #failure: MillraceError | undefined;
  #rejectWait: ((error: MillraceError) => void) | undefined;
  #isFinished = false;

  constructor(name: string, writable: Writable, context: WriterContext) {
    this.#name = name;
    this.#writable = writable;
    this.#isShared = writable === process.stdout || writable === process.stderr;
    writable.on('error', (error) => this.#fail(`failed: ${messageOf(error)}`, error));
    writable.on('finish', () => {
      this.#isFinished = true;
    });
    writable.on('close', () => {
      if (!this.#isFinished) this.#fail('was closed before all was written', writable.errored ?? undefined);
    });
    context.signal.addEventListener('abort', () => this.#fail('was aborted', context.signal.reason), { once: true });
    if (writable.errored) this.#fail(`failed: ${messageOf(writable.errored)}`, writable.errored);
    else if (!writable.writable)
      this.#fail('was ended or destroyed before; give a function that makes a new one', undefined);
  }

  write(batch: readonly T[]): void | Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const written = this.#writeFrom(batch, 0);
    if (written < batch.length || this.#writable.writableNeedDrain) return this.#writeRest(batch, written);
  }

  async prepare(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#isShared) await this.#until((done) => this.#writable.write('', done));
    else await this.#until((done) => this.#writable.once('finish', done).end());
  }

  abort(): void {
    if (!this.#isShared) this.#writable.destroy();
  }

  async #writeRest(batch: readonly T[], written: number): Promise<void> {
    for (;;) {
      await this.#until((done) => this.#writable.once('drain', done));
      written = this.#writeFrom(batch, written);
      if (written === batch.length && !this.#writable.writableNeedDrain) return;
    }
  }

  /** Writes until the stream asks to wait; returns the index of the first record not written. */
  #writeFrom(batch: readonly T[], index: number): number {
    while (index < batch.length) {
      let goOn: boolean;
      try {
        goOn = this.#writable.write(batch[index]);
      } catch (error) {
        const advice = this.#writable.writableObjectMode ? '' : '; map records to strings or bytes before this sink';
        throw new MillraceError(
          'ERR_SINK',
          `${this.#name} refused record ${this.#writtenCount + 1}: ${messageOf(error)}${advice}`,
          {
            cause: error,
          },
        );
      }
      index++;
      this.#writtenCount++;
      if (!goOn) break;
    }
    return index;
  }

  /** Waits for what `start` is told to call, or for the stream to fail. */
  #until(start: (done: () => void) => void): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      this.#rejectWait = reject;
      start(resolve);
      if (this.#failure !== undefined) reject(this.#failure);
    }).finally(() => {
      this.#rejectWait = undefined;
    });
  }

  #fail(what: string, cause: unknown): void {
    const rule = `${this.#name} ${what}, after ${this.#writtenCount} records`;
    this.#failure ??= new MillraceError('ERR_SINK', rule, cause === undefined ? {} : { cause });
    this.#rejectWait?.(this.#failure);
  }
}

function refuseUnlessWritable(value: unknown): void {
  const { write, end, destroy } = (value ?? {}) as Record<string, unknown>;
  if ([write, end, destroy].every((method) => typeof method === 'function')) return;
  throw new MillraceError(
    'ERR_OPTION_INVALID',
    `toWritable needs a Node Writable, or a function that returns one: got ${value === null ? 'null' : typeof value}`,
  );
}
