import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../engine/limits.ts';
import { KeyTable } from '../../../engine/operators/key-table.ts';
import { compositeKey, hashKey, partitionOf } from '../../../engine/partition/key-hash.ts';
import { actorOfPartition } from '../../../engine/partition/partition-table.ts';

describe('the hash of a key', () => {
  // Stored state depends on these: a change that breaks them must not be made. 1 is MurmurHash3's finaliser of 1, 0x514e28b7.
  it.each<[key: unknown, hash: number, partition: number]>([
    ['', 0, 0],
    ['a', 530429928, 232],
    ['b', -968704237, 19],
    ['ab', 1329383590, 166],
    ['hello, world', -1910490734, 146],
    ['é', -719782692, 220],
    ['ключ', 2102127986, 114],
    ['𝄞', -998434167, 137],
    ['\ud834', -271317221, 27],
    ['\0', -1391790509, 83],
    ['x'.repeat(100), -630671587, 29],
    [0, 0, 0],
    [-0, 0, 0],
    [1, 1364076727, 183],
    [-1, -2114883783, 57],
    [255, 1818482051, 131],
    [2147483647, -104067416, 168],
    [-2147483648, 1832674720, 160],
    [2147483648, 817838341, 5],
    [4294967296, 303566763, 171],
    [0.5, 212211137, 193],
    [-0.5, 1616912291, 163],
    [1e300, -658500872, 248],
    [5e-324, 1728272531, 147],
    [Number.MAX_SAFE_INTEGER, 197707809, 33],
    [NaN, 104869765, 133],
    [Infinity, 347545401, 57],
    [-Infinity, 2116562338, 162],
    [0n, -1368580632, 232],
    [1n, 619722390, 150],
    [-1n, 1487485517, 77],
    [2n ** 100n, 2066399942, 198],
    [true, -555704587, 245],
    [false, 742440545, 97],
    [null, -1716808456, 248],
    [undefined, -1384145228, 180],
    [new Date(0), 506786080, 32],
    [new Date(1_700_000_000_000), 1753564926, 254],
    [new Date(Number.NaN), -280173170, 142],
    [[], 805809772, 108],
    [['a', 'b'], 276272283, 155],
    [['ab'], 1238470259, 115],
    [[1, 2], 868940707, 163],
    [[1, [2]], -42417805, 115],
    [[-0], 12207628, 12],
    [[null, undefined, true], 356204628, 84],
    [{}, 1644116910, 174],
    [{ a: 1, b: 'x' }, -504654111, 225],
    [['JFK', new Date(0), 7n], -512329939, 45],
  ])('of %o is %i, in partition %i, on every platform and for ever', (key, hash, partition) => {
    expect(hashKey(key)).toBe(hash);
    expect(partitionOf(key)).toBe(partition);
  });

  it('spreads keys of every kind evenly over the partitions', () => {
    const kinds: Record<string, (i: number) => unknown> = {
      'small integers': (i) => i,
      'multiples of 256': (i) => i * 256,
      'multiples of 1000': (i) => i * 1000,
      halves: (i) => i / 2 + 0.25,
      'large integers': (i) => 1e12 + i,
      'milliseconds of whole hours': (i) => 1_700_000_000_000 + i * 3_600_000,
      strings: (i) => `key-${i}`,
      'padded strings': (i) => `user:${String(i).padStart(12, '0')}`,
      bigints: (i) => BigInt(i) * 1_000_003n,
      dates: (i) => new Date(i * 86_400_000),
      tuples: (i) => ['shop', i],
    };
    const keys = 256 * 64;
    for (const [kind, make] of Object.entries(kinds)) {
      const counts = new Array<number>(LIMITS.partitions).fill(0);
      for (let i = 0; i < keys; i++) counts[partitionOf(make(i))]!++;
      const expected = keys / LIMITS.partitions;
      const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
      // 255 degrees of freedom: a mean of 255, a standard deviation of 22.6. Six of them above is no accident.
      expect(chiSquare, kind).toBeLessThan(255 + 6 * 22.6);
    }
  });

  it('is the same for equal keys, and equal keys find the same entry', () => {
    const simple = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.double(),
      fc.integer(),
      fc.bigInt(),
      fc.boolean(),
      fc.constantFrom(null, undefined),
      fc.date({ noInvalidDate: false }),
    );
    const key = fc.oneof(
      simple,
      fc.array(simple, { maxLength: 4 }),
      fc.dictionary(fc.string({ maxLength: 3 }), simple, { maxKeys: 4 }),
    );
    fc.assert(
      fc.property(key, (original) => {
        const copy = structuredClone(original);
        expect(hashKey(copy)).toBe(hashKey(original));
        const table = new KeyTable(() => 0);
        expect(table.find(copy)).toBe(table.find(original));
        expect(table.size).toBe(1);
      }),
      { numRuns: 500 },
    );
  });

  it('tells composite keys apart that differ in any part', () => {
    const hole: unknown[] = [1, 2];
    hole.length = 3;
    const keys: object[] = [
      [],
      [''],
      ['a', 'b'],
      ['ab'],
      ['a,b'],
      [1],
      ['1'],
      [1n],
      [true],
      ['true'],
      [null],
      [undefined],
      [Number.NaN],
      ['NaN'],
      [[]],
      [[1], 2],
      [1, [2]],
      [1, 2],
      [1, 2, undefined],
      [new Date(1)],
      {},
      { a: 1 },
      { b: 1 },
      { a: 1, b: 2 },
      { a: undefined },
      { '0': 1 },
      ['s1:a'],
    ];
    const texts = keys.map(compositeKey);
    expect(new Set(texts).size).toBe(keys.length);
    // A hole reads as undefined.
    expect(compositeKey(hole)).toBe(compositeKey([1, 2, undefined]));
    expect(compositeKey({ a: 1, b: 2 })).toBe(compositeKey({ b: 2, a: 1 }));
    expect(compositeKey([-0])).toBe(compositeKey([0]));
  });

  it.each([
    ['a symbol', Symbol('s')],
    ['a function', () => 1],
    ['a Map', new Map()],
    ['an instance', new URL('file:///')],
    ['a Map in a tuple', [1, new Map()]],
    ['nine levels', [[[[[[[[[1]]]]]]]]]],
  ])('refuses %s, in words', (_name, key) => {
    const refusal = expect.objectContaining({
      code: 'ERR_OPERATOR',
      message: expect.stringContaining('a key must be'),
    });
    expect(() => hashKey(key)).toThrow(refusal);
    expect(() => new KeyTable(() => 0).find(key)).toThrow(refusal);
  });

  it('deals partitions out evenly, every actor its share', () => {
    for (const actors of [1, 2, 3, 7, 256]) {
      const counts = new Array<number>(actors).fill(0);
      for (const actor of actorOfPartition(actors)) counts[actor]!++;
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
    }
  });
});

describe('a table of keys', () => {
  it('takes 0 and -0, and each NaN, for one key; 1, 1n and "1" for three', () => {
    const table = new KeyTable(() => 0);
    for (const key of [0, -0, Number.NaN, Number.NaN, 1, 1n, '1', [1], ['1']]) table.find(key);
    expect([...table.entries()].map(({ key }) => key)).toEqual([0, Number.NaN, 1, 1n, '1', [1], ['1']]);
    expect(Object.is([...table.entries()][0]!.key, 0)).toBe(true);
  });

  it('keeps composite keys as they were when they came, and gives entries back when asked', () => {
    const table = new KeyTable(() => 0);
    const key = ['a', 1];
    table.find(key).value = 5;
    key[1] = 2;
    expect([...table.entries()]).toEqual([{ key: ['a', 1], value: 5 }]);
    table.find('simple');
    table.delete(['a', 1]);
    table.delete('simple');
    expect(table.size).toBe(0);
  });
});
