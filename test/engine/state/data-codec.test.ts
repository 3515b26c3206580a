// State comes back as structured clone would have given it, whatever it is made of.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { DataReader, DataWriter } from '../../../engine/state/data-codec.ts';

const texts = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.string({ maxLength: 5 }),
  fc.constantFrom('__proto__', 'ä', '€', '\ud800', 'x'.repeat(70_000), '€'.repeat(50_000)),
);
const leaves = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.constantFrom(-0, 2 ** 31, -(2 ** 31), null, undefined, true, false),
  texts,
  fc.bigInt(),
  fc.date({ noInvalidDate: true }),
  fc.constantFrom(new Map([[1, { a: 1 }]]), new Set(['a']), new Uint8Array([1, 2])),
);
const { values } = fc.letrec<{ values: unknown }>((tie) => ({
  values: fc.oneof(
    { maxDepth: 4 },
    { weight: 4, arbitrary: leaves },
    { weight: 1, arbitrary: fc.array(tie('values'), { maxLength: 20 }) },
    { weight: 1, arbitrary: fc.dictionary(texts, tie('values'), { maxKeys: 20, noNullPrototype: true }) },
  ),
}));

it('reads what was written, many behind each other', () => {
  const writer = new DataWriter();
  const reader = new DataReader();
  fc.assert(
    fc.property(fc.array(values, { maxLength: 8 }), (all) => {
      writer.reset();
      const written = all.map((value) => writer.write(value));
      for (const [i, value] of all.entries()) expect(reader.read(written[i]!)).toStrictEqual(structuredClone(value));
    }),
    { numRuns: 500 },
  );
});

it('keeps what only structured clone knows of: holes, fields of arrays, one object in two places, a cycle', () => {
  const writer = new DataWriter();
  const read = (value: unknown): unknown => new DataReader().read(writer.write(value));
  // biome-ignore lint/suspicious/noSparseArray: what is tested
  expect(0 in (read([, 1]) as unknown[])).toBe(false);
  expect(read(Object.assign([1], { named: 2 }))).toMatchObject({ named: 2 });
  const one = { a: 1 };
  const [first, second] = read([one, one]) as [object, object];
  expect(first).toBe(second);
  const ring: { next?: unknown } = {};
  ring.next = ring;
  const back = read(ring) as { next: unknown };
  expect(back.next).toBe(back);
  expect(read(JSON.parse('{"__proto__":{"a":1}}'))).toEqual(JSON.parse('{"__proto__":{"a":1}}'));
  expect(Object.is(read(-0), -0)).toBe(true);
});

it('refuses what structured clone refuses, and goes on', () => {
  const writer = new DataWriter();
  expect(() => writer.write({ a: 1, f: () => {} })).toThrow();
  expect(() => writer.write(Symbol('no'))).toThrow();
  expect(new DataReader().read(writer.write([1, 'a']))).toEqual([1, 'a']);
});
