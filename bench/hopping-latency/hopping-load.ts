// The load of the hopping-latency bench, the same for all contestants: which event is due when, and what every window must come to. Any
// thread.
//
//   event i:  key (7919 i) mod keys,  due and happened at startMs + i / rate;  worker i mod 2 makes it
//
// Keys come in turn, so the count of any key in any stretch of events is known by arithmetic, and each result can be checked when it
// comes. Event time is the scheduled time (open loop): a maker that is late does not make its events younger.

import type { ReaderContext, Source, SplitReader } from 'millrace';
import { clockOffsetOf } from '../latency/load.ts';
import { loadNowMs, sharedMsOf } from './load-clock.ts';

export const WORKERS = 2;
/** Coprime to the number of keys, or some keys would have no events. */
const KEY_STRIDE = 7919;

/** Numbers only: it is also the parameters of a job. */
export interface HoppingLoad {
  /** Events a second, over all workers. */
  readonly rate: number;
  readonly keys: number;
  readonly sizeMs: number;
  readonly stepMs: number;
  /** When event 0 is due, by `loadNowMs`; a multiple of `stepMs`, so that windows start and end with whole panes of events. */
  readonly startMs: number;
  /** Windows that end this long after the start, or sooner, are checked and not measured. */
  readonly warmUpMs: number;
  /** Windows that end later than this after the start are left alone. */
  readonly lastMs: number;
}

export interface HoppingEvent {
  readonly key: number;
  readonly atMs: number;
}

export function keyAt(load: HoppingLoad, index: number): number {
  return (index * KEY_STRIDE) % load.keys;
}

export function dueMsAt(load: HoppingLoad, index: number): number {
  return load.startMs + (index * 1e3) / load.rate;
}

/** How many events of each key a window has, by the key and the window's end. */
export class WindowCounts {
  readonly #load: HoppingLoad;
  /** By key: the first index that has it. */
  readonly #firstIndex: Int32Array;

  constructor(load: HoppingLoad) {
    this.#load = load;
    this.#firstIndex = new Int32Array(load.keys).fill(-1);
    for (let index = 0; index < load.keys; index++) this.#firstIndex[keyAt(load, index)] = index;
    if (this.#firstIndex.includes(-1))
      throw new RangeError(`keys must have no factor ${KEY_STRIDE}: keys=${load.keys}`);
  }

  countOf(key: number, windowEndMs: number): number {
    const { sizeMs } = this.#load;
    return this.#before(key, windowEndMs) - this.#before(key, windowEndMs - sizeMs);
  }

  /** Events of a key that are due before a time. */
  #before(key: number, timeMs: number): number {
    const { keys, rate, startMs } = this.#load;
    const events = ((timeMs - startMs) * rate) / 1e3;
    const first = this.#firstIndex[key]!;
    return events > first ? Math.ceil((events - first) / keys) : 0;
  }
}

/** What all windows up to the last one come to. */
export interface HoppingAnswer {
  /** One a key and window. */
  readonly results: number;
  /** The sum of all counts. */
  readonly total: number;
  /** Results that were not what they had to be. */
  readonly wrong: number;
}

/** By arithmetic over the schedule; neither contestant's code. */
export function expectedOfHopping(load: Omit<HoppingLoad, 'startMs'>): HoppingAnswer {
  const { rate, keys, sizeMs, stepMs, lastMs } = load;
  let [results, total] = [0, 0];
  for (let endMs = stepMs; endMs <= lastMs; endMs += stepMs) {
    const events = Math.ceil((endMs * rate) / 1e3) - Math.ceil((Math.max(0, endMs - sizeMs) * rate) / 1e3);
    total += events;
    results += Math.min(keys, events);
  }
  return { results, total, wrong: 0 };
}

/** The events of a load for Millrace; split w of them is worker w's. It asks the clock again and again and never sleeps or ends. */
export function timedEvents(load: HoppingLoad): Source<HoppingEvent> {
  return {
    name: 'events by the clock',
    bounded: false,
    splits: () => Array.from({ length: WORKERS }, (_, worker) => ({ id: `events[${worker}]`, worker })),
    open: (split, context) => new EventReader(load, (split as unknown as { worker: number }).worker, context),
  };
}

const NOTHING_DUE: readonly HoppingEvent[] = [];

class EventReader implements SplitReader<HoppingEvent> {
  readonly #load: HoppingLoad;
  readonly #clockOffsetMs: number;
  #index: number;
  #intakeMs = 0;

  constructor(load: HoppingLoad, worker: number, context: ReaderContext) {
    this.#load = load;
    this.#index = worker;
    this.#clockOffsetMs = clockOffsetOf(context);
  }

  read(maxRecords: number): readonly HoppingEvent[] {
    const load = this.#load;
    const nowMs = loadNowMs();
    let atMs = dueMsAt(load, this.#index);
    if (atMs > nowMs) return NOTHING_DUE;
    const batch: HoppingEvent[] = [];
    this.#intakeMs = sharedMsOf(atMs) - this.#clockOffsetMs;
    while (atMs <= nowMs && batch.length < maxRecords) {
      batch.push({ key: keyAt(load, this.#index), atMs });
      this.#index += WORKERS;
      atMs = dueMsAt(load, this.#index);
    }
    return batch;
  }

  intakeMs(): number {
    return this.#intakeMs;
  }
}
