// Deep equality without blind spots: 0 and -0, holes, own `__proto__` and `constructor` fields, prototypes, bytes,
// invalid dates. The runner's own comparison trusts `value.constructor`, Node's finds two invalid dates different.
// Field order does not count.
import { inspect, types } from 'node:util';

/** Where the two differ first, undefined when they do not. */
export function difference(
  left: unknown,
  right: unknown,
  path = 'it',
  seen = new Map<unknown, unknown>(),
): string | undefined {
  if (Object.is(left, right)) return undefined;
  const here = `${path}: ${inspect(left)} and ${inspect(right)}`;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return here;
  if (seen.get(left) === right) return undefined;
  seen.set(left, right);
  if (Object.getPrototypeOf(left) !== Object.getPrototypeOf(right)) return `${here}, by prototype`;
  for (const [name, part] of PARTS) {
    const [a, b] = [part(left), part(right)];
    const found = a === undefined && b === undefined ? undefined : difference(a, b, `${path}<${name}>`, seen);
    if (found !== undefined) return found;
  }
  const keys = Object.keys(left);
  const others = new Set(Object.keys(right));
  if (keys.length !== others.size || keys.some((key) => !others.has(key))) return `${here}, by fields`;
  for (const key of keys) {
    const found = difference(own(left, key), own(right, key), `${path}.${key}`, seen);
    if (found !== undefined) return found;
  }
  return undefined;
}

export function expectSame(actual: unknown, expected: unknown): void {
  const found = difference(actual, expected);
  if (found !== undefined) throw new Error(`not the same: ${found}`);
}

/** What objects hold beside their own enumerable fields. */
const PARTS: readonly (readonly [name: string, part: (value: object) => unknown])[] = [
  ['length', (value) => (Array.isArray(value) ? value.length : undefined)],
  ['time', (value) => (types.isDate(value) ? value.getTime() : undefined)],
  [
    'boxed',
    (value) => (types.isBoxedPrimitive(value) ? (value as unknown as { valueOf(): unknown }).valueOf() : undefined),
  ],
  ['pattern', (value) => (types.isRegExp(value) ? String(value) : undefined)],
  ['error', (value) => (types.isNativeError(value) ? `${value.name}: ${value.message} ${value.stack}` : undefined)],
  ['entries', (value) => (types.isMap(value) || types.isSet(value) ? [...value.entries()] : undefined)],
  ['bytes', (value) => (types.isAnyArrayBuffer(value) ? Buffer.from(value).toString('hex') : undefined)],
  [
    'view',
    (value) =>
      ArrayBuffer.isView(value)
        ? Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')
        : undefined,
  ],
];

function own(value: object, key: string): unknown {
  return Object.getOwnPropertyDescriptor(value, key)!.value;
}
