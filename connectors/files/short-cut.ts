// Whether a short cut pays. Workers; one reader owns it.
//
// Readers take plain records in loops compiled for them, and look strings up instead of making them (field-strings.ts). Both are
// detours where records are hardly ever plain, or strings hardly ever repeat. So the reader counts, and asks after some thousands of
// records. What was given up stays so until the split ends: a file rarely changes its nature half-way.

import { type FieldStrings, fieldStrings } from './field-strings.ts';

/** Records between two reviews; each short cut must serve half of them or more. */
const REVIEW_RECORDS = 8192;

/** What a review came to: go on, compile again for `strings` has changed, or take no more short cuts. */
export type Verdict = 'keep' | 'recompile' | 'give-up';

export class ShortCut {
  /** By string column or value: where it is looked up; undefined where it is cut from the window. */
  readonly strings: (FieldStrings | undefined)[];
  readonly #missesBefore: number[];
  #taken = 0;
  #exceptions = 0;

  /** @param looksUp by column: whether it has strings */
  constructor(encoding: 'utf8' | 'latin1', looksUp: readonly boolean[]) {
    this.strings = looksUp.map((has, column) => (has ? fieldStrings(encoding, column) : undefined));
    this.#missesBefore = this.strings.map((strings) => strings?.misses ?? 0);
  }

  /** So many records were plain; then came one that was not, or the window's end. */
  count(plain: number): Verdict {
    this.#taken += plain;
    this.#exceptions++;
    return this.#taken + this.#exceptions < REVIEW_RECORDS ? 'keep' : this.#review();
  }

  #review(): Verdict {
    const records = this.#taken + this.#exceptions;
    if (this.#exceptions * 2 > records) return 'give-up';
    this.#taken = 0;
    this.#exceptions = 0;
    let verdict: Verdict = 'keep';
    this.strings.forEach((strings, column) => {
      if (strings === undefined) return;
      const misses = strings.misses - this.#missesBefore[column]!;
      this.#missesBefore[column] = strings.misses;
      if (misses * 2 <= records) return;
      this.strings[column] = undefined;
      verdict = 'recompile';
    });
    return verdict;
  }
}
