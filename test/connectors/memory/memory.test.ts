import { Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { generate } from '../../../connectors/generate/index.ts';
import { fromAsyncIterable, fromIterable, type SourceLike, toSource } from '../../../connectors/memory/index.ts';
import type { Source } from '../../../engine/connector/source.ts';
import { drive, openOnly, readAll, readReady } from '../streams/reading.ts';

async function* asyncNumbers(count: number, failAt = Number.POSITIVE_INFINITY): AsyncGenerator<number> {
  for (let i = 0; i < count; i++) {
    if (i === failAt) throw new Error('the well is dry');
    if (i % 5 === 0) await delay(0);
    yield i;
  }
}

function* numbers(count: number, failAt = Number.POSITIVE_INFINITY): Generator<number> {
  for (let i = 0; i < count; i++) {
    if (i === failAt) throw new Error('the well is dry');
    yield i;
  }
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

describe('fromIterable', () => {
  it('gives every value once and in order, in batches of any size', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 40 }), fc.integer({ min: 1, max: 20 }), async (count, maxRecords) => {
        for (const iterable of [upTo(count), new Set(upTo(count)), numbers(count), () => numbers(count)]) {
          expect(await readAll(fromIterable(iterable), maxRecords)).toEqual(upTo(count));
        }
      }),
      { numRuns: 50 },
    );
  });

  it('answers without a promise and draws no further than it is asked', async () => {
    let drawn = 0;
    const endless = function* (): Generator<number> {
      for (;;) yield drawn++;
    };
    const reader = await openOnly(fromIterable(endless, { bounded: false }));
    expect(drawn).toBe(0);
    expect(reader.read(3)).toEqual([0, 1, 2]);
    expect(drawn).toBe(3);
    expect(reader.locate?.(1)).toBe('iterable record 2');
    expect(reader.progress?.()).toBe(3);
  });

  it('calls return() when it is closed in the middle, and not after the end', async () => {
    let closed = 0;
    const watched = function* (): Generator<number> {
      try {
        yield* upTo(10);
      } finally {
        closed++;
      }
    };
    const reader = await openOnly(fromIterable(watched));
    reader.read(4);
    await reader.close?.();
    expect(closed).toBe(1);
    await reader.close?.();
    expect(closed).toBe(1);
    expect(await readAll(fromIterable(watched))).toHaveLength(10);
    expect(closed).toBe(2);
  });

  it('hands out what came before a throw, then fails with how many there were, every time it is asked', async () => {
    const reader = await openOnly(fromIterable(() => numbers(100, 5), { name: 'well' }));
    expect(reader.read(3)).toEqual([0, 1, 2]);
    expect(reader.read(3)).toEqual([3, 4]);
    for (let i = 0; i < 2; i++) {
      expect(() => reader.read(3)).toThrow(expect.objectContaining({ code: 'ERR_SOURCE' }) as Error);
      expect(() => reader.read(3)).toThrow('well failed after 5 records: the well is dry');
    }
  });

  it('refuses to read a generator a second time instead of finding nothing', async () => {
    const source = fromIterable(numbers(3));
    expect(await readAll(source)).toEqual([0, 1, 2]);
    await expect(readAll(source)).rejects.toThrow(/iterable was read before, and has nothing left; give a function/);
    const again = fromIterable(() => numbers(3));
    expect(await readAll(again)).toEqual(await readAll(again));
  });

  it('refuses what is no iterable, when it is given and when it is made', async () => {
    expect(() => fromIterable(5 as never)).toThrow(/needs an iterable.*got number/);
    expect(() => fromIterable('flights.csv' as never)).toThrow(/got a string; for the lines of a file/);
    expect(() => fromIterable([], { nmae: 'x' } as never)).toThrow(/no option 'nmae': it has name, bounded/);
    await expect(readAll(fromIterable(() => 5 as never))).rejects.toThrow(/got number/);
    await expect(
      readAll(
        fromIterable(() => {
          throw new Error('no such table');
        }),
      ),
    ).rejects.toMatchObject({ code: 'ERR_SOURCE', message: 'iterable could not be opened: no such table' });
  });
});

describe('fromAsyncIterable', () => {
  it('gives every value once and in order, in batches of any size', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 40 }), fc.integer({ min: 1, max: 20 }), async (count, maxRecords) => {
        expect(
          await readAll(
            fromAsyncIterable(() => asyncNumbers(count)),
            maxRecords,
          ),
        ).toEqual(upTo(count));
        expect(
          await readAll(
            fromAsyncIterable(async () => asyncNumbers(count)),
            maxRecords,
          ),
        ).toEqual(upTo(count));
      }),
      { numRuns: 20 },
    );
  });

  it('is idle while nothing has come, wakes once when something has, and hands out all that came', async () => {
    const waiting: ((value: IteratorResult<number>) => void)[] = [];
    const source = fromAsyncIterable<number>({
      [Symbol.asyncIterator]: () => ({ next: () => new Promise((resolve) => waiting.push(resolve)) }),
    });
    const driven = drive();
    const reader = await openOnly(source, driven);
    expect(reader.read(10)).toBe('idle');
    expect(reader.read(10)).toBe('idle');
    expect(waiting).toHaveLength(1);
    waiting.shift()?.({ value: 1 });
    await driven.woken();
    expect(driven.wakeCount()).toBe(1);
    waiting.shift()?.({ value: 2 });
    await delay(0);
    expect(driven.wakeCount()).toBe(1);
    expect(reader.read(10)).toEqual([1, 2]);
    expect(reader.locate?.(1)).toBe('async iterable record 2');
    expect(reader.read(10)).toBe('idle');
    waiting.shift()?.({ value: undefined, done: true });
    await driven.woken();
    expect(reader.read(10)).toBe('done');
  });

  it('pulls ahead only up to a bound', async () => {
    let pulled = 0;
    const driven = drive();
    const reader = await openOnly(
      fromAsyncIterable(async function* () {
        for (;;) yield pulled++;
      }),
      driven,
    );
    expect(reader.read(1)).toBe('idle');
    await delay(20);
    expect(pulled).toBeGreaterThan(100);
    expect(pulled).toBeLessThanOrEqual(1025);
    const large = await openOnly(
      fromAsyncIterable(async function* () {
        for (;;) {
          pulled++;
          yield Buffer.alloc(1 << 18);
        }
      }),
      driven,
    );
    pulled = 0;
    large.read(1);
    await delay(20);
    expect(pulled).toBeLessThanOrEqual(5);
    await reader.close?.();
    await large.close?.();
  });

  it('hands out what came before a rejection, then fails with how many there were', async () => {
    const driven = drive();
    const reader = await openOnly(
      fromAsyncIterable(() => asyncNumbers(100, 13)),
      driven,
    );
    const seen: number[] = [];
    const failing = async (): Promise<void> => {
      for (;;) {
        const batch = await readReady(reader, driven, 4);
        if (batch === 'done') return;
        seen.push(...batch);
      }
    };
    await expect(failing()).rejects.toMatchObject({
      code: 'ERR_SOURCE',
      message: 'async iterable failed after 13 records: the well is dry',
    });
    expect(seen).toEqual(upTo(13));
  });

  it('calls return() when it is closed in the middle, and does not wait for a value that may never come', async () => {
    let closed = 0;
    const watched = async function* (): AsyncGenerator<number> {
      try {
        for (;;) yield 1;
      } finally {
        closed++;
      }
    };
    const driven = drive();
    const reader = await openOnly(fromAsyncIterable(watched), driven);
    await readReady(reader, driven);
    await delay(5);
    await reader.close?.();
    await delay(5);
    expect(closed).toBe(1);
    const stuck = await openOnly(
      fromAsyncIterable({
        [Symbol.asyncIterator]: () => ({
          next: () => new Promise<never>(() => {}),
          return: () => new Promise<never>(() => {}),
        }),
      }),
      driven,
    );
    expect(stuck.read(1)).toBe('idle');
    await stuck.close?.();
    expect(stuck.read(1)).toBe('done');
  });

  it('lets go of the iterator when the job is aborted', async () => {
    let closed = 0;
    const driven = drive();
    const reader = await openOnly(
      fromAsyncIterable({
        [Symbol.asyncIterator]: () => ({
          next: () => new Promise<never>(() => {}),
          return: async () => {
            closed++;
            return { value: undefined, done: true as const };
          },
        }),
      }),
      driven,
    );
    reader.read(1);
    driven.controller.abort();
    await delay(0);
    expect(closed).toBe(1);
  });

  it('refuses an iterator that does not answer with results', async () => {
    const source = fromAsyncIterable<number>({ [Symbol.asyncIterator]: () => ({ next: async () => 5 as never }) });
    await expect(readAll(source)).rejects.toThrow(/must answer with an object of done and value, not with 5/);
    expect(() => fromAsyncIterable([1] as never)).toThrow(/needs an async iterable/);
  });
});

describe('toSource', () => {
  it('takes everything that records can come from', async () => {
    const likes: SourceLike<number>[] = [
      upTo(9),
      new Set(upTo(9)),
      numbers(9),
      asyncNumbers(9),
      Readable.from(upTo(9)),
      ReadableStream.from(upTo(9)) as ReadableStream<number>,
      () => upTo(9),
      () => numbers(9),
      () => asyncNumbers(9),
      () => Readable.from(upTo(9)),
      () => ReadableStream.from(upTo(9)) as ReadableStream<number>,
      async () => upTo(9),
      async () => asyncNumbers(9),
      generate(9, (index) => index),
    ];
    for (const like of likes) expect(await readAll(toSource(like))).toEqual(upTo(9));
  });

  it('leaves a source as it is', () => {
    const source = generate(1, (index) => index);
    expect(toSource(source)).toBe(source);
  });

  it('refuses everything else with what it got', async () => {
    expect(() => toSource(5 as never)).toThrow(/a source must be a connector.*got number/);
    expect(() => toSource(null as never)).toThrow(/got null/);
    expect(() => toSource('flights.csv')).toThrow(/got the string "flights.csv"; for a file, use its connector/);
    expect(() => toSource({} as never)).toThrow(expect.objectContaining({ code: 'ERR_OPTION_INVALID' }) as Error);
    await expect(readAll(toSource((() => undefined) as never))).rejects.toThrow(/got undefined/);
    await expect(readAll(toSource((() => generate(1, Number)) as never))).rejects.toThrow(/give the connector itself/);
    await expect(readAll(toSource(() => Promise.reject(new Error('no route'))))).rejects.toThrow(
      /could not be opened: no route/,
    );
  });

  it('infers the record', () => {
    expectTypeOf(toSource([1, 2])).toEqualTypeOf<Source<number>>();
    expectTypeOf(toSource(new Map<string, number>())).toEqualTypeOf<Source<[string, number]>>();
    expectTypeOf(toSource(() => asyncNumbers(1))).toEqualTypeOf<Source<number>>();
    expectTypeOf(toSource(async () => [{ a: 1 }])).toEqualTypeOf<Source<{ a: number }>>();
    expectTypeOf(
      toSource(function* () {
        yield 'a';
      }),
    ).toEqualTypeOf<Source<string>>();
    expectTypeOf(toSource(generate(1, (index) => ({ index })))).toEqualTypeOf<Source<{ index: number }>>();
    expectTypeOf(toSource(new ReadableStream<Date>())).toEqualTypeOf<Source<Date>>();
    // @ts-expect-error: a number is no source
    expect(() => toSource(5)).toThrow();
  });
});
