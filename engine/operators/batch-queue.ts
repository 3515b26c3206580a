// A bounded array between two chains of one actor: an outlet for the one, a feed for the other. On the thread of the actor.
// Stands where streams merge; the base of operators that a chain cannot hold.

import { LIMITS } from '../limits.ts';
import type { Feed, Outlet, Refill } from './outlet.ts';

export class BatchQueue implements Outlet, Feed {
  full = false;
  readonly holdup = 'lane';
  readonly port = 0;
  records: readonly unknown[] = [];
  cursor = 0;
  count = 0;
  intakeNs = 0;
  #incoming: unknown[] = [];
  #incomingIntakeNs = 0;
  #openInputs = 0;

  /** One more chain pushes here. The queue ends when all of them have. */
  addInput(): void {
    this.#openInputs++;
  }

  push(record: unknown): void {
    this.#incoming.push(record);
    if (this.#incoming.length >= LIMITS.frameRecords) this.full = true;
  }

  intake(intakeNs: number): void {
    if (this.#incoming.length === 0) this.#incomingIntakeNs = intakeNs;
  }

  drain(): boolean {
    this.full = this.#incoming.length >= LIMITS.frameRecords;
    return !this.full;
  }

  flush(): boolean {
    return false;
  }

  end(): boolean {
    this.#openInputs--;
    return true;
  }

  refill(): Refill {
    if (this.#incoming.length === 0) return this.#openInputs === 0 ? 'done' : 'none';
    const used = this.records as unknown[];
    this.records = this.#incoming;
    this.count = this.#incoming.length;
    this.cursor = 0;
    this.intakeNs = this.#incomingIntakeNs;
    used.length = 0;
    this.#incoming = used;
    this.full = false;
    return 'made';
  }
}
