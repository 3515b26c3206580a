import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { generate } from '../../../connectors/generate/index.ts';
import { drive, openOnly, readAll } from '../streams/reading.ts';

describe('generate', () => {
  it('makes every record exactly once and in order, over any number of splits, workers and batch sizes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: 300 }),
        fc.option(fc.integer({ min: 1, max: 40 }), { nil: undefined }),
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 1, max: 50 }),
        async (count, splits, workers, maxRecords) => {
          const source = generate(count, (index) => index, splits === undefined ? {} : { splits });
          expect(await readAll(source, maxRecords, workers)).toEqual(Array.from({ length: count }, (_, i) => i));
          const sizes = source.splits({ workers }).map(({ size }) => size as number);
          expect(sizes.reduce((a, b) => a + b)).toBe(count);
          expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
          expect(new Set(source.splits({ workers }).map(({ id }) => id)).size).toBe(sizes.length);
        },
      ),
    );
  });

  it('shows its function and its ranges, so that an engine can make the records itself', () => {
    const source = generate(10, (index) => ({ index }), { splits: 3 });
    expectTypeOf(source.generator).toEqualTypeOf<(index: number) => { index: number }>();
    const made = source.splits({ workers: 1 }).flatMap(({ from, to }) => {
      const records: { index: number }[] = [];
      for (let index = from; index < to; index++) records.push(source.generator(index));
      return records;
    });
    expect(made).toEqual(Array.from({ length: 10 }, (_, index) => ({ index })));
  });

  it('divides counts above 2^32 without losing an index', () => {
    const ranges = generate(Number.MAX_SAFE_INTEGER, Number, { splits: 7 }).splits({ workers: 1 });
    expect(ranges[0]?.from).toBe(0);
    expect(ranges.at(-1)?.to).toBe(Number.MAX_SAFE_INTEGER);
    ranges.slice(1).forEach((range, index) => {
      expect(range.from).toBe(ranges[index]?.to);
    });
  });

  it('hands out what came before a throw, then fails with the index', async () => {
    const source = generate(
      10,
      (index) => {
        if (index === 5) throw new Error('five is unlucky');
        return index;
      },
      { splits: 1 },
    );
    const reader = await openOnly(source);
    expect(reader.read(4)).toEqual([0, 1, 2, 3]);
    expect(reader.read(4)).toEqual([4]);
    expect(reader.locate?.(0)).toBe('generate index 4');
    expect(reader.progress?.()).toBe(5);
    expect(() => reader.read(4)).toThrow('generate failed at index 5: five is unlucky');
    expect(() => reader.read(4)).toThrow(expect.objectContaining({ code: 'ERR_SOURCE' }) as Error);
  });

  it('has one empty split when there is nothing to make', () => {
    const source = generate(0, Number);
    const splits = source.splits({ workers: 3 });
    expect(splits).toHaveLength(1);
    expect(source.open(splits[0] as (typeof splits)[0], drive().context).read(5)).toBe('done');
  });

  it.each([
    [() => generate(-1, Number), /count=-1/],
    [() => generate(1.5, Number), /count=1.5/],
    [() => generate(2 ** 53, Number), /count=9007199254740992/],
    [() => generate(1, 5 as never), /needs a function.*got number/],
    [() => generate(1, Number, { splits: 0 }), /splits=0/],
    [() => generate(1, Number, { splits: 65_537 }), /splits=65537/],
  ])('refuses what is out of range (%#)', (build, message) => {
    expect(build).toThrow(message);
  });
});
