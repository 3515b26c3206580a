// Job parameters: `--param k=v` on the command line, `params` of run(). Any thread.
//
// A job may declare them with defaults, which also gives their types; or it may just read them, and then they are strings.
// Either way a parameter that the job does not know is an error, never ignored.

import { MillraceError } from '../errors/millrace-error.ts';

export type ParamValue = string | number | boolean;
/** Declared parameters with their defaults: `{ file: 'flights.csv', top: 10, verbose: false }`. */
export type ParamSpec = Readonly<Record<string, ParamValue>>;
export type GivenParams = Readonly<Record<string, ParamValue>>;

/** Widens the literal types of defaults: a parameter whose default is 10 is a number. */
export type ParamsOf<S extends ParamSpec> = {
  readonly [K in keyof S]: S[K] extends number ? number : S[K] extends boolean ? boolean : string;
};
export type LooseParams = Readonly<Record<string, string | undefined>>;

/** Values for the declared parameters; all problems are reported together. */
export function declaredParams<S extends ParamSpec>(job: string, spec: S, given: GivenParams): ParamsOf<S> {
  const problems: string[] = [];
  const values: Record<string, ParamValue> = { ...spec };
  for (const [name, value] of Object.entries(given)) {
    const fallback = Object.hasOwn(spec, name) ? spec[name] : undefined;
    if (fallback === undefined) {
      problems.push(`unknown parameter '${name}': this job takes ${Object.keys(spec).join(', ') || 'none'}`);
      continue;
    }
    const parsed = parse(value, typeof fallback);
    // The value itself is not printed: parameters carry passwords.
    if (parsed === undefined) problems.push(`parameter '${name}' must be a ${typeof fallback}`);
    else values[name] = parsed;
  }
  if (problems.length > 0) throw new MillraceError('ERR_PARAM_INVALID', problems.join('; '), { place: { job } });
  return Object.freeze(values) as ParamsOf<S>;
}

/** Undeclared parameters as strings, remembering which of them the job read while it built its graph. */
export class TrackedParams {
  readonly values: LooseParams;
  readonly #read = new Set<string>();
  readonly #given: GivenParams;

  constructor(given: GivenParams) {
    this.#given = given;
    const read = this.#read;
    const strings = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, String(value)]));
    this.values = new Proxy(strings, {
      get(target, name) {
        if (typeof name !== 'string') return undefined;
        read.add(name);
        return Object.hasOwn(target, name) ? target[name] : undefined;
      },
      has(target, name) {
        if (typeof name === 'string') read.add(name);
        return Object.hasOwn(target, name);
      },
      ownKeys(target) {
        for (const name of Object.keys(target)) read.add(name);
        return Reflect.ownKeys(target);
      },
    });
  }

  /** Call it after the build. */
  refuseUnread(job: string): void {
    const unread = Object.keys(this.#given).filter((name) => !this.#read.has(name));
    if (unread.length === 0) return;
    const known = [...this.#read].sort().join(', ') || 'no parameters';
    throw new MillraceError(
      'ERR_PARAM_INVALID',
      `unknown parameter '${unread.join("', '")}': this job reads ${known}`,
      {
        place: { job },
      },
    );
  }
}

function parse(value: ParamValue, type: string): ParamValue | undefined {
  if (typeof value === type) return Number.isNaN(value) ? undefined : value;
  if (type === 'string') return String(value);
  if (typeof value !== 'string') return undefined;
  if (type === 'number') return value.trim() !== '' && Number.isFinite(Number(value)) ? Number(value) : undefined;
  return value === 'true' ? true : value === 'false' ? false : undefined;
}
