// A stream beside a table, each record with the row as it was at the record's time. On the thread of the actor that owns the keys.
//
//   versions   |--- a ---|------ b ------|---- c ...       a row holds from its time to that of the next
//   records        r1 (a)      r2 (b)                       joined when the watermark is behind them: then no row of their time can come
//
// Kept: records until the watermark has passed them; of the versions of a key the one that held `keepMs` before the watermark, and all later
// ones. A record is late when it is more than `keepMs` behind the watermark; less than that it is joined at once. A version behind the watermark
// counts for the records that are not joined yet; but where rows can be deleted, one more than `keepMs` behind it is late.

import type { KeyEntry } from '../operators/key-table.ts';
import type { StatefulHost, StatefulLogic } from '../operators/stateful-operator.ts';
import { type Spillable, type StateTable, stateTable } from '../state/spilling-table.ts';
import { TimerHeap } from '../time/timer-heap.ts';
import { END_OF_TIME, NO_WATERMARK } from '../time/watermark.ts';
import type { RowReader } from './change.ts';
import type { SelectRow } from './table-table-join.ts';

interface Moment {
  readonly timeMs: number;
  /** A record that waits, or the row from this time on; undefined for a deletion. */
  readonly value: unknown;
}

interface Timeline {
  /** Both by time, ascending; of equals the one that arrived first. */
  readonly waiting: Moment[];
  readonly versions: Moment[];
  timerMs: number;
}

const TIMELINES: Spillable<Timeline> = {
  create: () => ({ waiting: [], versions: [], timerMs: END_OF_TIME }),
  toData: (line) => line,
  fromData: (data) => data as Timeline,
  isBlank: ({ waiting, versions }) => waiting.length === 0 && versions.length === 0,
};

/** Of a key, when something of it is next due; with its entry where that cannot leave memory. */
interface KeyTimer {
  readonly key: unknown;
  readonly entry: KeyEntry | undefined;
  readonly atMs: number;
}

const KEYS_A_TURN = 64;

export class AsOfJoin implements StatefulLogic {
  readonly #reader: RowReader;
  readonly #keepsLeft: boolean;
  readonly #keepMs: number;
  readonly #select: SelectRow;
  readonly #host: StatefulHost;
  readonly #keys: StateTable<Timeline>['table'];
  readonly #spilling: StateTable<Timeline>['spilling'];
  readonly #timers = new TimerHeap<KeyTimer>();
  #watermarkMs: number = NO_WATERMARK;

  constructor(reader: RowReader, keepsLeft: boolean, keepMs: number, select: SelectRow, host: StatefulHost) {
    this.#reader = reader;
    this.#keepsLeft = keepsLeft;
    this.#keepMs = keepMs;
    this.#select = select;
    this.#host = host;
    const { table, spilling } = stateTable(TIMELINES, host.coldState);
    this.#keys = table;
    this.#spilling = spilling;
  }

  batch(): void {
    this.#spilling?.relieve();
  }

  close(): void | Promise<void> {
    return this.#spilling?.close();
  }

  /** Keys that something is kept for. */
  get size(): number {
    return this.#keys.size;
  }

  onRecord(key: unknown, record: unknown, timeMs: number, input: number): void {
    if (input === 1) this.#takeVersion(key, record, timeMs);
    else this.#takeRecord(key, record, timeMs);
  }

  isDue(watermarkMs: number): boolean {
    if (this.#timers.nextMs < watermarkMs || watermarkMs === END_OF_TIME) return true;
    this.#watermarkMs = watermarkMs;
    return false;
  }

  *fire(watermarkMs: number): Generator<void> {
    for (let fired = 1; this.#timers.nextMs < watermarkMs; fired++) {
      if (fired % KEYS_A_TURN === 0) this.#spilling?.relieve();
      const timer = this.#timers.take();
      const entry = timer.entry ?? this.#keys.peek(timer.key);
      // Another was set before it, and has done its work.
      if (entry === undefined || timer.atMs !== (entry.value as Timeline).timerMs) continue;
      const line = entry.value as Timeline;
      line.timerMs = END_OF_TIME;
      this.#spilling?.touch(entry);
      let joined = 0;
      for (; joined < line.waiting.length && line.waiting[joined]!.timeMs < watermarkMs; joined++) {
        const { value, timeMs } = line.waiting[joined]!;
        this.#join(entry.key, value, line, timeMs);
        if (this.#host.full) yield;
      }
      line.waiting.splice(0, joined);
      this.#settle(entry, watermarkMs);
      if (fired % KEYS_A_TURN === 0) yield;
    }
    this.#watermarkMs = watermarkMs;
  }

  #takeRecord(key: unknown, record: unknown, timeMs: number): void {
    if (timeMs < this.#watermarkMs - this.#keepMs) {
      this.#host.late(record, timeMs);
    } else if (timeMs < this.#watermarkMs) {
      this.#join(key, record, this.#keys.peek(key)?.value as Timeline | undefined, timeMs);
    } else {
      const entry = this.#keys.find(key);
      insert((entry.value as Timeline).waiting, { timeMs, value: record });
      this.#setTimer(entry, timeMs);
    }
  }

  #takeVersion(key: unknown, record: unknown, timeMs: number): void {
    const row = this.#reader.rowOf(record);
    // A deletion that it would have to give way to may be forgotten by now.
    if (this.#reader.deletes && timeMs < this.#watermarkMs - this.#keepMs) {
      this.#host.late(record, timeMs);
      return;
    }
    const entry = this.#keys.find(key);
    insert((entry.value as Timeline).versions, { timeMs, value: row });
    this.#settle(entry, this.#watermarkMs);
  }

  #join(key: unknown, record: unknown, line: Timeline | undefined, timeMs: number): void {
    const versions = line?.versions ?? [];
    let at = versions.length - 1;
    while (at >= 0 && versions[at]!.timeMs > timeMs) at--;
    const row = at < 0 ? undefined : versions[at]!.value;
    if (row === undefined && !this.#keepsLeft) return;
    try {
      this.#host.emit(this.#select(record, row, { key }), timeMs);
    } catch (error) {
      this.#host.failed(error, { key, left: record, right: row });
    }
  }

  /** Drops the versions that no record can meet any more, and what is left of a key without any; sets the timer for the rest. */
  #settle(entry: KeyEntry, watermarkMs: number): void {
    const line = entry.value as Timeline;
    const { waiting, versions } = line;
    const keptMs = watermarkMs - this.#keepMs;
    let held = 0;
    while (held + 1 < versions.length && versions[held + 1]!.timeMs <= keptMs) held++;
    // Before a deletion there is nothing, as there is behind it.
    if (versions[held] !== undefined && versions[held]!.value === undefined && versions[held]!.timeMs < keptMs) held++;
    if (held > 0) versions.splice(0, held);
    if (waiting.length > 0) this.#setTimer(entry, waiting[0]!.timeMs);
    else if (versions.length > 1 || versions[0]?.value === undefined) {
      if (versions.length > 0) this.#setTimer(entry, versions[Math.min(1, versions.length - 1)]!.timeMs + this.#keepMs);
      // It may have been dropped before, and the key have come back.
      else if (this.#spilling !== undefined) this.#spilling.discard(entry);
      else if (this.#keys.peek(entry.key) === entry) this.#keys.delete(entry.key);
    }
  }

  #setTimer(entry: KeyEntry, atMs: number): void {
    const line = entry.value as Timeline;
    if (atMs >= line.timerMs) return;
    line.timerMs = atMs;
    this.#timers.set(atMs, { key: entry.key, entry: this.#spilling === undefined ? entry : undefined, atMs });
  }
}

/** Behind those of the same time. */
function insert(moments: Moment[], moment: Moment): void {
  let at = moments.length;
  while (at > 0 && moments[at - 1]!.timeMs > moment.timeMs) at--;
  if (at === moments.length) moments.push(moment);
  else moments.splice(at, 0, moment);
}
