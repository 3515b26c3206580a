// An outlet that several pipelines of one actor push to: it ends when the last of them does. On the thread of the actor.

import type { Holdup, Outlet } from '../engine/operators/outlet.ts';

export class SharedOutlet implements Outlet {
  readonly holdup: Holdup;
  readonly #outlet: Outlet;
  #users = 0;

  constructor(outlet: Outlet) {
    this.#outlet = outlet;
    this.holdup = outlet.holdup;
  }

  /** One more pipeline will call end(). */
  addUser(): void {
    this.#users++;
  }

  get full(): boolean {
    return this.#outlet.full;
  }
  push(record: unknown, timeMs?: number): void {
    this.#outlet.push(record, timeMs);
  }
  drain(): boolean {
    return this.#outlet.drain();
  }
  flush(): boolean {
    return this.#outlet.flush();
  }
  trickle(): void {
    this.#outlet.trickle?.();
  }
  intake(intakeNs: number): void {
    this.#outlet.intake(intakeNs);
  }

  // What is shared carries dead letters and late records, whose times promise nothing.
  advance(): void {}

  end(): boolean {
    if (this.#users === 1) return this.#outlet.end(0);
    this.#users--;
    return true;
  }
}
