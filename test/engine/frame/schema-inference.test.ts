import { describe, expect, it } from 'vitest';
import { LanePair } from './lane-pair.ts';
import { expectSame } from './same-data.ts';

function many(count: number, make: (index: number) => unknown): unknown[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

function kinds(pair: LanePair): Record<string, string> {
  return Object.fromEntries(
    pair.encoder.schema!.columns.map(({ name, kind, optional }) => [name, optional ? `${kind}?` : kind]),
  );
}

describe('an inferred schema', () => {
  it('gives every kind of value its column', () => {
    const pair = new LanePair();
    const record = {
      i: 1,
      f: 0.5,
      z: -0,
      big: 2 ** 31,
      b: true,
      s: 'x',
      d: new Date(1),
      n: 5n,
      huge: 2n ** 64n,
      bytes: new Uint8Array(2),
      buffer: Buffer.from('x'),
      o: {},
      nothing: null,
      undef: undefined,
    };
    expectSame(pair.send([record]), [record]);
    expect(kinds(pair)).toStrictEqual({
      i: 'int32',
      f: 'float64',
      z: 'float64',
      big: 'float64',
      b: 'boolean',
      s: 'string',
      d: 'date',
      n: 'int64',
      huge: 'clone',
      bytes: 'bytes',
      buffer: 'clone',
      o: 'clone',
      nothing: 'nothing',
      undef: 'nothing',
    });
  });

  it('stays as it is while records stay as they are, nulls or not', () => {
    const pair = new LanePair();
    for (let frame = 0; frame < 20; frame++)
      pair.send(many(50, (i) => ({ a: i, b: i % 3 === 0 ? null : `${i}`, c: undefined })));
    expect(pair.announcements).toBe(1);
  });

  it('widens in the middle of a frame, and its version changes with it', () => {
    const pair = new LanePair();
    const steps: [unknown[], Record<string, string>][] = [
      [many(40, () => ({ a: null })), { a: 'nothing' }],
      [many(40, (i) => ({ a: i > 20 ? 1 : null })), { a: 'int32' }],
      [many(40, (i) => ({ a: i > 30 ? 0.5 : 1 })), { a: 'float64' }],
      [many(40, (i) => ({ a: 1, ...(i > 10 ? { b: 'x' } : {}) })), { a: 'float64', b: 'string?' }],
      [many(80, (i) => ({ a: i > 10 ? 'x' : 1 })), { a: 'clone', b: 'string?' }],
    ];
    steps.forEach(([records, expected], step) => {
      expectSame(pair.send(records), records);
      expect(kinds(pair)).toStrictEqual(expected);
      expect(pair.announced).toBe(step + 1);
    });
  });

  it('sends the odd record whole rather than slow a column down for it', () => {
    const pair = new LanePair();
    const records = many(500, (i) =>
      i === 250 ? { a: 'N/A', b: 1 } : i === 300 ? null : i === 301 ? [1, 2] : { a: i, b: i },
    );
    for (let turn = 0; turn < 5; turn++) expectSame(pair.send(records), records);
    expect(kinds(pair)).toStrictEqual({ a: 'int32', b: 'int32' });
    expect(pair.announcements).toBe(1);
  });

  it('makes no columns of fields that hardly any record has', () => {
    const pair = new LanePair();
    const records = many(500, (i) => ({ id: i, [`unique${i}`]: i }));
    for (let turn = 0; turn < 3; turn++) expectSame(pair.send(records), records);
    expect(kinds(pair)).toStrictEqual({ id: 'int32' });
  });

  it('follows the records when they take another shape for good', () => {
    const pair = new LanePair();
    pair.send(many(100, (i) => i));
    expect(pair.encoder.schema).toMatchObject({ shape: 'value' });
    for (let turn = 0; turn < 20; turn++)
      expectSame(
        pair.send(many(400, (i) => ({ i }))),
        many(400, (i) => ({ i })),
      );
    expect(pair.encoder.schema).toMatchObject({ shape: 'fields', columns: [{ name: 'i', kind: 'int32' }] });
  });

  it('has no more than maxColumns columns; wider records travel whole', () => {
    const wide = (width: number): object => Object.fromEntries(many(width, (i) => [`f${i}`, i]) as [string, number][]);
    const pair = new LanePair({ maxColumns: 10 });
    for (const width of [10, 11, 300, 3]) {
      const records = many(30, () => wide(width));
      expectSame(pair.send(records), records);
      expect(pair.encoder.schema!.columns.length).toBeLessThanOrEqual(10);
    }
    const other = new LanePair({ maxColumns: 10 });
    expectSame(other.send([wide(300)]), [wide(300)]);
    expect(other.encoder.schema!.columns).toHaveLength(0);
  });

  it('stops changing, whatever hostile records do', () => {
    const pair = new LanePair();
    for (let frame = 0; frame < 3000; frame++) {
      const records = [{ [`name${frame}`]: frame % 3 === 0 ? 'x' : frame }, frame % 2 === 0 ? frame : { a: frame }];
      expectSame(pair.send(records), records);
    }
    expect(pair.encoder.schemaVersion).toBeLessThanOrEqual(256);
    expect(pair.encoder.schema!.columns.length).toBeLessThanOrEqual(256);
  });

  it('refuses a bound that is none', () => {
    for (const maxColumns of [0, -1, 1.5, 4097, Number.NaN]) {
      expect(() => new LanePair({ maxColumns })).toThrow(/maxColumns must be an integer from 1 to 4096/);
    }
  });
});
