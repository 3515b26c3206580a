// Aggregates over sessions: for each key, records that follow each other in less than the gap. On the thread of the actor that owns
// the keys.
//
//   key -> sessions, ascending, never overlapping: [startMs, lastMs + gapMs)
//   a record in none of them begins one; in one, prolongs it; between two less than the gap from both, joins them
//
// A session is told when the watermark passes its end. Each has one timer, which moves on when it finds the session prolonged. A record is
// late when the session that it would begin had ended already and none that is still open takes it.

import type { Aggregator } from '../aggregate/aggregator.ts';
import { KeyTable } from '../operators/key-table.ts';
import type { StatefulHost, StatefulLogic } from '../operators/stateful-operator.ts';
import { TimerHeap } from '../time/timer-heap.ts';
import { NO_WATERMARK } from '../time/watermark.ts';
import { tellResult } from './window-result.ts';

interface Session {
  startMs: number;
  lastMs: number;
  accumulator: unknown;
  /** Taken up by the one before it: its timer finds nothing to do. */
  joined: boolean;
}

export class SessionAggregate implements StatefulLogic {
  readonly #gapMs: number;
  readonly #aggregator: Aggregator<unknown>;
  readonly #spread: boolean;
  readonly #host: StatefulHost;
  readonly #keys = new KeyTable((): Session[] => []);
  readonly #timers = new TimerHeap<{ readonly key: unknown; readonly session: Session }>();
  #watermarkMs: number = NO_WATERMARK;

  constructor(gapMs: number, aggregator: Aggregator<unknown>, spread: boolean, host: StatefulHost) {
    this.#gapMs = gapMs;
    this.#aggregator = aggregator;
    this.#spread = spread;
    this.#host = host;
  }

  onRecord(key: unknown, record: unknown, timeMs: number): void {
    const aggregator = this.#aggregator;
    const value = aggregator.select === undefined ? record : aggregator.select(record);
    const known = this.#keys.peek(key);
    const sessions = (known?.value as Session[] | undefined) ?? [];
    const gapMs = this.#gapMs;
    const at = sessions.findIndex(({ startMs, lastMs }) => timeMs < lastMs + gapMs && startMs < timeMs + gapMs);
    const session = sessions[at];
    if (session === undefined) {
      if (timeMs + gapMs <= this.#watermarkMs) this.#host.late(record, timeMs);
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
      next.joined = true;
      sessions.splice(at + 1, 1);
    }
  }

  /** When something is due, if nothing else comes; Infinity for never. */
  get dueMs(): number {
    return this.#timers.nextMs;
  }

  isDue(watermarkMs: number): boolean {
    if (this.#timers.nextMs <= watermarkMs) return true;
    // Nothing to tell; but from now on what lies before is late.
    if (watermarkMs > this.#watermarkMs) this.#watermarkMs = watermarkMs;
    return false;
  }

  *fire(watermarkMs: number): Generator<void> {
    for (let fired = 0; this.#timers.size > 0 && this.#timers.nextMs <= watermarkMs; fired++) {
      const timer = this.#timers.take();
      const { key, session } = timer;
      if (session.joined) continue;
      const endMs = session.lastMs + this.#gapMs;
      if (endMs > watermarkMs) {
        this.#timers.set(endMs, timer);
        continue;
      }
      this.#tell(key, session, endMs);
      const sessions = this.#keys.find(key).value as Session[];
      if (sessions.length === 1) this.#keys.delete(key);
      else sessions.splice(sessions.indexOf(session), 1);
      if (fired % 64 === 63 || this.#host.full) yield;
    }
    this.#watermarkMs = watermarkMs;
  }

  #begin(key: unknown, accumulator: unknown, timeMs: number): void {
    const session: Session = { startMs: timeMs, lastMs: timeMs, accumulator, joined: false };
    const entry = this.#keys.find(key);
    const sessions = entry.value as Session[];
    const after = sessions.findIndex(({ startMs }) => startMs > timeMs);
    sessions.splice(after === -1 ? sessions.length : after, 0, session);
    this.#timers.set(timeMs + this.#gapMs, { key: entry.key, session });
  }

  #tell(key: unknown, { startMs, accumulator }: Session, endMs: number): void {
    const bounds = { key, windowStart: startMs, windowEnd: endMs };
    tellResult(this.#host, this.#aggregator, this.#spread, bounds, accumulator, endMs - 1);
  }
}
