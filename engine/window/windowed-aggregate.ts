// Aggregates over tumbling and hopping windows. On the thread of the actor that owns the keys.
//
//   record, or partial result from before the exchange -> pane -> accumulator of its key       (compiled into the chain)
//   watermark passes the end of a window               -> its panes combined -> one result a key
//
// Where the aggregate can take an accumulator back out (deduct), a window costs two panes whatever its size (sliding-window.ts); else all of
// its panes.
//
// A pane is dropped when its last window has ended, and `allowedLatenessMs` has passed. Record t is late when all windows that it belongs
// to have been dropped; what belongs to some that were not counts in those.
//
// Panes that memory does not hold are written out (spilled-panes.ts). The window that slides is then given up, for it can be made again from its
// panes, and slides on when none of them is written out.

import type { Aggregator } from '../aggregate/aggregator.ts';
import { lend } from '../aggregate/lend.ts';
import { type KeyEntry, KeyTable } from '../operators/key-table.ts';
import type { StatefulHost, StatefulLogic } from '../operators/stateful-operator.ts';
import { END_OF_TIME, NO_WATERMARK } from '../time/watermark.ts';
import type { Pane, Placed, SlotValues } from './pane.ts';
import { Panes } from './panes.ts';
import { SlidingWindow } from './sliding-window.ts';
import { SpilledPanes } from './spilled-panes.ts';
import { WindowGrid } from './window-grid.ts';
import type { WindowOptions } from './window-options.ts';
import type { HoppingWindow } from './window-spec.ts';

type Emission = 'early' | 'final' | 'late';

/** Results after which a firing window gives the other actors of its worker their turn. */
const RESULTS_A_TURN = 64;

export class WindowedAggregate implements StatefulLogic {
  readonly panes: Panes;
  /** Every window that ends here or before has fired: records before this need a second look. Read by the compiled chain. */
  closedMs: number = NO_WATERMARK;
  tickAtMs: number = Number.POSITIVE_INFINITY;
  readonly #grid: WindowGrid;
  readonly #options: WindowOptions;
  readonly #aggregator: Aggregator<unknown>;
  readonly #spread: boolean;
  readonly #host: StatefulHost;
  readonly #latenessMs: number;
  /** Accumulators are needed after they were told: a result that holds parts of them must not change with them. */
  readonly #livesOn: boolean;
  #watermarkMs: number = NO_WATERMARK;
  /** Where the aggregate can deduct. */
  readonly #sliding: SlidingWindow | undefined;
  /** Panes that memory does not hold; undefined where it must hold all. */
  readonly #spilled: SpilledPanes | undefined;
  /** Keys whose results must be told again, by the end of their window: late records came. */
  readonly #updates = new Map<number, KeyTable>();

  constructor(
    window: HoppingWindow,
    options: WindowOptions,
    aggregator: Aggregator<unknown>,
    spread: boolean,
    host: StatefulHost,
  ) {
    this.#grid = new WindowGrid(window);
    this.#options = options;
    this.#aggregator = aggregator;
    this.#spread = spread;
    this.#host = host;
    this.#latenessMs = options.allowedLatenessMs ?? 0;
    const pane = this.#grid.paneMs;
    this.panes = new Panes(pane, window.offsetMs, () => aggregator.create());
    this.#livesOn = this.#latenessMs > 0 || options.earlyMs !== undefined || pane < window.sizeMs;
    const slides = pane < window.sizeMs && aggregator.deduct !== undefined;
    this.#sliding = slides ? new SlidingWindow(this.panes, aggregator) : undefined;
    if (host.coldState !== undefined) {
      const combine = aggregator.combine.bind(aggregator);
      const failed = (error: unknown, key: unknown): void => host.failed(error, { key });
      this.#spilled = new SpilledPanes(this.panes, host.coldState, { combine, failed });
    }
    if (options.earlyMs !== undefined) this.tickAtMs = host.nowMs() + options.earlyMs;
  }

  batch(): void {
    if (this.#spilled?.relieve(this.#sliding?.size ?? 0) === true) this.#sliding?.clear();
  }

  close(): void | Promise<void> {
    return this.#spilled?.close();
  }

  /** What the compiled chain does by itself. */
  onRecord(key: unknown, record: unknown, timeMs: number): void {
    const { select } = this.#aggregator;
    const value = select === undefined ? record : select.call(this.#aggregator, record);
    if (timeMs >= this.closedMs) this.#add(key, value, timeMs);
    else if (!this.takeStraggler(key, value, timeMs)) this.#host.late(record, timeMs);
  }

  /** When something is due, if nothing else comes; Infinity for never. */
  get dueMs(): number {
    return this.#nextEndMs();
  }

  isDue(watermarkMs: number): boolean {
    if (watermarkMs >= this.#nextEndMs() || this.#updates.size > 0) return true;
    this.#passTo(watermarkMs);
    return false;
  }

  /** A record before `closedMs`: some of its windows have fired. False when it is late for all of them. */
  takeStraggler(key: unknown, value: unknown, timeMs: number): boolean {
    const { stepMs } = this.#grid;
    const lastEndMs = this.#grid.lastEndOf(timeMs);
    if (lastEndMs + this.#latenessMs <= this.#watermarkMs) return false;
    const isNew = this.#add(key, value, timeMs);
    if (this.#sliding?.includes(this.panes.startOf(timeMs)) === true) {
      this.#sliding.add(this.panes.keys.find(key), value, isNew);
    }
    for (let endMs = lastEndMs; endMs > timeMs; endMs -= stepMs) {
      if (endMs > this.closedMs || endMs + this.#latenessMs <= this.#watermarkMs) continue;
      let keys = this.#updates.get(endMs);
      if (keys === undefined) {
        keys = new KeyTable(() => undefined);
        this.#updates.set(endMs, keys);
      }
      keys.find(key);
      this.#host.requestFire();
    }
    return true;
  }

  /** True when the key is new in its pane. */
  #add(key: unknown, value: unknown, timeMs: number): boolean {
    const pane = this.panes.at(timeMs);
    const before = pane.size;
    const place = pane.place(key);
    const isNew = pane.size !== before;
    try {
      pane.values[place] = this.#aggregator.add(pane.values[place], value);
    } catch (error) {
      // A record that is given up must not leave behind the place that was made for it.
      if (isNew) pane.removeLast();
      throw error;
    }
    return isNew;
  }

  *fire(watermarkMs: number): Generator<void> {
    yield* this.#emitUpdates();
    for (let endMs = this.#nextEndMs(); endMs <= watermarkMs && endMs < END_OF_TIME; endMs = this.#nextEndMs()) {
      // From here on a record of this window is a straggler.
      this.closedMs = endMs;
      yield* this.#emitWindow(endMs);
      this.#watermarkMs = endMs;
      this.#dropPanes(endMs);
      this.#packPanes(endMs);
    }
    this.#passTo(watermarkMs);
  }

  /** Nothing is left to fire until there; but from now on what lies before is late. */
  #passTo(watermarkMs: number): void {
    this.#watermarkMs = watermarkMs;
    this.closedMs = Math.max(this.closedMs, this.#grid.lastEndAt(watermarkMs));
    this.#dropPanes(watermarkMs);
  }

  /** Early results: what each window that is still open has come to by now. */
  *tick(nowMs: number): Generator<void> {
    this.tickAtMs = nowMs + this.#options.earlyMs!;
    const { sizeMs, stepMs } = this.#grid;
    const ends = new Set<number>();
    for (const start of this.panes.starts) {
      for (let endMs = this.#grid.lastEndOf(start); endMs > start; endMs -= stepMs) {
        if (endMs > this.closedMs) ends.add(endMs);
      }
    }
    for (const endMs of [...ends].sort((a, b) => a - b)) {
      yield* this.#emitCombined(endMs, 'early');
      if (this.#options.discarding === true) this.#drop(endMs - sizeMs);
    }
  }

  /** Results say which kind they are where there can be more than one for a window. */
  get #isTelling(): boolean {
    return this.#options.earlyMs !== undefined || this.#options.allowedLatenessMs !== undefined;
  }

  *#emitUpdates(): Generator<void> {
    for (const [endMs, keys] of [...this.#updates].sort(([a], [b]) => a - b)) {
      this.#updates.delete(endMs);
      yield* this.#emitDrawn(this.#updated(keys, endMs), endMs, 'late');
    }
  }

  *#emitWindow(endMs: number): Generator<void> {
    const emission = this.#isTelling ? 'final' : undefined;
    if (this.#sliding === undefined || this.#isSpilled(endMs)) yield* this.#emitCombined(endMs, emission);
    else {
      const last = this.#sliding.slideTo(endMs - this.#grid.sizeMs, endMs);
      if (last === undefined) yield* this.#emitPlaced(this.#sliding, endMs, emission);
      else yield* this.#emitSlid(this.#sliding, last, endMs, emission);
    }
  }

  /** The keys of the last pane as they come in, then the others: first results need not wait until all of them have. */
  *#emitSlid(sliding: SlidingWindow, last: SlotValues, endMs: number, emission: Emission | undefined): Generator<void> {
    for (let from = 0; from < last.size; from += RESULTS_A_TURN) {
      const to = Math.min(last.size, from + RESULTS_A_TURN);
      sliding.takeIn(last, from, to);
      for (let i = from; i < to; i++) {
        const slot = last.slots[i]!;
        this.#tell(sliding.keyAt(slot), sliding.valueAt(slot), endMs, emission);
      }
      yield;
    }
    yield* this.#emitPlaced(sliding, endMs, emission);
    sliding.putBack(last);
  }

  /** All panes of the window together. */
  *#emitCombined(endMs: number, emission: Emission | undefined): Generator<void> {
    const starts = this.#grid.panesOf(this.panes.starts, endMs);
    if (this.#spilled?.hasAny(starts) === true) {
      this.#sliding?.clear();
      yield* this.#emitDrawn(this.#spilled.combined(starts), endMs, emission);
    } else if (starts.length === 1) yield* this.#emitPlaced(this.panes.get(starts[0]!)!, endMs, emission);
    else {
      const all = this.#combined(starts);
      yield* this.#emitPlaced(all, endMs, emission);
      this.panes.recycle(all);
    }
  }

  *#emitPlaced(results: Placed, endMs: number, emission: Emission | undefined): Generator<void> {
    const host = this.#host;
    let tries = 0;
    for (let place = 0; place < results.places; place++) {
      if (!results.has(place)) continue;
      this.#tell(results.keyAt(place), results.valueAt(place), endMs, emission);
      if (++tries % RESULTS_A_TURN === 0 || host.full) yield;
    }
  }

  /** Undefined stands for a pause. */
  *#emitDrawn(entries: Iterable<KeyEntry | undefined>, endMs: number, emission: Emission | undefined): Generator<void> {
    let tries = 0;
    for (const entry of entries) {
      if (entry !== undefined) this.#tell(entry.key, entry.value, endMs, emission);
      if (entry === undefined || ++tries % RESULTS_A_TURN === 0 || this.#host.full) yield;
    }
  }

  #tell(key: unknown, accumulator: unknown, windowEnd: number, emission: Emission | undefined): void {
    const windowStart = windowEnd - this.#grid.sizeMs;
    try {
      this.#host.emit(this.#result(key, accumulator, windowStart, windowEnd, emission), windowEnd - 1);
    } catch (error) {
      this.#host.failed(error, { key, windowStart, windowEnd });
    }
  }

  #result(key: unknown, accumulator: unknown, windowStart: number, windowEnd: number, emission?: Emission): object {
    const value = this.#aggregator.result(this.#livesOn ? lend(this.#aggregator, accumulator) : accumulator);
    if (emission !== undefined) {
      return this.#spread
        ? { key, windowStart, windowEnd, emission, ...(value as object) }
        : { key, windowStart, windowEnd, emission, value };
    }
    return this.#spread
      ? { key, windowStart, windowEnd, ...(value as object) }
      : { key, windowStart, windowEnd, value };
  }

  /** The end of the first window that has not fired and holds anything; Infinity when there is none. */
  #nextEndMs(): number {
    return this.#grid.nextEndMs(this.panes.starts, this.closedMs);
  }

  #isSpilled(endMs: number): boolean {
    return this.#spilled?.hasAny(this.#grid.panesOf(this.panes.starts, endMs)) === true;
  }

  #combined(starts: readonly number[]): Pane {
    const { combine } = this.#aggregator;
    const all = this.panes.newPane();
    for (const start of starts) {
      const { slots, values, size } = this.panes.read(start)!;
      for (let i = 0; i < size; i++) {
        const place = all.placeOfSlot(slots[i]!);
        all.values[place] = combine.call(this.#aggregator, all.values[place], lend(this.#aggregator, values[i]));
      }
    }
    return all;
  }

  /** Some keys of a window alone. */
  #updated(keys: KeyTable, endMs: number): Iterable<KeyEntry | undefined> {
    const starts = this.#grid.panesOf(this.panes.starts, endMs);
    if (this.#spilled?.hasAny(starts) === true) {
      this.#sliding?.clear();
      return this.#spilled.picked(starts, keys);
    }
    const entries: KeyEntry[] = [];
    for (const { key } of keys.entries()) entries.push({ key, value: this.#accumulatorOf(key, starts) });
    return entries;
  }

  #accumulatorOf(key: unknown, starts: readonly number[]): unknown {
    let accumulator = this.#aggregator.create();
    for (const start of starts) {
      const pane = this.panes.get(start)!;
      const place = pane.peek(key);
      if (place >= 0) accumulator = this.#aggregator.combine(accumulator, lend(this.#aggregator, pane.values[place]));
    }
    return accumulator;
  }

  /** Drops the panes that no window needs any more. */
  #dropPanes(watermarkMs: number): void {
    for (;;) {
      const [start] = this.panes.starts;
      if (start === undefined) return;
      const lastEndMs = this.#grid.lastEndOf(start);
      if (lastEndMs > this.closedMs || lastEndMs + this.#latenessMs > watermarkMs) return;
      this.#sliding?.leave(start);
      this.#drop(start);
    }
  }

  #drop(start: number): void {
    this.panes.drop(start);
    this.#spilled?.drop(start);
  }

  /** What slid in with this window is next looked at when it slides out, unless a straggler comes, or results are told more than once. */
  #packPanes(endMs: number): void {
    if (this.#sliding === undefined || this.#isTelling) return;
    const { paneMs } = this.panes;
    for (let start = endMs - this.#grid.stepMs; start < endMs; start += paneMs) this.panes.pack(start);
  }
}
