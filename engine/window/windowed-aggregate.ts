// Aggregates over tumbling and hopping windows. On the thread of the actor that owns the keys.
//
//   record, or partial result from before the exchange -> pane -> accumulator of its key       (compiled into the chain)
//   watermark passes the end of a window               -> its panes combined -> one result a key
//
//   panes    |  0 |  1 |  2 |  3 |  4 |        size 4 panes, step 1
//   window A |--------------|                  B = A - pane 0 + pane 4: where the aggregate can take an accumulator back out
//   window B      |--------------|             (deduct), a window costs two panes whatever its size; else all of its panes.
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
import { Panes } from './panes.ts';
import { SpilledPanes } from './spilled-panes.ts';
import { WindowGrid } from './window-grid.ts';
import type { WindowOptions } from './window-options.ts';
import type { HoppingWindow } from './window-spec.ts';

/** A key in a window that slides: what its panes come to, and how many they are. */
interface Sliding {
  accumulator: unknown;
  panes: number;
}

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
  /** The window that slides, where the aggregate can deduct; panes in [#slidFromMs, #slidToMs) are in it. */
  readonly #sliding: KeyTable | undefined;
  #slidFromMs = NO_WATERMARK;
  #slidToMs = NO_WATERMARK;
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
    this.#sliding = slides ? new KeyTable((): Sliding => ({ accumulator: aggregator.create(), panes: 0 })) : undefined;
    if (host.coldState !== undefined) {
      const combine = aggregator.combine.bind(aggregator);
      const failed = (error: unknown, key: unknown): void => host.failed(error, { key });
      this.#spilled = new SpilledPanes(this.panes, host.coldState, { combine, failed });
    }
    if (options.earlyMs !== undefined) this.tickAtMs = host.nowMs() + options.earlyMs;
  }

  batch(): void {
    if (this.#spilled?.relieve(this.#sliding?.size ?? 0) === true) this.#giveUpSliding();
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
    const { add } = this.#aggregator;
    const isNew = this.#add(key, value, timeMs);
    const pane = this.panes.startOf(timeMs);
    if (this.#sliding !== undefined && pane >= this.#slidFromMs && pane < this.#slidToMs) {
      const sliding = this.#sliding.find(key).value as Sliding;
      sliding.accumulator = add.call(this.#aggregator, sliding.accumulator, value);
      if (isNew) sliding.panes++;
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
    const table = this.panes.at(timeMs);
    const before = table.size;
    const entry = table.find(key);
    const isNew = table.size !== before;
    try {
      entry.value = this.#aggregator.add(entry.value, value);
    } catch (error) {
      // A record that is given up must not leave behind the entry that was made for it.
      if (isNew) table.delete(key);
      throw error;
    }
    return isNew;
  }

  *fire(watermarkMs: number): Generator<void> {
    yield* this.#emitUpdates();
    for (let endMs = this.#nextEndMs(); endMs <= watermarkMs && endMs < END_OF_TIME; endMs = this.#nextEndMs()) {
      // From here on a record of this window is a straggler.
      this.closedMs = endMs;
      const slides = this.#sliding !== undefined && !this.#isSpilled(endMs);
      const entries = slides ? this.#slideTo(endMs) : this.#combined(endMs);
      yield* this.#emitAll(entries, endMs, slides, this.#isTelling ? 'final' : undefined);
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
      yield* this.#emitAll(this.#combined(endMs), endMs, false, 'early');
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
      yield* this.#emitAll(this.#updated(keys, endMs), endMs, false, 'late');
    }
  }

  *#emitAll(
    entries: Iterable<KeyEntry | undefined>,
    endMs: number,
    sliding: boolean,
    emission: 'early' | 'final' | 'late' | undefined,
  ): Generator<void> {
    const host = this.#host;
    const startMs = endMs - this.#grid.sizeMs;
    let tries = 0;
    for (const entry of entries) {
      if (entry === undefined) {
        yield;
        continue;
      }
      const { key, value } = entry;
      try {
        const accumulator = sliding ? (value as Sliding).accumulator : value;
        host.emit(this.#result(key, accumulator, startMs, endMs, emission), endMs - 1);
      } catch (error) {
        host.failed(error, { key, windowStart: startMs, windowEnd: endMs });
      }
      if (++tries % 64 === 0 || host.full) yield;
    }
  }

  #result(key: unknown, accumulator: unknown, windowStart: number, windowEnd: number, emission?: string): object {
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

  /** Undefined for a pause. */
  #combined(endMs: number): Iterable<KeyEntry | undefined> {
    const starts = this.#grid.panesOf(this.panes.starts, endMs);
    if (this.#spilled?.hasAny(starts) === true) {
      this.#giveUpSliding();
      return this.#spilled.combined(starts);
    }
    const panes = starts.map((start) => this.panes.get(start)!);
    if (panes.length <= 1) return panes[0]?.entries() ?? [];
    const { combine } = this.#aggregator;
    const all = new KeyTable(() => this.#aggregator.create());
    for (const pane of panes) {
      for (const { key, value } of pane.entries()) {
        const entry = all.find(key);
        entry.value = combine.call(this.#aggregator, entry.value, lend(this.#aggregator, value));
      }
    }
    return all.entries();
  }

  /** Some keys of a window alone. */
  #updated(keys: KeyTable, endMs: number): Iterable<KeyEntry | undefined> {
    const starts = this.#grid.panesOf(this.panes.starts, endMs);
    if (this.#spilled?.hasAny(starts) === true) {
      this.#giveUpSliding();
      return this.#spilled.picked(starts, keys);
    }
    const entries: KeyEntry[] = [];
    for (const { key } of keys.entries()) entries.push({ key, value: this.#accumulatorOf(key, starts) });
    return entries;
  }

  #accumulatorOf(key: unknown, starts: readonly number[]): unknown {
    let accumulator = this.#aggregator.create();
    for (const start of starts) {
      const entry = this.panes.get(start)!.peek(key);
      if (entry !== undefined) accumulator = this.#aggregator.combine(accumulator, lend(this.#aggregator, entry.value));
    }
    return accumulator;
  }

  #giveUpSliding(): void {
    this.#sliding?.clear();
    this.#slidFromMs = NO_WATERMARK;
    this.#slidToMs = NO_WATERMARK;
  }

  /** Moves the sliding window so that it ends at `endMs`: takes in the panes before that, takes out those before its start. */
  #slideTo(endMs: number): Iterable<KeyEntry> {
    const fromMs = endMs - this.#grid.sizeMs;
    for (const start of this.panes.starts) {
      if (start >= endMs) break;
      const isIn = start >= this.#slidFromMs && start < this.#slidToMs;
      if (start >= fromMs && !isIn) this.#addPane(start);
      else if (start < fromMs && isIn) this.#deductPane(start);
    }
    this.#slidFromMs = fromMs;
    this.#slidToMs = endMs;
    return this.#sliding!.entries();
  }

  /** Drops the panes that no window needs any more. */
  #dropPanes(watermarkMs: number): void {
    for (;;) {
      const [start] = this.panes.starts;
      if (start === undefined) return;
      const lastEndMs = this.#grid.lastEndOf(start);
      if (lastEndMs > this.closedMs || lastEndMs + this.#latenessMs > watermarkMs) return;
      if (this.#sliding !== undefined && start >= this.#slidFromMs && start < this.#slidToMs) {
        this.#deductPane(start);
        this.#slidFromMs = start + this.panes.paneMs;
      }
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

  // Apart from the loop over panes, which runs too seldom to be compiled with it.
  #addPane(start: number): void {
    const sliding = this.#sliding!;
    for (const { key, value } of this.panes.get(start)!.entries()) {
      const held = sliding.find(key).value as Sliding;
      held.accumulator = this.#aggregator.combine(held.accumulator, lend(this.#aggregator, value));
      held.panes++;
    }
  }

  #deductPane(start: number): void {
    const packed = this.panes.packed(start);
    if (packed === undefined) {
      for (const { key, value } of this.panes.get(start)!.entries()) this.#deduct(key, value);
      return;
    }
    const { keys, values } = packed;
    for (let i = 0; i < keys.length; i++) this.#deduct(keys[i], values[i]);
  }

  #deduct(key: unknown, value: unknown): void {
    const held = this.#sliding!.find(key).value as Sliding;
    held.accumulator = this.#aggregator.deduct!(held.accumulator, value);
    if (--held.panes === 0) this.#sliding!.delete(key);
  }
}
