// One input of an operator that remembers, as the chain before it sees it. On the thread of the actor.
//
// Usually only a door to the operator. But an input may be held until another has been read to its end, and then its chain takes no record,
// its lanes fill, and the source behind them is not read on: what waits is bounded by the lanes. And an input may be timeless: the
// operator's event time is that of its other inputs.

import type { Outlet } from './outlet.ts';
import type { StatefulLogic, StatefulOperator } from './stateful-operator.ts';

export class StatefulInput implements Outlet {
  readonly holdup = 'lane';
  readonly #operator: StatefulOperator;
  readonly #logic: StatefulLogic;
  readonly #index: number;
  readonly #timeless: boolean;
  /** Chains that have not ended. */
  #open = 0;

  /** @param index among the inputs of the operation */
  constructor(operator: StatefulOperator, index: number, timeless: boolean) {
    this.#operator = operator;
    this.#logic = operator.logic;
    this.#index = index;
    this.#timeless = timeless;
  }

  get full(): boolean {
    return this.#operator.full || this.#logic.holds?.(this.#index) === true;
  }

  push(): void {
    throw new TypeError('the compiled chain calls the logic itself');
  }

  onRecord(key: unknown, record: unknown, timeMs: number, input: number): void {
    this.#logic.onRecord(key, record, timeMs, input);
  }

  drain(): boolean {
    return !this.full;
  }

  flush(): boolean {
    return false;
  }

  addInput(): number {
    this.#open++;
    if (!this.#timeless) return this.#operator.addInput();
    this.#operator.addTimeless();
    return 0;
  }

  advance(watermarkMs: number, input: number): void {
    if (!this.#timeless) this.#operator.advance(watermarkMs, input);
  }

  intake(intakeNs: number): void {
    this.#operator.intake(intakeNs);
  }

  end(input: number): boolean {
    if (--this.#open === 0) this.#logic.inputEnded?.(this.#index);
    if (this.#timeless) this.#operator.endTimeless();
    else this.#operator.end(input);
    return true;
  }
}
