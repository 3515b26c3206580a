import type { StandardSchemaV1 } from '@standard-schema/spec';
import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { MillraceError } from '../../../engine/errors/millrace-error.ts';
import {
  any,
  boolean,
  bytes,
  date,
  float64,
  type Infer,
  int32,
  int64,
  list,
  nullable,
  optional,
  RecordFault,
  type RecordSchema,
  record,
  string,
  structured,
} from '../../../engine/frame/index.ts';
import { LanePair } from './lane-pair.ts';
import { expectSame } from './same-data.ts';

const order = record({
  id: int32,
  price: float64,
  total: int64,
  paid: boolean,
  at: date,
  name: string,
  blob: bytes,
  note: nullable(string),
  url: optional(string),
  extra: any,
  tags: list(string),
  address: record({ city: string, zip: optional(nullable(int32)) }),
  payload: structured<{ kind: 'a' } | { kind: 'b' }>(),
});
type Order = Infer<typeof order>;

const good: Order = {
  id: 7,
  price: -0,
  total: 2n ** 62n,
  paid: true,
  at: new Date(5),
  name: 'ünï',
  blob: new Uint8Array([1, 2]),
  note: null,
  extra: undefined,
  tags: ['x', ''],
  address: { city: 'Bern', zip: null },
  payload: { kind: 'a' },
};

function fault(records: readonly unknown[], schema: RecordSchema<unknown> = order, options: object = {}): RecordFault {
  try {
    new LanePair({ schema, ...options }).put(records);
  } catch (error) {
    if (error instanceof RecordFault) return error;
    throw error;
  }
  throw new Error('no fault');
}

describe('a declared record', () => {
  it('has the type of its fields', () => {
    expectTypeOf<Order>().toEqualTypeOf<{
      id: number;
      price: number;
      total: bigint;
      paid: boolean;
      at: Date;
      name: string;
      blob: Uint8Array;
      note: string | null;
      url?: string | undefined;
      extra: unknown;
      tags: string[];
      address: { city: string; zip?: number | null | undefined };
      payload: { kind: 'a' } | { kind: 'b' };
    }>();
    expectTypeOf(order).toExtend<StandardSchemaV1<Order, Order>>();
    expectTypeOf<RecordSchema<Order>>().toExtend<RecordSchema<unknown>>();
  });

  it.each([0, Number.POSITIVE_INFINITY])('travels as it is (compiled after %s records)', (compileAfterRecords) => {
    const pair = new LanePair({ schema: order, compileAfterRecords });
    const records = [good, { ...good, url: undefined }, { ...good, url: 'u', note: 'n', extra: new Map([[1, 2]]) }];
    expectSame(pair.send(records), records);
    expect(pair.announcements).toBe(1);
    expect(pair.encoder.schemaVersion).toBe(1);
  });

  it('never changes its columns, whatever it meets', () => {
    const pair = new LanePair({ schema: order });
    expect(() => pair.put([{ ...good, id: 0.5 }])).toThrow(RecordFault);
    expectSame(pair.send([good]), [good]);
    expect(pair.encoder.schemaVersion).toBe(1);
  });

  it('may be an instance of a class, or have its fields in another order', () => {
    const schema = record({ x: int32, y: string });
    class Point {
      y = 'a';
      x = 1;
    }
    const records = [{ y: 'b', x: 2 }, new Point(), Object.assign(Object.create(null), { x: 3, y: 'c' })];
    expectSame(new LanePair({ schema }).send(records), [
      { x: 2, y: 'b' },
      { x: 1, y: 'a' },
      { x: 3, y: 'c' },
    ]);
  });

  it('stores -0 in an int32 column as 0, and a Buffer in a bytes column as a Uint8Array', () => {
    const schema = record({ i: int32, b: bytes });
    for (const compileAfterRecords of [0, 1000]) {
      const pair = new LanePair({ schema, compileAfterRecords });
      expectSame(pair.send([{ i: -0, b: Buffer.from('ab') }]), [{ i: 0, b: new Uint8Array([97, 98]) }]);
    }
  });

  it.each<[string, unknown, RegExp]>([
    ['id', 0.5, /id must be an integer from -2147483648 to 2147483647, and is a number \(0.5\)/],
    ['id', 2 ** 31, /2147483648\)/],
    ['id', Number.NaN, /a number \(NaN\)/],
    ['price', '12', /price must be a number, and is a string \("12"\)/],
    ['price', null, /price must be a number, and is null/],
    ['total', 2n ** 63n, /total must be a bigint of 64 bits/],
    ['total', 5, /total must be a bigint/],
    ['paid', 1, /paid must be a boolean/],
    ['at', 5, /at must be a Date, and is a number/],
    ['at', Object.create(Date.prototype), /at must be a Date/],
    ['name', undefined, /name must be a string, and is undefined/],
    ['blob', [1], /blob must be a Uint8Array on memory of its own, and is an array/],
    ['blob', new Uint8Array(new SharedArrayBuffer(1)), /blob must be/],
    ['note', undefined, /note must be a string or null, and is undefined/],
    ['note', 5, /note must be a string/],
    ['url', null, /url must be a string, and is null/],
    ['tags', 'x', /tags must be an array, and is a string/],
    ['tags', ['x', 5], /tags\[1\] must be a string, and is a number \(5\)/],
    ['address', {}, /address\.city must be a string, and is missing/],
    ['address', { city: 'x', zip: 'y' }, /address\.zip must be an integer/],
    ['address', new Map(), /address must be an object of fields, and is an instance of Map/],
    ['surplus', 1, /surplus must be declared in the schema/],
    ['to do', 1, /\["to do"\] must be declared/],
  ])('is refused when %s is %o, and the error says which rule it broke', (field, value, message) => {
    for (const compileAfterRecords of [0, 1000]) {
      const error = fault([good, good, { ...good, [field]: value }, good], order, { compileAfterRecords });
      expect(error.code).toBe('ERR_RECORD_INVALID');
      expect(error.recordIndex).toBe(2);
      expect(error.message).toMatch(message);
      expect(error.message).toContain('record 2');
      expect(error.fieldPath).not.toBe('');
    }
  });

  it('is refused with all its problems at once', () => {
    const error = fault([{ id: 'x', price: 'y' }], record({ id: int32, price: float64, name: string }));
    expect(error.message).toMatch(/id must be.*price must be.*name must be a string, and is missing/);
  });

  it.each([[null], [5], ['x'], [[1]], [undefined], [new Map()]])(
    'is refused when it is no object of fields: %o',
    (value) => {
      const error = fault([value]);
      expect(error.message).toMatch(/the record must be an object of fields/);
    },
  );

  it('names unfit functions and symbols inside structured fields by their path', () => {
    const error = fault([{ ...good, extra: { items: [0, { callback: () => 1 }] } }]);
    expect(error.code).toBe('ERR_RECORD_NOT_CLONEABLE');
    expect(error.fieldPath).toBe('extra.items[1].callback');
  });

  it('keeps hostile field names', () => {
    const schema = record({
      ['__proto__']: int32,
      constructor: string,
      '"]; boom(); //': optional(int32),
      '\u2028': int32,
    });
    const value = JSON.parse('{"__proto__":1,"constructor":"c","\\u2028":3}');
    for (const compileAfterRecords of [0, 1000]) {
      expectSame(new LanePair({ schema, compileAfterRecords }).send([value, value]), [value, value]);
    }
  });

  it('takes exactly what it validates', () => {
    const schema = record({ a: int32, b: nullable(string), c: optional(float64) });
    const loose = fc.record(
      {
        a: fc.oneof(fc.integer(), fc.double(), fc.constant(null)),
        b: fc.oneof(fc.string(), fc.constantFrom(null, undefined, 3)),
        c: fc.oneof(fc.double(), fc.constantFrom(null, undefined, '')),
        d: fc.constant(1),
      },
      { requiredKeys: ['a', 'b'] },
    );
    fc.assert(
      fc.property(loose, fc.constantFrom(0, 1000), (value, compileAfterRecords) => {
        const isValid = !('issues' in schema['~standard'].validate(value));
        const pair = new LanePair({ schema, compileAfterRecords });
        if (isValid) pair.send([value]);
        else expect(() => pair.put([value])).toThrow(RecordFault);
      }),
    );
  });
});

describe('as a Standard Schema', () => {
  it('gives the value itself when it fits', () => {
    expect(order['~standard'].validate(good)).toStrictEqual({ value: good });
    expect(order['~standard']).toMatchObject({ version: 1, vendor: 'millrace' });
  });

  it('gives every problem with its path', () => {
    const result = order['~standard'].validate({ ...good, id: 'x', tags: [1, 'a', 2], address: { city: 5 } });
    expect((result as StandardSchemaV1.FailureResult).issues.map(({ path }) => path)).toStrictEqual([
      ['id'],
      ['tags', 0],
      ['tags', 2],
      ['address', 'city'],
    ]);
  });
});

describe('a malformed declaration', () => {
  it('is refused with the fields named', () => {
    expect(() => record({ a: 'string', b: int32, c: null } as never)).toThrow(/a is a string \("string"\); c is null/);
    expect(() => record(null as never)).toThrow(MillraceError);
  });
});
