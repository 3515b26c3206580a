// One worker of the hand-written hopping count: counts its events by pane and key, hands panes over, slides the windows of its own keys.
//
//   due events -> counts[pane][key] --- watermark: panes up to here are whole ---> both owners: sum += new pane - old pane -> sink
//   (shared memory; a ring of panes each worker)                                   one result a key, 512 at a time
//
// The least that we can make of this job on two threads: events never cross, only counts do, since a count may be combined before the
// exchange; keys index arrays, for they are known to be small integers; each thread spins; a result is three numbers, and no object
// is made. It knows no other aggregate, no late record, no other key. A ceiling as good as we could make it, not a proven one.
//
// | word       | what it holds                                         | writer         | readers        |
// |------------|-------------------------------------------------------|----------------|----------------|
// | WHOLE      | panes of this worker that are whole, from the first   | this worker    | both           |
// | TAKEN      | panes that this worker has taken out of both rings    | this worker    | both           |
//
// A slot is written again only when both workers have taken what it held: the ring is bounded, and a maker that is ahead waits.

import { isMainThread, workerData } from 'node:worker_threads';
import { dueMsAt, type HoppingLoad, keyAt, WORKERS } from './hopping-load.ts';
import { loadNowMs } from './load-clock.ts';
import { WindowSink } from './window-ages.ts';

export interface HandWrittenHoppingTask {
  readonly index: number;
  readonly load: HoppingLoad;
  readonly ages: SharedArrayBuffer;
  /** By worker: RING_PANES panes of one count a key. */
  readonly rings: readonly SharedArrayBuffer[];
  /** By worker, WORD_STRIDE apart: WHOLE, and TAKEN half a stride behind. */
  readonly words: SharedArrayBuffer;
  /** One word: 1 when it shall end where it is. */
  readonly stop: SharedArrayBuffer;
}

/** More than a second of panes: longer than any pause that we have seen. */
const RING_PANES = 128;
/** Two cache line pairs a worker, in words. */
const WORD_STRIDE = 64;
const TAKEN = 32;
const BATCH = 512;
/** Events between two looks at the clock and at the other worker. */
const EVENTS_AT_ONCE = 256;

export function allocateRings({ keys }: HoppingLoad): Pick<HandWrittenHoppingTask, 'rings' | 'words'> {
  return {
    rings: Array.from({ length: WORKERS }, () => new SharedArrayBuffer(RING_PANES * keys * 4)),
    words: new SharedArrayBuffer(WORKERS * WORD_STRIDE * 4),
  };
}

/** Each worker has half of each worker's keys: event i is made where i is even or odd, and so is its key. */
function isOwn(key: number, index: number): boolean {
  return ((key >> 1) & 1) === index;
}

function work({ index, load, ages, rings, words: wordsMemory, stop }: HandWrittenHoppingTask): void {
  const { keys, stepMs, sizeMs, startMs } = load;
  const panesOfWindow = sizeMs / stepMs;
  const counts = rings.map((ring) => new Uint32Array(ring));
  const own = counts[index]!;
  const words = new Int32Array(wordsMemory);
  const stopped = new Int32Array(stop);
  const ownKeys = Int32Array.from(Array.from({ length: keys }, (_, key) => key).filter((key) => isOwn(key, index)));
  const sums = new Uint32Array(ownKeys.length);
  /** What the own keys had in each pane of the window, of all workers. */
  const history = new Uint32Array(panesOfWindow * ownKeys.length);
  const sink = new WindowSink(ages, load);
  const batchKeys = new Int32Array(BATCH);
  const batchCounts = new Uint32Array(BATCH);
  let event = index;
  let pane = 0;
  let paneEndMs = startMs + stepMs;
  let taken = 0;

  const leastOf = (word: number): number => {
    let least = Atomics.load(words, word);
    for (let worker = 1; worker < WORKERS; worker++) {
      least = Math.min(least, Atomics.load(words, worker * WORD_STRIDE + word));
    }
    return least;
  };

  /** Counts what is due. The pane that begins is cleared first; nobody reads it before it is whole. */
  function makeEvents(): void {
    const nowMs = loadNowMs();
    let at = (pane % RING_PANES) * keys;
    for (let made = 0; made < EVENTS_AT_ONCE; made++) {
      const dueMs = dueMsAt(load, event);
      if (dueMs > nowMs) return;
      while (dueMs >= paneEndMs) {
        // All that was read of the slot was read before its TAKEN was stored.
        if (pane + 1 - leastOf(TAKEN) >= RING_PANES) return;
        pane++;
        paneEndMs += stepMs;
        at = (pane % RING_PANES) * keys;
        own.fill(0, at, at + keys);
        // Pairs with the load in takePane: the counts of the pane are stored before it is said to be whole.
        Atomics.store(words, index * WORD_STRIDE, pane);
      }
      own[at + keyAt(load, event)]! += 1;
      event += WORKERS;
    }
  }

  function emit(count: number, windowEndMs: number): void {
    sink.batch();
    for (let i = 0; i < count; i++) sink.result(batchKeys[i]!, windowEndMs, batchCounts[i]!);
  }

  /** Slides by one pane, if that is whole on all workers, and tells the window that ends with it. */
  function takePane(): void {
    if (leastOf(0) <= taken) return;
    const ringAt = (taken % RING_PANES) * keys;
    const historyAt = (taken % panesOfWindow) * ownKeys.length;
    const windowEndMs = startMs + (taken + 1) * stepMs;
    let batched = 0;
    for (let i = 0; i < ownKeys.length; i++) {
      const key = ownKeys[i]!;
      let added = 0;
      for (let worker = 0; worker < WORKERS; worker++) added += counts[worker]![ringAt + key]!;
      const sum = sums[i]! + added - history[historyAt + i]!;
      history[historyAt + i] = added;
      sums[i] = sum;
      // A key that has nothing in a window has no result there.
      if (sum === 0) continue;
      batchKeys[batched] = key;
      batchCounts[batched++] = sum;
      if (batched < BATCH) continue;
      emit(batched, windowEndMs);
      batched = 0;
    }
    if (batched > 0) emit(batched, windowEndMs);
    taken++;
    Atomics.store(words, index * WORD_STRIDE + TAKEN, taken);
  }

  while (Atomics.load(stopped, 0) === 0) {
    makeEvents();
    takePane();
  }
}

if (!isMainThread) work(workerData as HandWrittenHoppingTask);
