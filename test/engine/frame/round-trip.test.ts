import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyValue, batches, hostileNames } from './arbitrary-records.ts';
import { LanePair } from './lane-pair.ts';
import { expectSame } from './same-data.ts';

const NEVER = { compileAfterRecords: Number.POSITIVE_INFINITY };
const AT_ONCE = { compileAfterRecords: 0 };
/** Strings travel as codes as soon as two of four have come before. */
const coding = { freshNs: Number.POSITIVE_INFINITY, sampleStrings: 4 };

const clones = (records: readonly unknown[]): unknown[] => records.map((record) => structuredClone(record));

describe.each([
  ['compiled', AT_ONCE],
  ['interpreted', NEVER],
  ['compiled when worth it', {}],
  ['compiled, with dictionaries', { ...AT_ONCE, coding }],
  ['interpreted, with dictionaries', { ...NEVER, coding }],
])('records through frames, %s', (_, options) => {
  it('come out as structured clone has them, whatever they hold and however their shape changes', () => {
    fc.assert(
      fc.property(batches, (sequence) => {
        const pair = new LanePair(options);
        for (const records of sequence) {
          expectSame(pair.send(records), clones(records));
          // Again: now the columns are known, and the compiled program takes the user's own objects.
          expectSame(pair.send(records), clones(records));
        }
      }),
      { numRuns: 150 },
    );
  });

  it('come out right however a batch is split', () => {
    const records = Array.from({ length: 40 }, (_, index) => ({
      id: index,
      price: index / 3,
      name: 'n'.repeat(index % 5),
      note: index % 7 === 0 ? null : `é${index}`,
      ...(index % 11 === 0 ? { extra: { nested: index } } : {}),
    }));
    for (let size = 1; size <= records.length; size++) {
      const pair = new LanePair(options);
      const out: unknown[] = [];
      for (let from = 0; from < records.length; from += size) {
        out.push(...pair.send(records, from, Math.min(from + size, records.length)));
      }
      expectSame(out, records);
    }
  });

  it('keep their order across a frame of 64K records with a surprise at the end', () => {
    const records: unknown[] = Array.from({ length: 65_536 }, (_, index) => ({ index, text: `t${index}` }));
    records[65_535] = { index: 0.5, text: null };
    expectSame(new LanePair(options).send(records), records);
  });

  it('may be of none at all', () => {
    expectSame(new LanePair(options).send([]), []);
    expectSame(new LanePair(options).send([{}, {}]), [{}, {}]);
  });

  it('keep every hostile name, alone and all together', () => {
    const pair = new LanePair(options);
    for (const name of hostileNames) {
      const record = Object.fromEntries([[name, 'value']]);
      for (let turn = 0; turn < 2; turn++) expectSame(pair.send([record, {}]), [record, {}]);
    }
    const all = Object.fromEntries(hostileNames.map((name, index) => [name, index]));
    for (let turn = 0; turn < 2; turn++) expectSame(pair.send([all, {}, all]), [all, {}, all]);
    expect((globalThis as { pwned?: unknown }).pwned).toBeUndefined();
  });

  it('do not take inherited or hidden fields for their own', () => {
    const pair = new LanePair(options);
    const plain = [
      { a: 1, b: 2 },
      { a: 3, b: 4 },
    ];
    const inherits = Object.assign(Object.create({ b: 9 }), { a: 5 });
    const hides = Object.defineProperty({ a: 6, c: 7 }, 'b', { value: 8, enumerable: false });
    const getter = new (class {
      a = 1;
      c = 2;
      get b(): number {
        return 3;
      }
    })();
    pair.send(plain);
    pair.send(plain);
    for (const record of [inherits, hides, getter]) {
      expectSame(pair.send([...plain, record]), [...plain, structuredClone(record)]);
    }
    expectSame(pair.send([inherits]), [{ a: 5 }]);
    expectSame(pair.send([hides]), [{ a: 6, c: 7 }]);
  });

  it('with built-in objects among them stay what they are, expando fields or not', () => {
    const pair = new LanePair(options);
    const plain = Array.from({ length: 20 }, () => ({ code: 'x' }));
    pair.send(plain);
    pair.send(plain);
    const odd = [
      Object.assign(new Error('m'), { code: 'x' }),
      Object.assign(new Map([[1, 2]]), { code: 'x' }),
      Object.assign(new Date(5), { code: 'x' }),
    ];
    expectSame(pair.send([...plain, ...odd]), [...plain, ...odd.map((value) => structuredClone(value))]);
  });

  it('keep a Buffer a Buffer and every view its class, in memory of its own', () => {
    const pair = new LanePair(options);
    const views = [
      Buffer.from('abc'),
      new Uint8Array([1]),
      new Int16Array([1, -2]),
      new Float64Array([-0, Number.NaN]),
      new BigInt64Array([5n]),
      new Uint8ClampedArray([9]),
      new DataView(new ArrayBuffer(4), 1, 2),
      new Uint32Array(new ArrayBuffer(64), 8, 2),
    ];
    const out = pair.send(views.map((view) => ({ view }))) as { view: ArrayBufferView }[];
    pair.memory.bytes.fill(0);
    out.forEach(({ view }, index) => {
      expectSame(view, views[index]);
      expect(view.buffer.byteLength).toBe(views[index]!.byteLength);
    });
  });

  it('share within a record what they shared before', () => {
    const shared = { deep: [1] };
    const circular: Record<string, unknown> = { a: shared, b: shared };
    const [out] = new LanePair(options).send([circular]) as [typeof circular];
    expect(out['a']).toBe(out['b']);
    expect(out['a']).not.toBe(shared);
  });

  it('run their getters once', () => {
    let reads = 0;
    const counting = (extra: object): object => ({
      get a() {
        return ++reads;
      },
      ...extra,
    });
    const pair = new LanePair(options);
    expectSame(pair.send([counting({}), counting({})]), [{ a: 1 }, { a: 2 }]);
    expectSame(pair.send([counting({}), counting({})]), [{ a: 3 }, { a: 4 }]);
    // A new field, a new kind and an odd record in the middle of a frame: rows already read are not read again.
    expectSame(pair.send([counting({}), counting({ b: 1 }), counting({})]), [{ a: 5 }, { a: 6, b: 1 }, { a: 7 }]);
    expect(pair.send([counting({ b: 2 }), counting({ b: 'x' }), counting({ b: 2 })])).toHaveLength(3);
    expect(reads).toBe(10);
  });

  it('are as they were measured, though they change before the write', () => {
    const pair = new LanePair(options);
    const record = { a: 1, name: 'long enough', data: new Uint8Array([1, 2]) };
    for (let turn = 0; turn < 2; turn++) {
      const need = pair.encoder.measure([record], 0, 1);
      pair.decoder.learn(pair.encoder.schemaVersion, pair.encoder.encodeSchema());
      Object.assign(record, { a: 'x', name: 7, more: true });
      record.data[0] = 9;
      for (const at of [0, need]) pair.encoder.write(pair.memory, at); // and as often as wanted
      const into: unknown[] = [];
      for (const at of [0, need])
        pair.decoder.decode(pair.encoder.schemaVersion, pair.memory, at, 1, into, into.length);
      const expected = { a: 1, name: 'long enough', data: new Uint8Array([1, 2]) };
      expectSame(into, [expected, expected]);
      delete (record as { more?: boolean }).more;
      Object.assign(record, expected);
    }
  });
});

describe('compiled and interpreted programs', () => {
  it('read each other, and agree on the schema, and on the length but for numbers among clones', () => {
    fc.assert(
      fc.property(batches, (sequence) => {
        const [compiled, interpreted] = [new LanePair(AT_ONCE), new LanePair(NEVER)];
        for (const records of [...sequence, ...sequence]) {
          const lengths = [compiled.put(records).length, interpreted.put(records).length];
          // v8.serialize writes the same number in 1 to 8 bytes more or less, by how V8 happens to hold it: a 0 that was staged as a
          // double before its column became one of clones takes 9 bytes, a 0 as the user wrote it 2.
          const hasClones = interpreted.encoder.schema?.columns.some(({ kind }) => kind === 'clone');
          if (!hasClones) expect(lengths[0]).toBe(lengths[1]);
          expect(compiled.encoder.encodeSchema()).toStrictEqual(interpreted.encoder.encodeSchema());
          for (const [writer, reader] of [
            [compiled, interpreted],
            [interpreted, compiled],
          ] as const) {
            const into: unknown[] = [];
            reader.decoder.decode(reader.announced, writer.memory, LanePair.frameAt, records.length, into);
            expectSame(into, clones(records));
          }
        }
      }),
      { numRuns: 100 },
    );
  });
});

describe('a bare value as a record', () => {
  it('is kept, of whatever kind', () => {
    fc.assert(
      fc.property(fc.array(anyValue, { maxLength: 30 }), (values) => {
        const pair = new LanePair(AT_ONCE);
        for (let turn = 0; turn < 2; turn++) expectSame(pair.send(values), clones(values));
      }),
    );
  });

  it('has a column of its own kind', () => {
    for (const [values, kind] of [
      [[1, 2], 'int32'],
      [[1, 2.5], 'float64'],
      [['a', 'b'], 'string'],
      [[[1], [2]], 'clone'],
    ] as const) {
      const pair = new LanePair();
      pair.send(values);
      expect(pair.encoder.schema).toStrictEqual({ shape: 'value', columns: [{ name: '', kind, optional: false }] });
    }
  });
});
