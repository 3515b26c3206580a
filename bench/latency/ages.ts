// The sink of the latency bench: counts what arrives and how old it is, in shared memory. One a worker, read by the main thread.
//
// | word        | what it holds                                        | writer | reader |
// |-------------|------------------------------------------------------|--------|--------|
// | RECORDS     | arrived, warm-up included                            | worker | main   |
// | CENTS       | sum over all auctions, known at the end              | worker | main   |
// | OUT_OF_ORDER| known at the end                                     | worker | main   |
// | ALL         | histogram of ages in ns, warm-up left out             | worker | main   |
// | CROSSED     | the same of bids that another worker made             | worker | main   |
//
// The histogram is the engine's own, for all contestants alike: it costs a few nanoseconds a record where the library's costs fifty.

import { HISTOGRAM_WORDS } from '../../engine/metrics/histogram-layout.ts';
import { HistogramRecorder } from '../../engine/metrics/histogram-recorder.ts';
import { sharedNowMs } from '../harness/bench.ts';
import { type LoadAnswer, type RunningTotal, type RunningTotals, WORKERS } from './load.ts';

const RECORDS = 0;
const CENTS = 1;
const OUT_OF_ORDER = 2;
const ALL = 16;
const CROSSED: number = ALL + HISTOGRAM_WORDS;
const WORDS: number = CROSSED + HISTOGRAM_WORDS;

/** For a sink whose bids all count as crossed: they were made elsewhere, or crossing is not the question. */
export const NO_WORKER = -1;

/** The memory of all workers' ages. */
export type AgesMemory = readonly SharedArrayBuffer[];

export function allocateAges(): AgesMemory {
  return Array.from({ length: WORKERS }, () => {
    const buffer = new SharedArrayBuffer(WORDS * 8);
    // Empty and not all zero: also a worker that never gets a bid has a histogram that can be read.
    for (const from of [ALL, CROSSED]) new HistogramRecorder(new Float64Array(buffer, from * 8, HISTOGRAM_WORDS));
    return buffer;
  });
}

export class AgeSink {
  readonly #words: Float64Array;
  readonly #all: HistogramRecorder;
  readonly #crossed: HistogramRecorder;
  readonly #worker: number;
  readonly #warmUpMs: number;
  #countFromMs = Number.NaN;

  constructor(memory: SharedArrayBuffer, worker: number, warmUpMs: number) {
    this.#words = new Float64Array(memory);
    this.#all = new HistogramRecorder(this.#words.subarray(ALL, CROSSED));
    this.#crossed = new HistogramRecorder(this.#words.subarray(CROSSED));
    this.#worker = worker;
    this.#warmUpMs = warmUpMs;
  }

  /** A batch is done when it is here as a whole. */
  write(batch: readonly RunningTotal[]): void {
    const nowMs = sharedNowMs();
    if (Number.isNaN(this.#countFromMs)) this.#countFromMs = batch[0]!.dueMs + this.#warmUpMs;
    for (const { maker, dueMs } of batch) {
      if (dueMs < this.#countFromMs) continue;
      const ageNs = (nowMs - dueMs) * 1e6;
      this.#all.record(ageNs, 1);
      if (maker !== this.#worker) this.#crossed.record(ageNs, 1);
    }
    this.#words[RECORDS]! += batch.length;
  }

  end({ cents, outOfOrder }: RunningTotals): void {
    this.#words[CENTS] = cents;
    this.#words[OUT_OF_ORDER] = outOfOrder;
  }
}

/** Bids that have arrived so far. */
export function arrived(memory: AgesMemory): number {
  return sum(memory, RECORDS);
}

export function answerOf(memory: AgesMemory): LoadAnswer {
  return { records: arrived(memory), cents: sum(memory, CENTS), outOfOrder: sum(memory, OUT_OF_ORDER) };
}

/** The histograms of all workers, each as the words of histogram-layout.ts. */
export function agesOf(memory: AgesMemory, which: 'all' | 'crossed'): Float64Array[] {
  return memory.map((buffer) => new Float64Array(buffer, (which === 'all' ? ALL : CROSSED) * 8, HISTOGRAM_WORDS));
}

function sum(memory: AgesMemory, word: number): number {
  return memory.reduce((total, buffer) => total + new Float64Array(buffer)[word]!, 0);
}
