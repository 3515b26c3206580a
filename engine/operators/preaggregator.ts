// The first step of a two-step aggregate: combines records of equal key before the exchange. On the thread of the sending actor.
//
//   record -> key known here? -> add to its accumulator                     (nothing is sent)
//   table full, or the input ends -> one partial { k, a } a key -> exchange -> combine
// For windows there is a table a pane, and what has been combined in a pane leaves before the watermark passes its end.
//
// The table is bounded. Where keys hardly repeat it would only be in the way: it then steps aside for a while, records cross as
// they are, and it looks again later. Which of the two a record takes does not change the answer, nor the order of a key's records: what
// is staged of the one kind is sent before anything of the other is.

import { PARTIALS_PORT } from '../lane/lane-frame-layout.ts';
import { LIMITS } from '../limits.ts';
import { partitionOf } from '../partition/key-hash.ts';
import { NO_WATERMARK } from '../time/watermark.ts';
import type { Panes } from '../window/panes.ts';
import type { ExchangeOutlet } from './exchange-outlet.ts';
import type { KeyEntry } from './key-table.ts';
import type { Outlet } from './outlet.ts';

/** Records per key that a full table must have combined to be worth its cost; measured break-even is about 1.5. */
const WORTHWHILE = 2;
/** Records that pass unaggregated before the table is tried again. */
const ASIDE_RECORDS = 512 * 1024;

export class Preaggregator implements Outlet {
  full = false;
  readonly holdup = 'lane';
  /** Records cross as they are, for now. Read by the compiled chain. */
  aside = false;
  /** Panes that end here or before have left, and the receiver may count on it. Read by the compiled chain. */
  closedMs: number = NO_WATERMARK;
  readonly panes: Panes;
  readonly #outlet: ExchangeOutlet;
  readonly #actorOfPartition: Uint16Array;
  #watermarkMs: number = NO_WATERMARK;
  #records = 0;
  #emitting: Iterator<unknown> | undefined;
  #asideLeft = 0;
  /** Records may be staged that came before what the table holds. */
  #recordsStaged = false;
  /** Partial results may be staged that come before the next record. */
  #partialsStaged = false;

  /** @param panes where results are not by window, a single one for all time */
  constructor(outlet: ExchangeOutlet, panes: Panes, actorOfPartition: Uint16Array) {
    this.#outlet = outlet;
    this.panes = panes;
    this.#actorOfPartition = actorOfPartition;
  }

  /** In the pane at hand. */
  find(key: unknown): KeyEntry {
    this.#records++;
    const entry = this.panes.table.find(key);
    if (this.panes.size >= LIMITS.preaggregateKeys) this.full = true;
    return entry;
  }

  push(): void {
    throw new TypeError('the compiled chain says which receiver a record is for');
  }

  /** Called by the chain instead of find() while `aside`, and for records that may be late. */
  pushTo(receiver: number, record: unknown, timeMs?: number): void {
    this.#outlet.pushTo(receiver, record, timeMs);
    this.#recordsStaged = true;
    if (this.#outlet.full) this.full = true;
    if (this.aside && --this.#asideLeft === 0) this.aside = false;
  }

  intake(intakeNs: number): void {
    this.#outlet.intake(intakeNs);
  }

  /** The watermark goes on once the panes that it ends have left. */
  advance(watermarkMs: number): void {
    this.#watermarkMs = watermarkMs;
    if (!this.drain()) this.full = true;
  }

  /** The table is full, or panes have ended: send what they hold. */
  drain(): boolean {
    if (this.#outlet.full && !this.#outlet.drain()) return false;
    if (this.#emitting === undefined) this.#emitting = this.#whatIsDue();
    if (this.#emitting !== undefined && !this.#emit()) return false;
    if (this.aside && this.#partialsStaged && !this.#outlet.sendStaged()) return false;
    this.#partialsStaged = false;
    if (this.#watermarkMs > this.closedMs) this.closedMs = this.#watermarkMs;
    this.#outlet.advance(this.#watermarkMs);
    this.full = false;
    return true;
  }

  flush(): boolean {
    const sent = this.#outlet.flush();
    if (this.#outlet.full) this.full = true;
    return sent;
  }

  end(): boolean {
    if (this.#outlet.full && !this.#outlet.drain()) return false;
    this.#emitting ??= this.#take(Number.POSITIVE_INFINITY);
    return this.#emit() && this.#outlet.end();
  }

  #whatIsDue(): Iterator<unknown> | undefined {
    const isFull = this.panes.size >= LIMITS.preaggregateKeys;
    const [oldest] = this.panes.starts;
    const isOver = oldest !== undefined && oldest + this.panes.paneMs <= this.#watermarkMs;
    if (!isFull && !isOver) return undefined;
    if (this.#records < WORTHWHILE * this.panes.size && (isFull || this.#records > LIMITS.frameRecords)) {
      this.aside = true;
      this.#asideLeft = ASIDE_RECORDS;
    }
    // What has stepped aside must not leave anything behind that comes after the records.
    return this.#take(isFull || this.aside ? Number.POSITIVE_INFINITY : this.#watermarkMs);
  }

  /** Stages the partial results of all panes that end until then; yields when the outlet is full. */
  *#take(untilMs: number): Generator<void> {
    this.#records = 0;
    const { panes } = this;
    for (const start of [...panes.starts]) {
      if (start + panes.paneMs > untilMs) break;
      for (const { key, value } of panes.take(start)!.entries()) {
        const receiver = this.#actorOfPartition[partitionOf(key)]!;
        this.#outlet.pushPartial(receiver, { k: key, a: value }, PARTIALS_PORT, start);
        if (this.#outlet.full) yield;
      }
    }
  }

  #emit(): boolean {
    if (this.#recordsStaged && !this.#outlet.sendStaged()) return false;
    this.#recordsStaged = false;
    this.#partialsStaged = true;
    while (this.#emitting !== undefined) {
      if (this.#outlet.full && !this.#outlet.drain()) return false;
      if (this.#emitting.next().done === true) this.#emitting = undefined;
    }
    return true;
  }
}
