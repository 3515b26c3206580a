// Which characters separate and quote, and the automaton that finds where records end. Any thread.
// The automaton is the one authority on that: the skipping of an overlong record runs it as it stands, the scan for split boundaries
// takes it from quote to quote, and the parsers in csv-reader.ts and plain-rows.ts take the same turns; tests hold them to it. A quote opens a field only as its first character; elsewhere it is
// an ordinary character. Behind a closing quote only a delimiter or the end of the line may follow.
//
//   fieldStart --quote--> quoted <--quote-- quoteInQuoted      delimiter: -> fieldStart
//        \                   \-----quote------^    \           newline:   -> fieldStart, and the record ends (not in `quoted`)
//         `--other--> unquoted <-----other---------'

export interface Dialect {
  readonly delimiter: number;
  /** -1 where quotes are ordinary characters. */
  readonly quote: number;
  /** False where a quoted field never holds a newline: files are then cut without reading them first. */
  readonly multiline: boolean;
}

export const FIELD_START = 0;
export const UNQUOTED = 1;
export const QUOTED = 2;
export const QUOTE_IN_QUOTED = 3;

export const NEWLINE = 10;
export const CARRIAGE_RETURN = 13;

/** Runs over `bytes` from `at` to `limit` or behind the first newline that ends a record. Keep `state` between calls. */
export class RecordEndScan {
  state: number = FIELD_START;
  readonly #dialect: Dialect;

  constructor(dialect: Dialect) {
    this.#dialect = dialect;
  }

  /** Behind the newline that ends the record; -1 when `limit` comes first. */
  next(bytes: Buffer, at: number, limit: number): number {
    const { delimiter, quote, multiline } = this.#dialect;
    let state = this.state;
    while (at < limit) {
      const byte = bytes[at++];
      if (byte === NEWLINE && (state !== QUOTED || !multiline)) {
        this.state = FIELD_START;
        return at;
      }
      if (byte === quote) {
        if (state === QUOTED) state = QUOTE_IN_QUOTED;
        else if (state !== UNQUOTED) state = QUOTED;
      } else if (state !== QUOTED) state = byte === delimiter ? FIELD_START : UNQUOTED;
    }
    this.state = state;
    return -1;
  }
}
