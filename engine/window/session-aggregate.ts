// Aggregates over sessions: for each key, records that follow each other in less than the gap. On the thread of the actor that owns
// the keys.
//
//   key -> sessions, ascending, never overlapping: [startMs, lastMs + gapMs)
//   a record in none of them begins one; in one, prolongs it; between two less than the gap from both, joins them
//
//   open --- watermark passes the end: told --> told --- allowedLatenessMs later --> forgotten
//     ^                                          | |
//     +--- a record prolongs it past the ------- + +--- any other record: told again
//          watermark, or joins it to an open one
//
// Each has one timer, which moves on when it finds the session prolonged. A record is late when the session that it would begin had ended by
// the allowed lateness and none that is still kept takes it.
//
// The bounds of a session change while results are told: a result names those told before that it stands for (`revises`), so that whoever
// removes them holds each record once.
//
// Sessions that memory does not hold leave it by key, but not while one of them has yet to be told. Timers stay, and know those sessions by number.

import type { Aggregator } from '../aggregate/aggregator.ts';
import { lend } from '../aggregate/lend.ts';
import type { KeyEntry } from '../operators/key-table.ts';
import type { StatefulHost, StatefulLogic } from '../operators/stateful-operator.ts';
import { type Spillable, type StateTable, stateTable } from '../state/spilling-table.ts';
import { TimerHeap } from '../time/timer-heap.ts';
import { NO_WATERMARK } from '../time/watermark.ts';
import type { WindowOptions } from './window-options.ts';
import { tellResult, type WindowSpan } from './window-result.ts';

interface Session {
  readonly id: number;
  /** That of its key; set anew when that comes back into memory. */
  entry: KeyEntry;
  startMs: number;
  lastMs: number;
  accumulator: unknown;
  /** Gone: part of another, or forgotten. Its timer finds nothing to do. */
  phase: 'open' | 'told' | 'gone';
  /** Bounds that were told of it, and of those that it has taken up, and that nothing told since stands for. */
  told: readonly WindowSpan[];
}

const NOTHING_TOLD: readonly WindowSpan[] = [];

type StoredSession = readonly [number, number, number, unknown, Session['phase'], readonly WindowSpan[]];

/** Until they know it. */
const NO_ENTRY: KeyEntry = { key: undefined, value: undefined };

const SESSIONS: Spillable<Session[]> = {
  create: () => [],
  toData: (sessions) =>
    sessions.map(({ id, startMs, lastMs, accumulator, phase, told }): StoredSession => {
      return [id, startMs, lastMs, accumulator, phase, told];
    }),
  fromData: (data) =>
    (data as StoredSession[]).map(([id, startMs, lastMs, accumulator, phase, told]): Session => {
      return { id, entry: NO_ENTRY, startMs, lastMs, accumulator, phase, told };
    }),
  isBlank: ({ length }) => length === 0,
};

/** In place of a session that may leave memory. */
interface SessionTimer {
  readonly key: unknown;
  readonly id: number;
}

export class SessionAggregate implements StatefulLogic {
  tickAtMs: number = Number.POSITIVE_INFINITY;
  readonly #gapMs: number;
  readonly #latenessMs: number;
  readonly #earlyMs: number | undefined;
  /** There can be several results of a session: they say which kind they are, and its accumulator lives on behind them. */
  readonly #tellsOften: boolean;
  readonly #aggregator: Aggregator<unknown>;
  readonly #spread: boolean;
  readonly #host: StatefulHost;
  readonly #keys: StateTable<Session[]>['table'];
  readonly #spilling: StateTable<Session[]>['spilling'];
  readonly #timers = new TimerHeap<Session | SessionTimer>();
  #nextId = 0;
  #watermarkMs: number = NO_WATERMARK;
  /** Open ones with records since they were told, where there are early results. */
  readonly #changed = new Set<Session>();
  /** Told ones with records since. */
  readonly #updates = new Set<Session>();

  constructor(
    gapMs: number,
    options: WindowOptions,
    aggregator: Aggregator<unknown>,
    spread: boolean,
    host: StatefulHost,
  ) {
    this.#gapMs = gapMs;
    this.#latenessMs = options.allowedLatenessMs ?? 0;
    this.#earlyMs = options.earlyMs;
    this.#tellsOften = options.earlyMs !== undefined || options.allowedLatenessMs !== undefined;
    this.#aggregator = aggregator;
    this.#spread = spread;
    this.#host = host;
    const { table, spilling } = stateTable(SESSIONS, host.coldState);
    this.#keys = table;
    this.#spilling = spilling;
    if (options.earlyMs !== undefined) this.tickAtMs = host.nowMs() + options.earlyMs;
  }

  batch(): void {
    this.#relieve();
  }

  close(): void | Promise<void> {
    return this.#spilling?.close();
  }

  onRecord(key: unknown, record: unknown, timeMs: number): void {
    const aggregator = this.#aggregator;
    const value = aggregator.select === undefined ? record : aggregator.select(record);
    const known = this.#spilling === undefined ? this.#keys.peek(key) : this.#fetch(key);
    const sessions = (known?.value as Session[] | undefined) ?? [];
    const gapMs = this.#gapMs;
    const at = sessions.findIndex(({ startMs, lastMs }) => timeMs < lastMs + gapMs && startMs < timeMs + gapMs);
    const session = sessions[at];
    if (session === undefined) {
      if (timeMs + gapMs + this.#latenessMs <= this.#watermarkMs) this.#host.late(record, timeMs);
      else this.#begin(key, aggregator.add(aggregator.create(), value), timeMs);
      return;
    }
    session.accumulator = aggregator.add(session.accumulator, value);
    session.startMs = Math.min(session.startMs, timeMs);
    session.lastMs = Math.max(session.lastMs, timeMs);
    const next = sessions[at + 1];
    if (next !== undefined && next.startMs < session.lastMs + gapMs) {
      session.accumulator = aggregator.combine(session.accumulator, next.accumulator);
      session.lastMs = Math.max(session.lastMs, next.lastMs);
      if (next.told.length > 0) session.told = [...session.told, ...next.told];
      sessions.splice(at + 1, 1);
      this.#discard(next);
    }
    this.#noteChange(session);
  }

  /** When something is due, if nothing else comes; Infinity for never. */
  get dueMs(): number {
    return this.#timers.nextMs;
  }

  isDue(watermarkMs: number): boolean {
    if (this.#timers.nextMs <= watermarkMs || this.#updates.size > 0) return true;
    // Nothing to tell; but from now on what lies before is late.
    if (watermarkMs > this.#watermarkMs) this.#watermarkMs = watermarkMs;
    return false;
  }

  *fire(watermarkMs: number): Generator<void> {
    yield* this.#tellAll(this.#updates, 'told', 'late');
    for (let fired = 0; this.#timers.size > 0 && this.#timers.nextMs <= watermarkMs; fired++) {
      if (fired % 64 === 63) this.#relieve();
      const session = this.#sessionOf(this.#timers.take());
      if (session !== undefined && session.phase !== 'gone') this.#fireTimer(session, watermarkMs);
      if (fired % 64 === 63 || this.#host.full) yield;
    }
    this.#watermarkMs = watermarkMs;
  }

  /** Early results: what the open sessions that have changed come to by now. */
  tick(nowMs: number): Generator<void> {
    this.tickAtMs = nowMs + this.#earlyMs!;
    return this.#tellAll(this.#changed, 'open', 'early');
  }

  #fireTimer(session: Session, watermarkMs: number): void {
    const endMs = session.lastMs + this.#gapMs;
    if (session.phase === 'open') {
      if (endMs > watermarkMs) {
        this.#setTimer(endMs, session);
        return;
      }
      this.#tell(session, 'final');
      session.phase = 'told';
    }
    const keptUntilMs = endMs + this.#latenessMs;
    if (keptUntilMs > watermarkMs) {
      this.#changed.delete(session);
      this.#setTimer(keptUntilMs, session);
    } else this.#forget(session);
  }

  #begin(key: unknown, accumulator: unknown, timeMs: number): void {
    const entry = this.#keys.find(key);
    const sessions = entry.value as Session[];
    const endMs = timeMs + this.#gapMs;
    const phase = endMs > this.#watermarkMs ? 'open' : 'told';
    const id = this.#nextId++;
    const session: Session = { id, entry, startMs: timeMs, lastMs: timeMs, accumulator, phase, told: NOTHING_TOLD };
    if (sessions.length === 0) {
      // Most keys have one. A literal takes as much as it holds; splice() into an empty array makes room for 17.
      entry.value = [session];
    } else {
      const after = sessions.findIndex(({ startMs }) => startMs > timeMs);
      sessions.splice(after === -1 ? sessions.length : after, 0, session);
    }
    this.#setTimer(phase === 'open' ? endMs : endMs + this.#latenessMs, session);
    this.#noteChange(session);
  }

  #noteChange(session: Session): void {
    const endMs = session.lastMs + this.#gapMs;
    if (endMs <= this.#watermarkMs) {
      this.#updates.add(session);
      this.#host.requestFire();
      return;
    }
    const open = session.phase === 'open' ? session : this.#reopen(session, endMs);
    if (this.#earlyMs !== undefined) this.#changed.add(open);
  }

  /** In place of one that was told: the timer of that one may be later than the end of this one. */
  #reopen(session: Session, endMs: number): Session {
    const open: Session = { ...session, id: this.#nextId++, phase: 'open' };
    const sessions = session.entry.value as Session[];
    sessions[sessions.indexOf(session)] = open;
    this.#discard(session);
    this.#setTimer(endMs, open);
    return open;
  }

  #forget(session: Session): void {
    const { key, value } = session.entry;
    const sessions = value as Session[];
    if (sessions.length === 1) this.#keys.delete(key);
    else sessions.splice(sessions.indexOf(session), 1);
    this.#discard(session);
  }

  #setTimer(timeMs: number, session: Session): void {
    const stays = this.#spilling === undefined;
    this.#timers.set(timeMs, stays ? session : { key: session.entry.key, id: session.id });
  }

  /** Undefined for one that is gone. */
  #sessionOf(timer: Session | SessionTimer): Session | undefined {
    if (this.#spilling === undefined) return timer as Session;
    const entry = this.#fetch((timer as SessionTimer).key);
    return (entry?.value as Session[] | undefined)?.find(({ id }) => id === timer.id);
  }

  /** The entry of a key, of which all may leave memory; to be changed. */
  #fetch(key: unknown): KeyEntry | undefined {
    const entry = this.#keys.peek(key);
    if (entry === undefined) return undefined;
    this.#spilling!.touch(entry);
    for (const session of entry.value as Session[]) session.entry = entry;
    return entry;
  }

  #relieve(): void {
    if (this.#updates.size === 0 && this.#changed.size === 0) this.#spilling?.relieve();
  }

  #discard(session: Session): void {
    session.phase = 'gone';
    this.#changed.delete(session);
    this.#updates.delete(session);
  }

  *#tellAll(sessions: Set<Session>, phase: Session['phase'], emission: 'early' | 'late'): Generator<void> {
    if (sessions.size === 0) return;
    const all = [...sessions];
    sessions.clear();
    let tries = 0;
    for (const session of all) {
      if (session.phase === phase) this.#tell(session, emission);
      if (++tries % 64 === 0 || this.#host.full) yield;
    }
  }

  #tell(session: Session, emission: 'early' | 'final' | 'late'): void {
    const { startMs, accumulator, entry, told } = session;
    const span: WindowSpan = { windowStart: startMs, windowEnd: session.lastMs + this.#gapMs };
    const { key } = entry;
    const timeMs = span.windowEnd - 1;
    if (!this.#tellsOften) {
      tellResult(this.#host, this.#aggregator, this.#spread, { key, ...span }, accumulator, timeMs);
      return;
    }
    const others = told.filter(
      ({ windowStart, windowEnd }) => windowStart !== span.windowStart || windowEnd !== span.windowEnd,
    );
    const bounds = { key, ...span, emission, ...(others.length > 0 ? { revises: others } : {}) };
    const lent = lend(this.#aggregator, accumulator);
    // What could not be told takes the place of nothing.
    if (tellResult(this.#host, this.#aggregator, this.#spread, bounds, lent, timeMs)) session.told = [span];
  }
}
