// An outlet that several pipelines of one actor push to: it ends when the last of them does. On the thread of the actor.
// To the outlet they are one input, whoever else pushes there.

import type { Holdup, Outlet } from '../engine/operators/outlet.ts';
import type { EventClock } from '../engine/time/event-clock.ts';
import { slowestOf } from '../engine/time/watermark.ts';

export class SharedOutlet implements Outlet {
  readonly holdup: Holdup;
  readonly #outlet: Outlet;
  /** By which its records get their event times on the way here; undefined for those that keep theirs. */
  readonly #clocks: readonly (EventClock | undefined)[];
  readonly #input: number;
  #users = 0;

  constructor(outlet: Outlet, clocks: readonly (EventClock | undefined)[]) {
    this.#outlet = outlet;
    this.#clocks = clocks;
    this.holdup = outlet.holdup;
    this.#input = outlet.addInput?.() ?? 0;
  }

  /** One more pipeline will call end(). */
  addInput(): number {
    return this.#users++;
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

  /** One pipeline alone may tell how far event time has come. */
  advance(watermarkMs: number): void {
    const all = this.#clocks.map((clock) => clock?.watermarkMs ?? watermarkMs);
    this.#outlet.advance(all.length === 1 ? all[0]! : slowestOf(all), this.#input);
  }

  end(): boolean {
    if (this.#users === 1) return this.#outlet.end(this.#input);
    this.#users--;
    return true;
  }
}
