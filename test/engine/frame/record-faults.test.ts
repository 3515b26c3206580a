import { describe, expect, it } from 'vitest';
import { int32 } from '../../../engine/frame/column-types.ts';
import { RecordFault, type RecordSchema, record } from '../../../engine/frame/index.ts';
import { LanePair } from './lane-pair.ts';
import { expectSame } from './same-data.ts';

function faultOf(records: readonly unknown[], pair: LanePair = new LanePair()): RecordFault {
  try {
    pair.put(records);
  } catch (error) {
    if (error instanceof RecordFault) return error;
    throw error;
  }
  throw new Error('no fault');
}

const circular = (value: unknown): object => {
  const outer: Record<string, unknown> = { list: [] };
  outer['self'] = outer;
  (outer['list'] as unknown[]).push(outer, { value });
  return outer;
};

describe('a record that structured clone refuses', () => {
  it.each<[string, unknown, string]>([
    ['a function', { order: { items: [1, 2, 3, { callback: () => 1 }] } }, 'order.items[3].callback'],
    ['a symbol', { a: { 'to do': Symbol('x') } }, 'a["to do"]'],
    ['a function as a field', { a: 1, b: () => 1 }, 'b'],
    ['a promise', { a: Promise.resolve(1) }, 'a'],
    ['a weak map in a map', { a: new Map([['key', new WeakMap()]]) }, 'a.key'],
    ['a function in a set', { a: new Set([1, () => 1]) }, 'a[1]'],
    ['shared memory', { a: [new SharedArrayBuffer(8)] }, 'a[0]'],
    ['a view on shared memory', { a: { b: new Int32Array(new SharedArrayBuffer(8)) } }, 'a.b'],
    ['a function in a circle', { a: circular(() => 1) }, 'a.list[1].value'],
    [
      'a field that throws deep inside',
      { a: { b: Object.defineProperty({}, 'c', { enumerable: true, get: () => JSON.parse('broken') }) } },
      'a.b',
    ],
    ['a function itself', () => 1, ''],
    ['a symbol itself', Symbol('x'), ''],
    ['a promise itself, as from a forgotten await', Promise.resolve({ a: 1 }), ''],
    ['a proxy in a field', { a: new Proxy({}, {}) }, 'a'],
  ])('is named with the path: %s', (_, refused, path) => {
    for (const compileAfterRecords of [0, 1000]) {
      const pair = new LanePair({ compileAfterRecords });
      for (let turn = 0; turn < 2; turn++) {
        const error = faultOf([{ a: 1 }, refused, { a: 2 }], pair);
        expect(error.code).toBe('ERR_RECORD_NOT_CLONEABLE');
        expect(error.recordIndex).toBe(1);
        expect(error.fieldPath).toBe(path);
        expect(error.message).toContain(path === '' ? 'the record itself' : path);
      }
    }
  });

  it('has its place in the whole array, wherever the batch starts', () => {
    const records: unknown[] = Array.from({ length: 100 }, (_, id) => ({ id }));
    records[77] = { id: { deep: [() => 1] } };
    const pair = new LanePair();
    pair.send(records, 0, 50);
    expect(() => pair.put(records, 50, 100)).toThrow(
      expect.objectContaining({ recordIndex: 77, fieldPath: 'id.deep[0]' }),
    );
  });

  it('can be skipped: what stands before and behind it travels', () => {
    const records = [{ a: 1 }, { a: () => 1 }, { a: 3 }];
    const pair = new LanePair();
    const { recordIndex } = faultOf(records, pair);
    expectSame([...pair.send(records, 0, recordIndex), ...pair.send(records, recordIndex + 1)], [{ a: 1 }, { a: 3 }]);
  });

  it('leaves no frame to write', () => {
    const pair = new LanePair();
    faultOf([{ a: () => 1 }], pair);
    expect(() => pair.encoder.write(pair.memory, 0)).toThrow(/must follow a measure/);
  });

  it('keeps what a getter threw as the cause, and which record it was', () => {
    const cause = new Error('not loaded');
    const lazy = {
      get a(): never {
        throw cause;
      },
    };
    const pair = new LanePair({ compileAfterRecords: 0 });
    for (let turn = 0; turn < 3; turn++) {
      const error = faultOf([{ a: 1 }, { a: 2 }, lazy], pair);
      expect(error).toMatchObject({ code: 'ERR_RECORD_NOT_CLONEABLE', recordIndex: 2, cause });
      expectSame(pair.send([{ a: 1 }]), [{ a: 1 }]);
    }
  });

  it('is the one blamed when it is misfit first and throws while its problems are listed', () => {
    const misfit = {
      more: true,
      get a(): number {
        throw new Error('not loaded');
      },
    };
    for (const compileAfterRecords of [0, 1000]) {
      const pair = new LanePair({ schema: record({ a: int32 }) as RecordSchema<unknown>, compileAfterRecords });
      for (let turn = 0; turn < 2; turn++) {
        const error = faultOf([{ a: 1 }, { a: 2 }, misfit], pair);
        expect(error).toMatchObject({ code: 'ERR_RECORD_NOT_CLONEABLE', recordIndex: 2 });
      }
    }
  });
});

describe('fields with a symbol for a name', () => {
  it('are dropped, as structured clone does', () => {
    expectSame(new LanePair().send([{ a: 1, [Symbol('x')]: 2 }]), [{ a: 1 }]);
  });
});

describe('the frame of the record that is too large for anything', () => {
  it('is measured as infinite when its text is longer than a string can be', () => {
    const long = 'x'.repeat(2 ** 28);
    const pair = new LanePair();
    expect(pair.encoder.measure([{ a: long }, { a: long }, { a: long }], 0, 3)).toBe(Number.POSITIVE_INFINITY);
    expect(() => pair.encoder.write(pair.memory, 0)).toThrow(/must follow a measure/);
    expectSame(pair.send([{ a: 'short' }]), [{ a: 'short' }]);
  });

  it('is measured exactly below that', () => {
    const pair = new LanePair();
    const need = pair.encoder.measure([{ a: 'x'.repeat(10_000_000) }], 0, 1);
    expect(need).toBeGreaterThan(10_000_000);
    expect(need).toBeLessThan(10_000_100);
    expect(() => pair.encoder.write(pair.memory, 0)).toThrow(/inside its memory/);
  });
});
