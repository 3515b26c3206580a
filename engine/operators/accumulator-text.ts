// How the text of a compiled loop gets at the accumulator of a key. Any thread.
//
// The key is in a variable `k<n>`, n the number of the step; what is declared here is numbered likewise.

/** How text gets at the accumulator of key `k<n>`. */
export interface AccumulatorText {
  /** Declares what finds it; makes it where there is none. */
  readonly found: string;
  /** The accumulator, to be read and assigned. */
  readonly value: string;
  /** How many there are. */
  readonly size: string;
  /** Takes back the one that was just made. */
  readonly undo: string;
}

/** In a table of all time. */
export function inTable(n: number, table: string): AccumulatorText {
  return {
    found: `e${n} = ${table}.find(k${n})`,
    value: `e${n}.value`,
    size: `${table}.size`,
    undo: `${table}.delete(k${n})`,
  };
}

/** In a pane. @param finder the pane, or who looks up places in it */
export function inPane(n: number, pane: string, finder: string): AccumulatorText {
  return {
    found: `p${n} = ${finder}.place(k${n})`,
    value: `${pane}.values[p${n}]`,
    size: `${pane}.size`,
    undo: `${pane}.removeLast()`,
  };
}
