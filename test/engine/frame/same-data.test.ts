import { describe, expect, it } from 'vitest';
import { difference } from './same-data.ts';

const constructorField = (value: unknown): object => ({ constructor: value });

describe('the comparison that frame tests lean on', () => {
  it.each<[string, unknown, unknown]>([
    ['zeros', 0, -0],
    ['undefined and absent fields', { a: undefined }, {}],
    ['holes and undefined', new Array(1), [undefined]],
    ['lengths', new Array(1), new Array(2)],
    ['an own __proto__ and none', JSON.parse('{"__proto__":1}'), {}],
    ['fields called constructor', constructorField([1]), constructorField([2])],
    ['a Buffer and a Uint8Array', Buffer.from([1]), new Uint8Array([1])],
    ['bytes', new Uint8Array([1]), new Uint8Array([2])],
    ['dates', new Date(1), new Date(Number.NaN)],
    ['classes', new (class A {})(), {}],
    ['maps', new Map([[1, { a: 1 }]]), new Map([[1, { a: 2 }]])],
    ['errors', new Error('a'), new Error('b')],
    ['patterns', /a/g, /a/i],
    ['boxes', new Number(1), new Number(2)],
    ['deep values', { a: [{ b: 1 }] }, { a: [{ b: 2 }] }],
  ])('tells %s apart', (_, left, right) => {
    expect(difference(left, right)).toBeTypeOf('string');
    expect(difference(left, left)).toBeUndefined();
  });

  it('takes clones of anything for the same, circles too', () => {
    const value: Record<string, unknown> = {
      list: Object.assign(new Array(3), { 0: 1, 2: null }),
      date: new Date(Number.NaN),
      map: new Map([[new Set([1]), /x/]]),
      error: new RangeError('far'),
      bytes: new Float64Array([-0]),
    };
    value['self'] = value;
    expect(difference(structuredClone(value), value)).toBeUndefined();
    expect(difference({ a: 1, b: 2 }, { b: 2, a: 1 })).toBeUndefined();
  });
});
