import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { owned } from '../../../engine/aggregate/own-string.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Heap that 200 values still hold, each made from a text of half a megabyte of its own, which nobody else holds. */
function heldBytes(make: (text: string) => unknown): number {
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  const held = Array.from({ length: 200 }, (_, i) => make(Buffer.alloc(500_000, 97 + (i % 26)).toString('latin1')));
  collectGarbage();
  const after = process.memoryUsage().heapUsed;
  expect(held).toHaveLength(200);
  return after - before;
}

describe('what an aggregate keeps', () => {
  it('does not keep the text it was cut from: neither a string nor a record with one', () => {
    expect(heldBytes((text) => text.substring(10, 40))).toBeGreaterThan(50_000_000);
    expect(heldBytes((text) => owned(text.substring(10, 40)))).toBeLessThan(5_000_000);
    expect(heldBytes((text) => owned({ id: 1, name: text.substring(10, 40) }))).toBeLessThan(5_000_000);
  });

  it('is equal to what came, and what came is unchanged', () => {
    const record = Object.freeze({ id: 1, name: 'a name of thirty characters or so', short: 'x', none: null });
    expect(owned(record)).toStrictEqual({ ...record });
    const hostile = JSON.parse('{"__proto__": "a text that is long enough to be cut", "b": 1}');
    expect(Object.entries(owned(hostile))).toStrictEqual(Object.entries(hostile));
    expect(owned('žluťoučký kůň \ud800 a lone surrogate')).toBe('žluťoučký kůň \ud800 a lone surrogate');
    const date = new Date(0);
    expect(owned(date)).toBe(date);
  });
});
