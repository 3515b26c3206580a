import type { ReadResult, Source, SplitReader } from '../connector/source.ts';
import { MillraceError, messageOf } from '../errors/millrace-error.ts';
import { singleSplit } from './single-split.ts';
import { checkStreamSourceOptions, type StreamSourceOptions } from './stream-options.ts';

/**
 * The values of an iterable (an array, a Set, a generator) as records, drawn only as fast as the job takes them.
 *
 * One worker reads it. A generator can be read once: give the generator function itself (`fromIterable(numbers)`, not
 * `fromIterable(numbers())`) where a job may run again. What it throws fails the job with `ERR_SOURCE`, after all values drawn
 * before; when the job ends first, the iterator's `return()` is called.
 *
 * Throws `ERR_OPTION_INVALID` for what cannot be iterated, and for a string, which is more likely a file name than a source of characters.
 *
 * @example
 * flow.from(fromIterable(function* () { for (let i = 0; i < 1e6; i++) yield { i } }, { name: 'numbers' }))
 */
export function fromIterable<T>(
  iterable: Iterable<T> | (() => Iterable<T>),
  options: StreamSourceOptions = {},
): Source<T> {
  const { name, bounded } = checkStreamSourceOptions(
    'fromIterable',
    options,
    Array.isArray(iterable) ? 'array' : 'iterable',
  );
  let isDrawn = false;
  return singleSplit<Iterable<T>, T>({
    name,
    bounded,
    from: iterable,
    check: refuseUnlessIterable,
    // An iterator that is its own iterable goes on where it stopped: at its end, after a first run.
    isUsedUp: (made) => isDrawn && typeof iterable !== 'function' && iteratorOf(made) === (made as unknown),
    open(made) {
      isDrawn = true;
      return Array.isArray(made) ? new ArrayReader<T>(name, made) : new IteratorReader<T>(name, iteratorOf(made));
    },
  });
}

class ArrayReader<T> implements SplitReader<T> {
  readonly #name: string;
  readonly #array: readonly T[];
  #readCount = 0;
  #batchStart = 0;

  constructor(name: string, array: readonly T[]) {
    this.#name = name;
    this.#array = array;
  }

  read(maxRecords: number): ReadResult<T> {
    this.#batchStart = this.#readCount;
    // Against the length of now, as an array's own iterator does.
    if (this.#readCount >= this.#array.length) return 'done';
    this.#readCount = Math.min(this.#readCount + maxRecords, this.#array.length);
    return this.#array.slice(this.#batchStart, this.#readCount);
  }

  progress(): number {
    return this.#readCount;
  }

  locate(index: number): string {
    return `${this.#name} record ${this.#batchStart + index + 1}`;
  }
}

class IteratorReader<T> implements SplitReader<T> {
  readonly #name: string;
  readonly #iterator: Iterator<T>;
  #readCount = 0;
  #batchLength = 0;
  #isOver = false;
  #failure: MillraceError | undefined;

  constructor(name: string, iterator: Iterator<T>) {
    this.#name = name;
    this.#iterator = iterator;
  }

  read(maxRecords: number): ReadResult<T> {
    if (this.#failure !== undefined) throw this.#failure;
    const batch: T[] = [];
    try {
      while (!this.#isOver && batch.length < maxRecords) {
        const result = this.#iterator.next();
        if (result.done === true) this.#isOver = true;
        else batch.push(result.value);
      }
    } catch (error) {
      this.#isOver = true;
      const rule = `${this.#name} failed after ${this.#readCount + batch.length} records: ${messageOf(error)}`;
      this.#failure = new MillraceError('ERR_SOURCE', rule, { cause: error });
      // What was drawn before goes first.
      if (batch.length === 0) throw this.#failure;
    }
    this.#readCount += batch.length;
    this.#batchLength = batch.length;
    return batch.length === 0 && maxRecords > 0 ? 'done' : batch;
  }

  progress(): number {
    return this.#readCount;
  }

  locate(index: number): string {
    return `${this.#name} record ${this.#readCount - this.#batchLength + index + 1}`;
  }

  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#iterator.return?.();
  }
}

export function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === 'object' && value !== null && typeof Reflect.get(value, Symbol.iterator) === 'function';
}

function iteratorOf<T>(iterable: Iterable<T>): Iterator<T> {
  return iterable[Symbol.iterator]();
}

function refuseUnlessIterable(value: unknown): void {
  if (isIterable(value)) return;
  const got =
    typeof value === 'string' ? 'a string; for the lines of a file, use the text connector' : String(typeof value);
  throw new MillraceError(
    'ERR_OPTION_INVALID',
    `fromIterable needs an iterable, or a function that returns one: got ${got}`,
  );
}
