// The first step of a two-step aggregate: combines records of equal key before the exchange. On the thread of the sending actor.
//
//   record -> key known here? -> add to its accumulator                     (nothing is sent)
//   table full, or the input ends -> one partial { k, a0, ... } a key -> exchange -> combine
//
// For windows there is a table a pane. A partial result is never late, and it could not be: nobody could tell which of its records is.
//   - Records of a pane that the watermark has passed are not combined. So a pane holds only what was in time for all its windows,
//   - it leaves before the watermark that passes its end, and before idleness, which promises nothing;
//   - and the receiver, which waits for the slowest sender that is not idle, cannot have passed a pane's end before this sender has.
// A sender that was idle cannot know how far the receiver has gone: from then on its records cross by themselves.
//
// The table is bounded. It begins small, and is doubled where it is full of keys that come again: a text of 20 000 words filled 4096 places
// again and again, and most of what was sent were partial results of few records. Where keys hardly repeat it would only be in the way: it then steps aside for a while, records cross as
// they are, and it looks again later. Which of the two a record takes does not change the answer, nor the order of a key's records: what
// is staged of the one kind is sent before anything of the other is.

import { PARTIALS_PORT } from '../lane/lane-frame-layout.ts';
import { LIMITS } from '../limits.ts';
import { partitionOf } from '../partition/key-hash.ts';
import { NO_WATERMARK } from '../time/watermark.ts';
import type { Panes } from '../window/panes.ts';
import type { ExchangeOutlet } from './exchange-outlet.ts';
import type { Outlet } from './outlet.ts';
import type { PartialColumns } from './partial-columns.ts';

/** Records per key that a full table must have combined to be worth its cost; measured break-even is about 1.5. */
const WORTHWHILE = 2;
/** Of the records since a table began or grew last, the share whose keys it knew for it to grow: so many keys come again that they may fit. */
const WORTH_GROWING = 1 / 16;
/** Records that pass unaggregated before the table is tried again; twice as many each time that it was in vain. */
const ASIDE_RECORDS = 512 * 1024;
const MOST_ASIDE_RECORDS = 16 * ASIDE_RECORDS;

export class Preaggregator implements Outlet {
  full = false;
  readonly holdup = 'lane';
  /** Records cross as they are, for now. Read by the compiled chain. */
  aside = false;
  /**
   * Where the first pane begins that no receiver can have closed. Records before this may be late: they cross by themselves, for the receiver
   * to decide. Read by the compiled chain.
   */
  closedMs: number = NO_WATERMARK;
  readonly panes: Panes;
  readonly #outlet: ExchangeOutlet;
  readonly #actorOfPartition: Uint16Array;
  readonly #isWindowed: boolean;
  readonly #pack: PartialColumns['pack'];
  #watermarkMs: number = NO_WATERMARK;
  #emitting: Iterator<unknown> | undefined;
  #asideLeft = 0;
  /** Places in the table, and as many as it may ever have. */
  #keys: number = LIMITS.preaggregateKeys;
  readonly #mostKeys: number;
  /** Records that the tables have taken, and their keys, when it grew last. */
  #findsBefore = 0;
  #keysBefore = 0;
  #nextAside = ASIDE_RECORDS;
  /** What left since the last verdict on whether combining is worth its cost. */
  #recordsCombined = 0;
  #partialsSent = 0;
  /** Records may be staged that came before what the table holds. */
  #recordsStaged = false;
  /** Panes have ended since the last flush. */
  #panesEnded = false;

  /**
   * @param panes where results are not by window, a single one for all time
   * @param pack makes what is sent of a key and its accumulator; the receiving side takes it apart again
   */
  constructor(outlet: ExchangeOutlet, panes: Panes, actorOfPartition: Uint16Array, pack: PartialColumns['pack']) {
    this.#outlet = outlet;
    this.#pack = pack;
    this.#mostKeys = Math.min(LIMITS.mostPreaggregateKeys, Math.floor(LIMITS.edgePreaggregateKeys / outlet.receivers));
    this.panes = panes;
    this.#isWindowed = panes.paneMs < Number.POSITIVE_INFINITY;
    this.#actorOfPartition = actorOfPartition;
  }

  /** The place of a key in the pane at hand. */
  place(key: unknown): number {
    const { current } = this.panes;
    current.finds++;
    const place = current.place(key);
    if (this.panes.size >= this.#keys) this.full = true;
    return place;
  }

  push(): void {
    throw new TypeError('the compiled chain says which receiver a record is for');
  }

  /** Called by the chain instead of place() while `aside`, and for records that may be late. */
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
    // The watermark may have gone on while what was due by the one before found no room.
    for (;;) {
      this.#emitting ??= this.#whatIsDue();
      if (this.#emitting === undefined) break;
      if (!this.#emit()) return false;
    }
    this.#close(this.#watermarkMs);
    this.#outlet.advance(this.#watermarkMs);
    this.full = false;
    return true;
  }

  flush(): boolean {
    this.#panesEnded = false;
    const sent = this.#outlet.flush();
    if (this.#outlet.full) this.full = true;
    return sent;
  }

  /**
   * Panes that have ended are what receivers wait for. As soon as one of them has read everything all get what is staged, and the watermark:
   * the one on this very thread would keep the others waiting while it fires its windows.
   */
  trickle(): void {
    // Where results are not by window nobody waits for anything but the end.
    if (!this.#isWindowed) return;
    if (this.#panesEnded && !this.full) {
      if (this.#outlet.isAwaited) this.flush();
      return;
    }
    // Receivers could do nothing with a watermark within a pane.
    this.#outlet.trickleStaged();
    if (this.#outlet.full) this.full = true;
  }

  end(): boolean {
    if (this.#outlet.full && !this.#outlet.drain()) return false;
    do {
      this.#emitting ??= this.#take(Number.POSITIVE_INFINITY);
      if (!this.#emit()) return false;
    } while (this.panes.size > 0);
    return this.#outlet.end();
  }

  /**
   * What the receiver may do from now on. It waits for nobody who is idle, and how far it has gone without us we never learn: from then
   * on every record might be late.
   */
  #close(watermarkMs: number): void {
    if (!this.#isWindowed) return;
    const closedMs = Number.isNaN(watermarkMs) ? Number.POSITIVE_INFINITY : this.panes.startOf(watermarkMs);
    if (closedMs > this.closedMs) this.closedMs = closedMs;
  }

  #whatIsDue(): Iterator<unknown> | undefined {
    const { panes } = this;
    if (panes.size >= this.#keys) this.#grow();
    const isFull = panes.size >= this.#keys;
    const [oldest] = panes.starts;
    const isOpen = this.#isWindowed && oldest !== undefined;
    const isIdle = isOpen && Number.isNaN(this.#watermarkMs);
    const isOver = isOpen && oldest + panes.paneMs <= this.#watermarkMs;
    if (!isFull && !isOver && !isIdle) return undefined;
    if (isOver) this.#panesEnded = true;
    const untilMs = isFull || isIdle ? Number.POSITIVE_INFINITY : this.#watermarkMs;
    this.#judge(untilMs, isFull);
    // What has stepped aside must not leave anything behind that comes after the records.
    return this.#take(this.aside ? Number.POSITIVE_INFINITY : untilMs);
  }

  /** Where enough of the records since the last time were of keys that were known. */
  #grow(): void {
    const { panes } = this;
    let finds = 0;
    for (const start of panes.starts) finds += panes.get(start)!.finds;
    const records = finds - this.#findsBefore;
    const known = records - (panes.size - this.#keysBefore);
    if (this.#keys * 2 > this.#mostKeys || known < WORTH_GROWING * records) return;
    this.#keys *= 2;
    this.#findsBefore = finds;
    this.#keysBefore = panes.size;
  }

  /** Steps aside when what is about to leave shows that keys hardly repeat. Few keys show nothing. */
  #judge(untilMs: number, isFull: boolean): void {
    const { panes } = this;
    for (const start of panes.starts) {
      if (start + panes.paneMs > untilMs) break;
      const { finds, size } = panes.get(start)!;
      this.#recordsCombined += finds;
      this.#partialsSent += size;
    }
    if (!isFull && this.#partialsSent < LIMITS.frameRecords) return;
    if (this.#recordsCombined < WORTHWHILE * this.#partialsSent) {
      this.aside = true;
      this.#asideLeft = this.#nextAside;
      this.#nextAside = Math.min(MOST_ASIDE_RECORDS, this.#nextAside * 2);
      this.#keys = LIMITS.preaggregateKeys;
    } else this.#nextAside = ASIDE_RECORDS;
    this.#recordsCombined = 0;
    this.#partialsSent = 0;
  }

  /** Stages the partial results of all panes that end until then; yields when the outlet is full. */
  *#take(untilMs: number): Generator<void> {
    const { panes } = this;
    // What stays is looked at from its beginning.
    this.#findsBefore = 0;
    this.#keysBefore = 0;
    for (const start of [...panes.starts]) {
      if (start + panes.paneMs > untilMs) break;
      const pane = panes.take(start)!;
      for (let place = 0; place < pane.size; place++) {
        const key = pane.keyAt(place);
        const receiver = this.#actorOfPartition[partitionOf(key)]!;
        this.#outlet.pushPartial(receiver, this.#pack(key, pane.values[place]), PARTIALS_PORT, start);
        if (this.#outlet.full) yield;
      }
      panes.recycle(pane);
    }
    // Keys that hardly repeat are not worth keeping.
    if (this.aside) panes.keys.forget();
  }

  #emit(): boolean {
    if (this.#recordsStaged && !this.#outlet.sendStaged()) return false;
    this.#recordsStaged = false;
    while (this.#emitting !== undefined) {
      if (this.#outlet.full && !this.#outlet.drain()) return false;
      if (this.#emitting.next().done === true) this.#emitting = undefined;
    }
    return true;
  }
}
