// Loops made from text, kept by their text: the splits that a thread reads one after the other share one function, and with it what V8 has
// learned about it. Workers.

/** More texts than this come only from sources that change for ever. */
const MOST_KEPT = 32;

export class CompiledReaders<F> {
  readonly #bySource = new Map<string, F>();

  /** What `make` makes of the text; undefined where code generation from strings is switched off. */
  get(source: string, make: (source: string) => F): F | undefined {
    const known = this.#bySource.get(source);
    if (known !== undefined) return known;
    try {
      const made = make(source);
      const [oldest] = this.#bySource.keys();
      if (this.#bySource.size === MOST_KEPT) this.#bySource.delete(oldest!);
      this.#bySource.set(source, made);
      return made;
    } catch (error) {
      if (error instanceof EvalError) return undefined;
      throw error;
    }
  }
}
