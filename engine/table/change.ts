// How a table changes: what goes from one operator to the next in place of rows. Any thread.

/** One change of the row of a key. */
export interface Change<K, V> {
  readonly key: K;
  /** Undefined: there was no row, it is inserted. */
  readonly before: V | undefined;
  /** Undefined: there is none any more, it is deleted. */
  readonly after: V | undefined;
}

/** How the records of a stream are read as the rows of a table. */
export interface RowReader {
  /** The row that a record leaves for its key; undefined takes the row away. */
  rowOf(record: unknown): unknown;
  /** The row with the later event time wins, of equals the one that arrives later. Otherwise arrival alone decides. */
  readonly byTime: boolean;
  /** Whether rowOf may return undefined. */
  readonly deletes: boolean;
}
