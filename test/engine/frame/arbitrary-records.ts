// Records that try to get lost on the way: hostile names, every kind of value, shapes that change in the middle of a
// batch.
import fc from 'fast-check';

export const hostileNames = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'valueOf',
  '',
  '0',
  '1',
  '-1',
  'length',
  'a b',
  '"',
  "'",
  '`$' + '{globalThis.pwned = true}`',
  '"]; globalThis.pwned = true; //',
  '\\',
  '\n',
  '\u2028',
  '\u2029',
  '\ud800',
  'ключ',
  'record',
  'k',
  'v0',
  'frame_',
];

export const fieldName: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('a', 'b', 'c', 'd', 'e') },
  { weight: 2, arbitrary: fc.constantFrom(...hostileNames) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 4 }) },
);

const text = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.string({ unit: 'binary', maxLength: 10 }),
  fc.constantFrom('', '\ud800', '\udc00x', 'ÿ', 'Ā', '\0', 'a'.repeat(200)),
);

export const primitive: fc.Arbitrary<unknown> = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.constantFrom(0, -0, Number.NaN, Infinity, -Infinity, 2 ** 31 - 1, 2 ** 31, -(2 ** 31), 2 ** 53),
  text,
  fc.boolean(),
  fc.constant(null),
  fc.constant(undefined),
  fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
  fc.constantFrom(2n ** 63n, -(2n ** 63n) - 1n, 2n ** 200n),
);

const leaf: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 6, arbitrary: primitive },
  { weight: 1, arbitrary: fc.date({ noInvalidDate: false }) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 9 }) },
  { weight: 1, arbitrary: fc.float64Array({ maxLength: 4 }) },
  { weight: 1, arbitrary: fc.sparseArray(fc.integer(), { maxNumElements: 3 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      /x+/giu,
      new Error('broken'),
      new RangeError('far'),
      new Map([[{ a: 1 }, new Set([1])]]),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<unknown>(new Number(3), new String('boxed'), new Boolean(false), new ArrayBuffer(3)),
  },
);

/** Own enumerable fields, whatever their names. */
export function recordOf(value: fc.Arbitrary<unknown>): fc.Arbitrary<object> {
  return fc
    .tuple(fc.array(fc.tuple(fieldName, value), { maxLength: 6 }), fc.constantFrom('plain', 'null', 'class'))
    .map(([entries, origin]) => {
      const record: object = origin === 'null' ? Object.create(null) : origin === 'class' ? new Bid() : {};
      for (const [name, field] of entries) {
        Object.defineProperty(record, name, { value: field, writable: true, enumerable: true, configurable: true });
      }
      return record;
    });
}

class Bid {
  get a(): string {
    return 'from the class';
  }
  b(): void {}
}

export const anyValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 5, arbitrary: leaf },
  { weight: 1, arbitrary: recordOf(leaf) },
  { weight: 1, arbitrary: fc.array(leaf, { maxLength: 3 }) },
);

/** Batches as jobs have them: mostly one shape, then another; some wild throughout. */
export const batches: fc.Arbitrary<unknown[][]> = fc.array(
  fc.oneof(
    fc.array(recordOf(primitive), { maxLength: 12 }),
    fc.array(recordOf(anyValue), { maxLength: 12 }),
    fc.array(fc.oneof(recordOf(anyValue), anyValue), { maxLength: 12 }),
    fc.array(fc.integer(), { maxLength: 12 }),
    fc
      .tuple(recordOf(anyValue), fc.integer({ min: 1, max: 40 }))
      .map(([record, times]) => Array<unknown>(times).fill(record)),
    fc
      .tuple(
        fc.uniqueArray(fieldName, { maxLength: 6 }),
        fc.array(fc.array(anyValue, { minLength: 6, maxLength: 6 }), { maxLength: 20 }),
      )
      .map(([names, rows]) =>
        rows.map((row) => {
          const record = {};
          names.forEach((name, index) => {
            Object.defineProperty(record, name, {
              value: row[index],
              writable: true,
              enumerable: true,
              configurable: true,
            });
          });
          return record;
        }),
      ),
  ),
  { maxLength: 8 },
);
