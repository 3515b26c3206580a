import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeyTable } from '../../../engine/operators/key-table.ts';

/** Numbers that share their low bits with others, and keys of all other kinds. */
const someKey = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -4, max: 70 }) },
  fc.integer({ min: 0, max: 5 }).map((i) => i * 2 ** 32 + 1),
  fc.constantFrom<unknown>(
    0.5,
    1.5,
    -0,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    2 ** 53,
    1n,
    '1',
    'one',
    null,
    undefined,
    true,
  ),
  fc.constantFrom<unknown>([1, 'a'], { a: 1 }, [1, 'b']),
);

const someStep = fc.oneof(
  { weight: 20, arbitrary: someKey.map((key) => ({ what: 'find' as const, key })) },
  { weight: 4, arbitrary: someKey.map((key) => ({ what: 'delete' as const, key })) },
  { weight: 4, arbitrary: someKey.map((key) => ({ what: 'peek' as const, key })) },
  fc.constantFrom({ what: 'clear' as const, key: 0 }, { what: 'detach' as const, key: 0 }),
);

const nameOf = (key: unknown): unknown =>
  typeof key === 'object' && key !== null ? `object ${JSON.stringify(key)}` : key;

describe('a table of keys', () => {
  it('finds each key as a Map does, whatever is found, deleted or cleared between', () => {
    fc.assert(
      fc.property(fc.array(someStep, { maxLength: 400 }), (steps) => {
        let made = 0;
        const table = new KeyTable(() => made++);
        let model = new Map<unknown, number>();
        for (const { what, key } of steps) {
          const name = nameOf(key);
          if (what === 'clear' || what === 'detach') {
            const others = what === 'detach' ? table.detach() : undefined;
            if (what === 'clear') table.clear();
            if (others !== undefined)
              expect(new Set([...others.entries()].map(({ value }) => value))).toEqual(new Set(model.values()));
            for (const [held] of others === undefined ? [] : model) {
              if (typeof held === 'number') expect(others!.find(held).value).toBe(model.get(held));
            }
            model = new Map();
          } else if (what === 'delete') {
            table.delete(key);
            model.delete(name);
          } else if (what === 'peek') {
            expect(table.peek(key)?.value).toBe(model.get(name));
          } else {
            const isNew = !model.has(name);
            if (isNew) model.set(name, made);
            expect(table.find(key).value).toBe(model.get(name));
          }
          expect(table.size).toBe(model.size);
        }
        expect(new Set([...table.entries()].map(({ value }) => value))).toEqual(new Set(model.values()));
      }),
    );
  });

  it('keeps a key of parts as its own, which nobody can change', () => {
    const table = new KeyTable(() => 0);
    const given = ['a', { b: [1] }];
    const { key } = table.find(given) as { key: [string, { b: number[] }] };
    given.push('c');
    expect(() => key[1].b.push(2)).toThrow(/not extensible/);
    table.delete(key);
    expect(table.size).toBe(0);
  });

  it('finds a hundred thousand numbers again, most of which share their place with others', () => {
    const table = new KeyTable((key) => key);
    for (let i = 0; i < 100_000; i++) table.find(i * 7);
    for (let i = 99_999; i >= 0; i--) expect(table.find(i * 7).value).toBe(i * 7);
    expect(table.size).toBe(100_000);
  });
});
