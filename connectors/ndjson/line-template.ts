// What lines of JSON that are written by one program have in common: the text between the values. Any thread.
//
//   {"id":17,"user":{"name":"ada","admin":true}}
//   ^^^^^^  ^^^^^^^^^^^^^^^^     ^^^^^^^^^    ^^      literals: 0, 1, 2 and 3
//         ^^                ^^^^^         ^^^^        values: each a string, a number, true, false or null
//
// Taken from one line that JSON.parse has accepted. Objects may be nested; a line with an array has no template, for its length
// changes from line to line.

export interface LineTemplate {
  /** One more than there are values; text of the line, as it stands. */
  readonly literals: readonly string[];
  /** What each value was in the line: a guess at what it will be. */
  readonly kinds: readonly ('string' | 'number' | 'word')[];
  /** JavaScript for the object, with its values as `v0`, `v1` and so on. Holds no text of the line but as JSON strings. */
  readonly object: string;
}

/** A line with more is read by JSON.parse. */
const MOST_VALUES = 256;
const MOST_LEVELS = 16;
const SPACE = /[ \t\r\n]*/y;
const STRING = /"(?:[^"\\]|\\.)*"/y;
const SCALAR = /"(?:[^"\\]|\\.)*"|[^,}\] \t\r\n]+/y;

/** The template of a line of valid JSON; undefined when it is no object, or has an array or too much of anything. */
export function templateOf(line: string): LineTemplate | undefined {
  const literals: string[] = [];
  const kinds: LineTemplate['kinds'][number][] = [];
  let at = 0;
  let literalStart = 0;

  function match(token: RegExp): string | undefined {
    token.lastIndex = at;
    const found = token.exec(line)?.[0];
    at += found?.length ?? 0;
    return found;
  }

  function value(level: number): string | undefined {
    match(SPACE);
    if (line[at] === '{') return level === MOST_LEVELS ? undefined : object(level + 1);
    if (line[at] === '[' || literals.length === MOST_VALUES) return undefined;
    const literal = line.slice(literalStart, at);
    const scalar = match(SCALAR);
    if (scalar === undefined) return undefined;
    kinds.push(scalar[0] === '"' ? 'string' : /[-0-9]/.test(scalar[0]!) ? 'number' : 'word');
    literalStart = at;
    return `v${literals.push(literal) - 1}`;
  }

  function object(level: number): string | undefined {
    const members: string[] = [];
    at++;
    for (;;) {
      match(SPACE);
      if (line[at] === '}') break;
      const key = match(STRING);
      if (key === undefined) return undefined;
      match(SPACE);
      at++; // the colon
      const expression = value(level);
      if (expression === undefined) return undefined;
      // In brackets, `__proto__` is a name like any other, as it is to JSON.parse.
      members.push(`[${JSON.stringify(JSON.parse(key))}]: ${expression}`);
      match(SPACE);
      if (line[at] !== ',') break;
      at++;
    }
    at++;
    return `{ ${members.join(', ')} }`;
  }

  match(SPACE);
  if (line[at] !== '{') return undefined;
  const made = object(1);
  if (made === undefined) return undefined;
  return { literals: [...literals, line.slice(literalStart)], kinds, object: made };
}
