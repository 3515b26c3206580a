// The first step of a two-step aggregate: combines records of equal key before the exchange. On the thread of the sending actor.
//
//   record -> key known here? -> add to its accumulator                     (nothing is sent)
//   table full, or the input ends -> one partial { k, a } a key -> exchange -> combine
//
// The table is bounded. Where keys hardly repeat it would only be in the way: it then steps aside for a while, records cross as
// they are, and it looks again later. Which of the two a record takes does not change the answer, nor the order of a key's records: what
// is staged of the one kind is sent before anything of the other is.

import { PARTIALS_PORT } from '../lane/lane-frame-layout.ts';
import { LIMITS } from '../limits.ts';
import { partitionOf } from '../partition/key-hash.ts';
import type { ExchangeOutlet } from './exchange-outlet.ts';
import { type KeyEntry, KeyTable } from './key-table.ts';
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
  readonly #outlet: ExchangeOutlet;
  readonly table: KeyTable;
  readonly #actorOfPartition: Uint16Array;
  #records = 0;
  #emitting: Iterator<KeyEntry> | undefined;
  #asideLeft = 0;
  /** Records may be staged that came before what the table holds. */
  #recordsStaged = false;
  /** Partial results may be staged that come before the next record. */
  #partialsStaged = false;

  constructor(outlet: ExchangeOutlet, create: () => unknown, actorOfPartition: Uint16Array) {
    this.#outlet = outlet;
    this.table = new KeyTable(create);
    this.#actorOfPartition = actorOfPartition;
  }

  find(key: unknown): KeyEntry {
    this.#records++;
    const entry = this.table.find(key);
    if (this.table.size >= LIMITS.preaggregateKeys) this.full = true;
    return entry;
  }

  /** Called by the chain instead of find() while `aside`. */
  push(record: unknown, receiver = 0): void {
    this.#outlet.pushTo(receiver, record);
    this.#recordsStaged = true;
    if (this.#outlet.full) this.full = true;
    if (--this.#asideLeft === 0) this.aside = false;
  }

  intake(intakeNs: number): void {
    this.#outlet.intake(intakeNs);
  }

  /** The table is full: send what it holds, and start anew. */
  drain(): boolean {
    if (this.#outlet.full && !this.#outlet.drain()) return false;
    if (this.#emitting !== undefined || this.table.size >= LIMITS.preaggregateKeys) {
      if (this.#emitting === undefined && this.#records < WORTHWHILE * this.table.size) {
        this.aside = true;
        this.#asideLeft = ASIDE_RECORDS;
      }
      if (!this.#emit()) return false;
    }
    if (this.aside && this.#partialsStaged && !this.#outlet.sendStaged()) return false;
    this.#partialsStaged = false;
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
    return this.#emit() && this.#outlet.end();
  }

  #emit(): boolean {
    if (this.#recordsStaged && !this.#outlet.sendStaged()) return false;
    this.#recordsStaged = false;
    this.#partialsStaged = true;
    this.#emitting ??= this.table.entries();
    for (let step = this.#emitting.next(); step.done !== true; step = this.#emitting.next()) {
      const { key, value } = step.value;
      this.#outlet.pushPartial(this.#actorOfPartition[partitionOf(key)]!, { k: key, a: value }, PARTIALS_PORT);
      if (this.#outlet.full) return false;
    }
    this.table.clear();
    this.#emitting = undefined;
    this.#records = 0;
    return true;
  }
}
