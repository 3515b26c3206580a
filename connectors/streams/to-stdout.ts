// Records as lines on standard output. The writer runs on one worker and writes to the descriptor itself: a worker's
// `process.stdout` would send every chunk by message through the main thread's event loop.

import { isMainThread } from 'node:worker_threads';
import type { Sink, SinkWriter, WriterContext } from '../../engine/connector/sink.ts';
import { MillraceError, messageOf } from '../../engine/errors/millrace-error.ts';
import { writeWhole } from './fd-writer.ts';

const STDOUT_FD = 1;
/** Text is written in pieces of about this size, so that a batch of large records does not exist three times over. */
const PIECE_CHARACTERS = 1 << 18;

export interface ToStdoutOptions<T> {
  /** `ndjson` (the default: one JSON text a line), or a function from a record to its line, to which a line end is added. */
  format?: 'ndjson' | ((record: T) => string);
}

/**
 * Prints every record on a line of standard output.
 *
 * A slow reader holds the job back. When the reader goes away (`millrace run job.ts | head`) the job fails with `ERR_SINK`, whose `cause`
 * has the code `EPIPE`: a command may take that for a quiet end. JSON knows neither bigint (an error) nor NaN (written as null).
 *
 * @example
 * flow.from(flights).filter((f) => f.delay > 60).to(toStdout())
 */
export function toStdout<T>(options: ToStdoutOptions<T> = {}): Sink<T> {
  const { format = 'ndjson' } = options;
  if (format !== 'ndjson' && typeof format !== 'function') {
    throw new MillraceError(
      'ERR_OPTION_INVALID',
      `toStdout's format must be 'ndjson' or a function: format=${String(format)}`,
    );
  }
  // Touching it makes a pipe non-blocking for the whole process. A worker that blocks in a write to a pipe nobody reads
  // could not even be terminated.
  if (isMainThread) void process.stdout;
  const line = format === 'ndjson' ? jsonLine : format;
  return { name: 'stdout', writers: 1, open: (context) => new StdoutWriter<T>(line, context) };
}

class StdoutWriter<T> implements SinkWriter<T> {
  readonly #line: (record: T) => string;
  readonly #signal: AbortSignal;
  #bytesWritten = 0;

  constructor(line: (record: T) => string, context: WriterContext) {
    this.#line = line;
    this.#signal = context.signal;
  }

  async write(batch: readonly T[]): Promise<void> {
    let text = '';
    for (const record of batch) {
      text += `${this.#format(record)}\n`;
      if (text.length < PIECE_CHARACTERS) continue;
      await this.#print(text);
      text = '';
    }
    await this.#print(text);
  }

  bytesWritten(): number {
    return this.#bytesWritten;
  }

  #format(record: T): string {
    let line: unknown;
    try {
      line = this.#line(record);
    } catch (error) {
      throw MillraceError.from(error, 'ERR_SINK', `stdout could not format a record: ${messageOf(error)}`);
    }
    if (typeof line === 'string') return line;
    throw new MillraceError('ERR_SINK', `toStdout's format must return a string: got ${typeof line}`);
  }

  async #print(text: string): Promise<void> {
    const bytes = Buffer.from(text);
    try {
      await writeWhole(STDOUT_FD, bytes, this.#signal);
    } catch (error) {
      const isGone = (error as NodeJS.ErrnoException).code === 'EPIPE';
      const what = isGone ? 'its reader closed it' : messageOf(error);
      throw new MillraceError('ERR_SINK', `stdout failed after ${this.#bytesWritten} bytes: ${what}`, { cause: error });
    }
    this.#bytesWritten += bytes.byteLength;
  }
}

function jsonLine(record: unknown): string {
  // undefined has no JSON; a line for every record all the same.
  return JSON.stringify(record) ?? 'null';
}
