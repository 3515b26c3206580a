// The shared words by which the main thread steers workers that are in the middle of their duty cycle. Any thread.
//
// | word              | writer                     | readers     | meaning                                                       |
// |-------------------|----------------------------|-------------|---------------------------------------------------------------|
// | COMMAND           | main                       | workers     | RUN, then DRAIN or ABORT; never back                          |
// | next split of s   | workers, by Atomics.add    | workers     | index of the first split of source s that nobody has taken    |
// | doorbell of w     | worker w, and who rings it | worker w    | see engine/queue/doorbell.ts; one more for the main thread    |
// | alignment of s, w | worker w                   | workers     | where its slowest split of s is, i64: see split-alignment.ts  |
//
// Each word stands alone on 128 bytes. All of it is sequentially consistent.

import { Doorbell } from '../queue/index.ts';
import { NOTHING_READ, SplitAlignment } from './split-alignment.ts';

export const RUN = 0;
/** Sources end where they are; what has been read is finished. */
export const DRAIN = 1;
/** Everything ends where it is; sinks make nothing visible. */
export const ABORT = 2;
export type Command = typeof RUN | typeof DRAIN | typeof ABORT;

/** Of 32-bit words: 128 bytes. */
const WORD_STRIDE = 32;
const WORD_BYTES = Int32Array.BYTES_PER_ELEMENT;
/** The same of 64-bit ones. */
const ALIGNMENT_STRIDE = WORD_STRIDE / 2;
const COMMAND_WORD = 0;

/** One job's control words: as many split counters as it has sources, a doorbell for each worker and one for the main thread. */
export class ControlWords {
  readonly buffer: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #sources: number;
  readonly #workers: number;

  private constructor(buffer: SharedArrayBuffer, sources: number) {
    this.buffer = buffer;
    this.#words = new Int32Array(buffer);
    this.#sources = sources;
    const words = this.#words.length / WORD_STRIDE;
    this.#workers = (words - 2 - sources) / (1 + sources);
  }

  static allocate(sources: number, workers: number): ControlWords {
    const words = 2 + sources + workers + sources * workers;
    const control = new ControlWords(new SharedArrayBuffer(words * WORD_STRIDE * WORD_BYTES), sources);
    const alignments = new BigInt64Array(control.buffer);
    for (let source = 0; source < sources; source++) {
      for (let worker = 0; worker < workers; worker++)
        alignments[control.#alignmentWord(source, worker)] = NOTHING_READ;
    }
    return control;
  }

  static over(buffer: SharedArrayBuffer, sources: number): ControlWords {
    return new ControlWords(buffer, sources);
  }

  get command(): Command {
    return Atomics.load(this.#words, COMMAND_WORD) as Command;
  }

  /** Raises the command; a lower one than the present is ignored. The caller rings the doorbells afterwards. */
  raise(command: Command): void {
    if (command > this.command) Atomics.store(this.#words, COMMAND_WORD, command);
  }

  /** Takes the next split of a source for this worker: each index is given out once. */
  takeSplit(source: number): number {
    return Atomics.add(this.#words, (1 + source) * WORD_STRIDE, 1);
  }

  /** The doorbell of a worker; the main thread's is that of `workers`. */
  doorbell(worker: number): Doorbell {
    return new Doorbell(this.#words, (1 + this.#sources + worker) * WORD_STRIDE);
  }

  /** How a worker holds its splits of a source together with those of others. @param readers the workers that read the source */
  alignment(source: number, worker: number, readers: readonly number[]): SplitAlignment {
    const others = readers.filter((reader) => reader !== worker);
    const wordOf = (reader: number): number => this.#alignmentWord(source, reader);
    const bells = others.map((reader) => this.doorbell(reader));
    return new SplitAlignment(new BigInt64Array(this.buffer), wordOf(worker), others.map(wordOf), bells);
  }

  #alignmentWord(source: number, worker: number): number {
    return (2 + this.#sources + this.#workers + source * this.#workers + worker) * ALIGNMENT_STRIDE;
  }
}
