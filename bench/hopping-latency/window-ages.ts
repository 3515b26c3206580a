// The sink of the hopping-latency bench: checks each result and takes its age, in shared memory. One a worker, read by the main thread.
//
// | word    | what it holds                                                             | writer | reader |
// |---------|---------------------------------------------------------------------------|--------|--------|
// | RESULTS | results of windows up to the last, warm-up included                       | worker | main   |
// | TOTAL   | the sum of their counts                                                   | worker | main   |
// | WRONG   | those that have another count than their key has in their window          | worker | main   |
// | SEEN_MS | end of the newest window that was seen, after the start                   | worker | main   |
// | FIRST   | histogram, ns: now - window end, at the first result of each window       | worker | main   |
// | EVERY   | the same of every result: a window is complete with its last one          | worker | main   |
//
// FIRST is what Hazelcast Jet's benchmarks call latency. Ages are taken once a batch, when it is here as a whole.

import { HISTOGRAM_WORDS } from '../../engine/metrics/histogram-layout.ts';
import { HistogramRecorder } from '../../engine/metrics/histogram-recorder.ts';
import { type HoppingAnswer, type HoppingLoad, WindowCounts, WORKERS } from './hopping-load.ts';
import { loadNowMs } from './load-clock.ts';

const RESULTS = 0;
const TOTAL = 1;
const WRONG = 2;
const SEEN_MS = 3;
const FIRST = 16;
const EVERY: number = FIRST + HISTOGRAM_WORDS;
const WORDS: number = EVERY + HISTOGRAM_WORDS;

/** The memory of all workers' sinks. */
export type WindowAgesMemory = readonly SharedArrayBuffer[];

export function allocateWindowAges(): WindowAgesMemory {
  return Array.from({ length: WORKERS }, () => {
    const buffer = new SharedArrayBuffer(WORDS * 8);
    // Empty and not all zero: also a worker that never gets a result has a histogram that can be read.
    for (const from of [FIRST, EVERY]) new HistogramRecorder(new Float64Array(buffer, from * 8, HISTOGRAM_WORDS));
    return buffer;
  });
}

interface AgeRecorders {
  readonly first: HistogramRecorder;
  readonly every: HistogramRecorder;
}

export class WindowSink {
  readonly #words: Float64Array;
  readonly #measured: AgeRecorders;
  /** Nobody looks at these; but taking ages must be warm when it counts, or what is seen first is V8 compiling it: 30 ms. */
  readonly #warmUp: AgeRecorders;
  readonly #counts: WindowCounts;
  readonly #measureFromMs: number;
  readonly #lastEndMs: number;
  readonly #startMs: number;
  #newestEndMs = 0;
  #nowMs = 0;

  constructor(memory: SharedArrayBuffer, load: HoppingLoad) {
    this.#words = new Float64Array(memory);
    const recorders = (words: Float64Array): AgeRecorders => ({
      first: new HistogramRecorder(words.subarray(FIRST, EVERY)),
      every: new HistogramRecorder(words.subarray(EVERY)),
    });
    this.#measured = recorders(this.#words);
    this.#warmUp = recorders(new Float64Array(new SharedArrayBuffer(WORDS * 8)));
    this.#counts = new WindowCounts(load);
    this.#startMs = load.startMs;
    this.#measureFromMs = load.startMs + load.warmUpMs;
    this.#lastEndMs = load.startMs + load.lastMs;
  }

  /** Before the results of a batch. */
  batch(): void {
    this.#nowMs = loadNowMs();
  }

  result(key: number, windowEndMs: number, count: number): void {
    if (windowEndMs > this.#lastEndMs) return;
    const words = this.#words;
    words[RESULTS]! += 1;
    words[TOTAL]! += count;
    if (count !== this.#counts.countOf(key, windowEndMs)) words[WRONG]! += 1;
    const isFirst = windowEndMs > this.#newestEndMs;
    if (isFirst) {
      this.#newestEndMs = windowEndMs;
      words[SEEN_MS] = windowEndMs - this.#startMs;
    }
    const ageNs = (this.#nowMs - windowEndMs) * 1e6;
    // Both are read at each result, or V8 would not know of the second when it compiles this.
    const warmUp = this.#warmUp;
    const measured = this.#measured;
    const ages = windowEndMs <= this.#measureFromMs ? warmUp : measured;
    ages.every.record(ageNs, 1);
    if (isFirst) ages.first.record(ageNs, 1);
  }
}

export function answerOfWindows(memory: WindowAgesMemory): HoppingAnswer {
  return { results: sum(memory, RESULTS), total: sum(memory, TOTAL), wrong: sum(memory, WRONG) };
}

/** How far the slower worker has come: the end of its newest window, in ms after the start. */
export function seenMs(memory: WindowAgesMemory): number {
  return Math.min(...memory.map((buffer) => new Float64Array(buffer)[SEEN_MS]!));
}

/** The histograms of all workers, each as the words of histogram-layout.ts. */
export function windowAgesOf(memory: WindowAgesMemory, which: 'first' | 'every'): Float64Array[] {
  return memory.map((buffer) => new Float64Array(buffer, (which === 'first' ? FIRST : EVERY) * 8, HISTOGRAM_WORDS));
}

function sum(memory: WindowAgesMemory, word: number): number {
  return memory.reduce((total, buffer) => total + new Float64Array(buffer)[word]!, 0);
}
