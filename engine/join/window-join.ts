// What two streams bring for the same key and window, together: joined in pairs or as groups. On the thread of the actor that owns the keys.
//
//   left   --keyed-->  pane -> key -> { left: [..], right: [..] }  --watermark passes the window's end-->  results, at end - 1
//   right  --keyed-->
//
// Kept: every record until its last window has ended, so two windows' worth of records and what disorder adds. Records keep the text of the frame
// that they came in: its other records are in the same windows and go at the same time. What memory does not hold is written out
// (engine/window/spilled-panes.ts).

import type { StatefulHost, StatefulLogic } from '../operators/stateful-operator.ts';
import { END_OF_TIME } from '../time/watermark.ts';
import type { HoppingWindow } from '../window/window-spec.ts';
import { type JoinType, keepsLeft, keepsRight } from './join-type.ts';
import { PaneWindows } from './pane-windows.ts';

/** Where and when records met. */
export interface JoinWindow<K> {
  readonly key: K;
  /** Milliseconds of event time, the end not included. */
  readonly windowStart: number;
  readonly windowEnd: number;
}

type Select = (left: unknown, right: unknown, window: JoinWindow<unknown>) => unknown;
type Group = (lefts: unknown[], rights: unknown[], window: JoinWindow<unknown>) => Iterable<unknown>;

/** Gives the results of one key in one window to the host; yields when that is full. */
type Tell = (lefts: unknown[], rights: unknown[], window: JoinWindow<unknown>) => Generator<void>;

interface Sides {
  left: unknown[];
  right: unknown[];
}

/** Keys after which a firing join gives the other actors of its worker their turn. */
const KEYS_A_TURN = 64;

export class WindowJoin implements StatefulLogic {
  readonly #windows: PaneWindows;
  readonly #host: StatefulHost;
  readonly #tell: Tell;

  private constructor(window: HoppingWindow, host: StatefulHost, tell: Tell) {
    const failed = (error: unknown, key: unknown): void => host.failed(error, { key });
    const create = (): Sides => ({ left: [], right: [] });
    this.#windows = new PaneWindows(window, create, host.coldState, { combine: both, failed });
    this.#host = host;
    this.#tell = tell;
  }

  batch(): void {
    this.#windows.spilled?.relieve(0);
  }

  close(): void | Promise<void> {
    return this.#windows.spilled?.close();
  }

  /** Each left record with each right one. */
  static ofPairs(window: HoppingWindow, type: JoinType, select: Select, host: StatefulHost): WindowJoin {
    return new WindowJoin(window, host, (lefts, rights, bounds) => pairs(lefts, rights, bounds, type, select, host));
  }

  /** All left records with all right ones, at once. */
  static ofGroups(window: HoppingWindow, group: Group, host: StatefulHost): WindowJoin {
    return new WindowJoin(window, host, (lefts, rights, bounds) => groups(lefts, rights, bounds, group, host));
  }

  onRecord(key: unknown, record: unknown, timeMs: number, input: number): void {
    const windows = this.#windows;
    if (windows.isLate(timeMs)) {
      this.#host.late(record, timeMs);
      return;
    }
    const pane = windows.panes.at(timeMs);
    const sides = pane.values[pane.place(key)] as Sides;
    const own = input === 0 ? sides.left : sides.right;
    if (own.length > 0) own.push(record);
    // Many keys have one record a side. A literal takes as much as it holds; push() into an empty array makes room for 17.
    else if (input === 0) sides.left = [record];
    else sides.right = [record];
  }

  isDue(watermarkMs: number): boolean {
    if (watermarkMs >= this.#windows.nextEndMs()) return true;
    if (this.#windows.hasEnded(watermarkMs)) this.#windows.closeAt(watermarkMs);
    return false;
  }

  *fire(watermarkMs: number): Generator<void> {
    const windows = this.#windows;
    for (let endMs = windows.nextEndMs(); endMs <= watermarkMs && endMs < END_OF_TIME; endMs = windows.nextEndMs()) {
      yield* this.#fireWindow(endMs);
      windows.closedMs = endMs;
      windows.dropEnded();
    }
    windows.closeAt(watermarkMs);
  }

  *#fireWindow(endMs: number): Generator<void> {
    const starts = this.#windows.panesOf(endMs);
    const windowStart = endMs - this.#windows.sizeMs;
    let keys = 0;
    const { spilled } = this.#windows;
    if (spilled?.hasAny(starts) === true) {
      for (const entry of spilled.combined(starts)) {
        if (entry !== undefined) {
          const { left, right } = entry.value as Sides;
          yield* this.#tell(left, right, { key: entry.key, windowStart, windowEnd: endMs });
        }
        if (entry === undefined || ++keys % KEYS_A_TURN === 0) yield;
      }
      return;
    }
    for (let first = 0; first < starts.length; first++) {
      const pane = this.#windows.panes.get(starts[first]!)!;
      for (let place = 0; place < pane.size; place++) {
        const key = pane.keyAt(place);
        const sides = starts.length === 1 ? (pane.values[place] as Sides) : this.#together(key, starts, first);
        if (sides !== undefined) {
          yield* this.#tell(sides.left, sides.right, { key, windowStart, windowEnd: endMs });
        }
        if (++keys % KEYS_A_TURN === 0) yield;
      }
    }
  }

  /** The records of a key in all panes; undefined when a pane before `first` has the key and it was told there. */
  #together(key: unknown, starts: readonly number[], first: number): Sides | undefined {
    const { panes } = this.#windows;
    const all: Sides = { left: [], right: [] };
    for (let at = 0; at < starts.length; at++) {
      const pane = panes.get(starts[at]!)!;
      const place = pane.peek(key);
      if (place < 0) continue;
      if (at < first) return undefined;
      const { left, right } = pane.values[place] as Sides;
      for (const record of left) all.left.push(record);
      for (const record of right) all.right.push(record);
    }
    return all;
  }
}

function both(accumulator: unknown, other: unknown): Sides {
  const sides = accumulator as Sides;
  const { left, right } = other as Sides;
  for (const record of left) sides.left.push(record);
  for (const record of right) sides.right.push(record);
  return sides;
}

function* pairs(
  lefts: unknown[],
  rights: unknown[],
  window: JoinWindow<unknown>,
  type: JoinType,
  select: Select,
  host: StatefulHost,
): Generator<void> {
  const nobody = [undefined];
  const withLefts = lefts.length === 0 && keepsRight(type) ? nobody : lefts;
  const withRights = rights.length === 0 && keepsLeft(type) ? nobody : rights;
  for (const left of withLefts) {
    for (const right of withRights) {
      try {
        host.emit(select(left, right, window), window.windowEnd - 1);
      } catch (error) {
        host.failed(error, { ...window, left, right });
      }
      if (host.full) yield;
    }
  }
}

function* groups(
  lefts: unknown[],
  rights: unknown[],
  window: JoinWindow<unknown>,
  group: Group,
  host: StatefulHost,
): Generator<void> {
  try {
    for (const result of group(lefts, rights, window)) {
      host.emit(result, window.windowEnd - 1);
      if (host.full) yield;
    }
  } catch (error) {
    host.failed(error, window);
  }
}
