// Generating code: whether this process may, and how a name gets into it. Any thread.
// A name from a record reaches generated text through `quote` and in no other way.

/** False under `--disallow-code-generation-from-strings`; asked once, when the module loads. */
const codeGenerationAllowed: boolean = mayGenerate();

function mayGenerate(): boolean {
  try {
    return new Function('return true')() === true;
  } catch {
    return false;
  }
}

/** Compiling takes as long as interpreting some hundred records: a schema that carries fewer is never compiled. */
const COMPILE_AFTER_RECORDS = 128;

/** After how many records a schema is compiled in this process; Infinity where generating code is forbidden. */
export function compileThreshold(wanted: number = COMPILE_AFTER_RECORDS): number {
  return codeGenerationAllowed ? wanted : Number.POSITIVE_INFINITY;
}

/**
 * A string literal of `text`. JSON is a subset of JavaScript since ES2019; the line separators are escaped all the
 * same, for other readers.
 */
export function quote(text: string): string {
  return JSON.stringify(text).replace(/[\u2028\u2029]/g, (separator) =>
    separator === '\u2028' ? '\\u2028' : '\\u2029',
  );
}

/**
 * One entry of an object literal. A bare or quoted `__proto__` would set the prototype there; a computed one is a
 * field.
 */
export function literalEntry(name: string, value: string): string {
  return name === '__proto__' ? `["__proto__"]: ${value}` : `${quote(name)}: ${value}`;
}

/** Gives `record` an own field, whatever its name: `record.__proto__ = value` would not. */
export function defineField(record: object, name: string, value: unknown): void {
  if (name === '__proto__') {
    Object.defineProperty(record, name, { value, writable: true, enumerable: true, configurable: true });
  } else (record as Record<string, unknown>)[name] = value;
}
