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

/** From the router of a foreign-key join to the join (foreign-join.ts). */
export interface RoutedRow {
  readonly foreign: unknown;
  readonly key: unknown;
  readonly version: number;
  /** Undefined: deleted. */
  readonly row: unknown;
  /** `moved`: it was elsewhere before. `gone`: it is elsewhere from now on, and that is told there. */
  readonly way: 'here' | 'moved' | 'gone';
}

/** From there to the result. */
export interface VersionedRow {
  readonly key: unknown;
  readonly version: number;
  readonly row: unknown;
}

/** A row's change as seen by one group: it comes, changes, or goes. */
export interface GroupedChange {
  readonly group: unknown;
  readonly key: unknown;
  readonly before: unknown;
  readonly after: unknown;
}
