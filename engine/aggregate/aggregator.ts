// What an aggregate is: create / add / combine / (retract) / result, so that it can be computed in two steps. Any thread.
//
//   before the exchange, on every worker:   acc = create(); acc = add(acc, value) ...     (local pre-aggregation)
//   after it, on the key's one worker:      acc = combine(acc, partial) ...;  result(acc)
//
// `combine` must be associative, and combine(create(), a) must equal a. Accumulators cross threads: they hold only what
// structured clone keeps. `add` and `combine` may change their first argument and return it; they never change the second.

/**
 * One aggregate over records of type `T`, with accumulator `A` and result `R`.
 *
 * `select` is apart from `add` so that an engine can call it at a call site of its own: the `add` of every sum in a
 * process then sees only numbers.
 */
export interface Aggregator<T, A = unknown, R = unknown> {
  readonly name: string;
  /** What of a record is given to `add`; the record itself when absent. */
  select?(record: T): unknown;
  create(): A;
  /**
   * Throws what `add` would throw for this value, and changes nothing. Optional. Where several aggregates take the same record
   * it lets them take it whole or not at all, so that a record which is skipped after an error is not half counted.
   */
  check?(accumulator: A, value: unknown): void;
  add(accumulator: A, value: unknown): A;
  combine(accumulator: A, other: A): A;
  /**
   * What `combine` returns may be its second argument, or hold parts of it. Where that one is still needed, as panes are by the next window,
   * it is then given a copy. `aggregator()` sets this.
   */
  readonly mayShare?: boolean;
  /**
   * The fields of the accumulator, where it always is a plain object of exactly these: each then is a column of its own on its way between
   * threads. Absent for accumulators that are a single value, or of any other form.
   */
  readonly fields?: readonly string[];
  /** Of `fields`, one that nearly always is undefined, and never 0 or null. */
  readonly rareField?: string;
  /** The aggregates by name that this one consists of; its accumulator is an object of theirs. */
  readonly parts?: ReadonlyArray<readonly [name: string, aggregator: Aggregator<unknown>]>;
  /** Takes a value back out. Absent where that is impossible (min, max). */
  retract?(accumulator: A, value: unknown): A;
  /**
   * Takes out what `combine` put in, exactly: `deduct(combine(a, b), b)` must equal `a`, also after a million times. Lets a window
   * slide at the cost of two panes. Absent where rounding or the nature of the aggregate forbids it.
   */
  deduct?(accumulator: A, other: A): A;
  result(accumulator: A): R;
}

/** The result type of an aggregator. */
export type ResultOf<G> = G extends { result(accumulator: never): infer R } ? R : never;
