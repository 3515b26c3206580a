// Two streams joined by key where the right record's time is within an interval around the left one's. On the actor that owns the keys.
//
//            l.time + lowerMs         l.time + upperMs
//   left l  ------|------------------------|------------->      a partner: any r of the key in there, ends included
//   right   ------r1----r2----------------r3----r4------->      here r1 (if its time is the bound), r2, r3
//
// A pair is told at once, when the later of the two arrives; its time is the later of theirs. A record without a partner, and a group of
// all partners of a left record, is told when the watermark is behind the last moment at which another could be.
//
// Kept: a left record until the watermark is behind l.time + upperMs, a right one until it is behind r.time - lowerMs; each at least until it is
// behind its own time; for ever where that bound is infinite. Behind the watermark a record is late: what it should meet may be gone.
// Records keep the text of the frame that they came in; its other records are kept about as long. What memory does not hold leaves it by key,
// with all records of the key; timers stay.

import type { KeyEntry } from '../operators/key-table.ts';
import type { StatefulHost, StatefulLogic } from '../operators/stateful-operator.ts';
import { type Spillable, type StateTable, stateTable } from '../state/spilling-table.ts';
import { TimerHeap } from '../time/timer-heap.ts';
import { END_OF_TIME, NO_WATERMARK } from '../time/watermark.ts';
import { type Held, HeldRecords } from './held-records.ts';
import { upperOf } from './interval-bounds.ts';
import { type JoinType, keepsLeft, keepsRight } from './join-type.ts';

/** Where records met. */
export interface JoinKey<K> {
  readonly key: K;
}

export interface Interval {
  readonly lowerMs: number;
  readonly upperMs: number | ((left: unknown) => number);
}

type Select = (left: unknown, right: unknown, where: JoinKey<unknown>) => unknown;
type Group = (left: unknown, rights: unknown[], where: JoinKey<unknown>) => Iterable<unknown>;

interface Sides {
  readonly left: HeldRecords;
  readonly right: HeldRecords;
  /** When its timer is set to; Infinity when it has none. */
  timerMs: number;
}

const SIDES: Spillable<Sides> = {
  create: () => ({ left: new HeldRecords(), right: new HeldRecords(), timerMs: END_OF_TIME }),
  toData: ({ left, right, timerMs }) => [left.toData(), right.toData(), timerMs],
  fromData: (data) => {
    const [left, right, timerMs] = data as [Held[], Held[], number];
    return { left: HeldRecords.of(left), right: HeldRecords.of(right), timerMs };
  },
  isBlank: ({ left, right }) => left.size === 0 && right.size === 0,
};

/** Of a key, when it is next complete in part; with its entry where that cannot leave memory. */
interface KeyTimer {
  readonly key: unknown;
  readonly entry: KeyEntry | undefined;
  readonly atMs: number;
}

/** A record that is meeting its partners: those from `at` to `to` of the other side are yet to be met. */
interface Meeting {
  readonly held: Held;
  readonly isLeft: boolean;
  readonly partners: HeldRecords;
  readonly where: JoinKey<unknown>;
  at: number;
  readonly to: number;
}

/** Timers after which a firing join gives the other actors of its worker their turn. */
const TIMERS_A_TURN = 64;

export class IntervalJoin implements StatefulLogic {
  readonly #interval: Interval;
  readonly #type: JoinType;
  readonly #select: Select | undefined;
  readonly #group: Group | undefined;
  readonly #host: StatefulHost;
  readonly #keys: StateTable<Sides>['table'];
  readonly #spilling: StateTable<Sides>['spilling'];
  readonly #timers = new TimerHeap<KeyTimer>();
  #watermarkMs: number = NO_WATERMARK;
  /** Has more partners than a batch holds: the rest is told before anything else happens. */
  #meeting: Meeting | undefined;

  private constructor(
    interval: Interval,
    type: JoinType,
    select: Select | undefined,
    group: Group | undefined,
    host: StatefulHost,
  ) {
    this.#interval = interval;
    this.#type = type;
    this.#select = select;
    this.#group = group;
    this.#host = host;
    const { table, spilling } = stateTable(SIDES, host.coldState);
    this.#keys = table;
    this.#spilling = spilling;
  }

  /** Each left record with each of its partners. */
  static ofPairs(interval: Interval, type: JoinType, select: Select, host: StatefulHost): IntervalJoin {
    return new IntervalJoin(interval, type, select, undefined, host);
  }

  /** Each left record with all of its partners, at once. */
  static ofGroups(interval: Interval, group: Group, host: StatefulHost): IntervalJoin {
    return new IntervalJoin(interval, 'left', undefined, group, host);
  }

  batch(): void {
    if (this.#meeting === undefined) this.#spilling?.relieve();
  }

  close(): void | Promise<void> {
    return this.#spilling?.close();
  }

  /** Records kept, over all keys. Counts them: not for hot paths. */
  get heldCount(): number {
    let count = 0;
    for (const { value } of this.#keys.entries()) count += (value as Sides).left.size + (value as Sides).right.size;
    return count;
  }

  onRecord(key: unknown, record: unknown, timeMs: number, input: number): void {
    if (timeMs < this.#watermarkMs) {
      this.#host.late(record, timeMs);
      return;
    }
    const isLeft = input === 0;
    const { lowerMs, upperMs } = this.#interval;
    const lastMs = isLeft ? timeMs + upperOf(upperMs, record) : timeMs - lowerMs;
    const entry = this.#keys.find(key);
    const { left, right } = entry.value as Sides;
    const held: Held = {
      record,
      timeMs,
      lastMs,
      completeMs: Math.max(timeMs, lastMs),
      matched: false,
      partners: isLeft && this.#group !== undefined ? [] : undefined,
    };
    const own = isLeft ? left : right;
    own.add(held);
    this.#setTimer(entry, held.completeMs);
    const partners = isLeft ? right : left;
    if (partners.size === 0) return;
    const at = isLeft
      ? partners.countWhile((other) => other.timeMs < timeMs + lowerMs)
      : // Where each left record has a bound of its own, they are tested one by one.
        typeof upperMs === 'number'
        ? partners.countWhile((other) => other.lastMs < timeMs)
        : 0;
    const to = isLeft
      ? partners.countWhile((other) => other.timeMs <= lastMs)
      : partners.countWhile((other) => other.timeMs + lowerMs <= timeMs);
    if (at >= to) return;
    const meeting: Meeting = { held, isLeft, partners, where: { key: entry.key }, at, to };
    if (this.#meet(meeting)) return;
    this.#meeting = meeting;
    this.#host.requestFire();
  }

  isDue(watermarkMs: number): boolean {
    if (this.#meeting !== undefined || this.#timers.nextMs < watermarkMs || watermarkMs === END_OF_TIME) return true;
    if (watermarkMs > this.#watermarkMs) this.#watermarkMs = watermarkMs;
    return false;
  }

  *fire(watermarkMs: number): Generator<void> {
    while (this.#meeting !== undefined) {
      if (this.#meet(this.#meeting)) this.#meeting = undefined;
      else yield;
    }
    if (watermarkMs === END_OF_TIME) {
      for (const entry of this.#keys.entries()) yield* this.#complete(entry, watermarkMs);
      this.#keys.clear();
    }
    for (let fired = 1; this.#timers.nextMs < watermarkMs; fired++) {
      if (fired % TIMERS_A_TURN === 0) this.#spilling?.relieve();
      const timer = this.#timers.take();
      const entry = timer.entry ?? this.#keys.peek(timer.key);
      // One was set before it, and has done its work.
      if (entry === undefined || timer.atMs !== (entry.value as Sides).timerMs) continue;
      const sides = entry.value as Sides;
      sides.timerMs = END_OF_TIME;
      this.#spilling?.touch(entry);
      yield* this.#complete(entry, watermarkMs);
      if (sides.left.size === 0 && sides.right.size === 0) this.#keys.delete(entry.key);
      else this.#setTimer(entry, this.#nextMs(sides));
      if (fired % TIMERS_A_TURN === 0) yield;
    }
    if (watermarkMs > this.#watermarkMs) this.#watermarkMs = watermarkMs;
  }

  #setTimer(entry: KeyEntry, atMs: number): void {
    const sides = entry.value as Sides;
    if (atMs >= sides.timerMs) return;
    sides.timerMs = atMs;
    this.#timers.set(atMs, { key: entry.key, entry: this.#spilling === undefined ? entry : undefined, atMs });
  }

  #nextMs({ left, right }: Sides): number {
    let nextMs = right.size === 0 ? END_OF_TIME : right.at(0).completeMs;
    const unordered = typeof this.#interval.upperMs !== 'number';
    for (let at = 0; at < (unordered ? left.size : Math.min(1, left.size)); at++) {
      nextMs = Math.min(nextMs, left.at(at).completeMs);
    }
    return nextMs;
  }

  /** False when the host was full before all have met. */
  #meet(meeting: Meeting): boolean {
    const { held, isLeft, partners, where, to } = meeting;
    while (meeting.at < to) {
      const other = partners.at(meeting.at++);
      const left = isLeft ? held : other;
      const right = isLeft ? other : held;
      if (right.timeMs > left.lastMs) continue;
      left.matched = true;
      right.matched = true;
      if (left.partners !== undefined) left.partners.push(right);
      else this.#tellPair(left.record, right.record, where, Math.max(left.timeMs, right.timeMs));
      if (this.#host.full && meeting.at < to) return false;
    }
    return true;
  }

  /** Drops what no partner can come for any more; tells those that have waited for that. */
  *#complete({ key, value }: KeyEntry, watermarkMs: number): Generator<void> {
    const { left, right } = value as Sides;
    const where = { key };
    const isOver = (held: Held): boolean => held.completeMs < watermarkMs || watermarkMs === END_OF_TIME;
    if (typeof this.#interval.upperMs === 'number' || watermarkMs === END_OF_TIME) {
      while (left.size > 0 && isOver(left.at(0))) yield* this.#tellLeft(left.takeFirst(), where);
    } else {
      for (const held of left.takeComplete(watermarkMs)) yield* this.#tellLeft(held, where);
    }
    while (right.size > 0 && isOver(right.at(0))) {
      const held = right.takeFirst();
      if (held.matched || !keepsRight(this.#type)) continue;
      this.#tellPair(undefined, held.record, where, this.#timeOf(held));
      if (this.#host.full) yield;
    }
  }

  *#tellLeft(held: Held, where: JoinKey<unknown>): Generator<void> {
    const timeMs = this.#timeOf(held);
    if (held.partners !== undefined) {
      held.partners.sort((a, b) => a.timeMs - b.timeMs);
      const rights = held.partners.map(({ record }) => record);
      try {
        for (const result of this.#group!(held.record, rights, where)) {
          this.#host.emit(result, timeMs);
          if (this.#host.full) yield;
        }
      } catch (error) {
        this.#host.failed(error, { ...where, left: held.record });
      }
    } else if (!held.matched && keepsLeft(this.#type)) {
      this.#tellPair(held.record, undefined, where, timeMs);
      if (this.#host.full) yield;
    }
  }

  #tellPair(left: unknown, right: unknown, where: JoinKey<unknown>, timeMs: number): void {
    try {
      this.#host.emit(this.#select!(left, right, where), timeMs);
    } catch (error) {
      this.#host.failed(error, { ...where, left, right });
    }
  }

  /** Of a result that waited until it was complete: never behind the watermark that was told before. */
  #timeOf({ completeMs, timeMs }: Held): number {
    return completeMs === END_OF_TIME ? Math.max(timeMs, this.#watermarkMs) : completeMs;
  }
}
