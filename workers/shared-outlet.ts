// An outlet that several pipelines of one actor push to: it ends when the last of them does. On the thread of the actor.
// To the outlet they are one input, whoever else pushes there.

import type { Holdup, Outlet } from '../engine/operators/outlet.ts';

export class SharedOutlet implements Outlet {
  readonly holdup: Holdup;
  readonly #outlet: Outlet;
  readonly #watermarkBehind: (watermarkMs: number) => number;
  readonly #input: number;
  #users = 0;

  /** @param watermarkBehind what a watermark comes to on the way here, where records may get new event times */
  constructor(outlet: Outlet, watermarkBehind: (watermarkMs: number) => number) {
    this.#outlet = outlet;
    this.#watermarkBehind = watermarkBehind;
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
    this.#outlet.advance(this.#watermarkBehind(watermarkMs), this.#input);
  }

  end(): boolean {
    if (this.#users === 1) return this.#outlet.end(this.#input);
    this.#users--;
    return true;
  }
}
