// Records of one key keep their order, from one split of a source to the end, over every operator that promises it.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromIterable } from '../../connectors/memory/index.ts';
import { collect, collectValues, job, type Stream } from '../../index.ts';
import { simulate } from '../support/simulate-anywhere.ts';

interface Numbered {
  readonly origin: number;
  readonly key: number;
  readonly sequence: number;
}

type Keeper = 'map' | 'filter' | 'peek' | 'flatMap' | 'mapAsync' | 'keyBy' | 'merge' | 'split';

const settings = fc.record({
  workers: fc.constantFrom(1, 2, 3, 7),
  laneBytes: fc.constantFrom(4096, 262_144),
  seed: fc.nat(),
});

function apply(stream: Stream<Numbered>, keeper: Keeper, other: () => Stream<Numbered>): Stream<Numbered> {
  switch (keeper) {
    case 'map':
      return stream.map((row) => ({ ...row }));
    case 'filter':
      return stream.filter((row) => row.sequence % 5 !== 0);
    case 'peek':
      return stream.peek(() => {});
    case 'flatMap':
      return stream.flatMap((row) => (row.sequence % 2 === 0 ? [row] : [row, row]));
    case 'mapAsync':
      return stream.mapAsync(
        async (row) => {
          if (row.sequence % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
          return row;
        },
        { concurrency: 4 },
      );
    case 'keyBy':
      return stream.keyBy((row) => row.key).map((row) => row);
    case 'merge':
      return stream.merge(other());
    case 'split': {
      const { even, otherwise } = stream.split({ even: (row) => row.key % 2 === 0 });
      return even.map((row) => row).merge(otherwise);
    }
  }
}

describe('the order of records with the same key', () => {
  it('is that of their source, whatever the workers, lanes and interleaving', async () => {
    const keepers = fc.array(
      fc.constantFrom<Keeper>('map', 'filter', 'peek', 'flatMap', 'mapAsync', 'keyBy', 'merge', 'split'),
      { maxLength: 7 },
    );
    await fc.assert(
      fc.asyncProperty(keepers, fc.integer({ min: 0, max: 1500 }), settings, async (chain, length, options) => {
        const ordered = job('ordered', (flow) => {
          let origins = 0;
          const source = (): Stream<Numbered> => {
            const origin = origins++;
            return flow.from(
              fromIterable(Array.from({ length }, (_, sequence) => ({ origin, key: (sequence * 31) % 7, sequence }))),
            );
          };
          let stream = source();
          for (const keeper of chain) stream = apply(stream, keeper, source);
          stream.to(collect('rows'));
        });
        const { results } = await simulate(ordered, options);
        const last = new Map<string, number>();
        for (const { origin, key, sequence } of results['rows'] as Numbered[]) {
          const before = last.get(`${origin} ${key}`) ?? -1;
          expect(sequence, `origin ${origin}, key ${key}`).toBeGreaterThanOrEqual(before);
          last.set(`${origin} ${key}`, sequence);
        }
      }),
      { numRuns: 80 },
    );
  });

  it('is kept by an aggregate whose local table fills, steps aside and comes back', async () => {
    const rows = fc.record({
      length: fc.integer({ min: 4_000, max: 12_000 }),
      window: fc.integer({ min: 1, max: 600 }),
    });
    await fc.assert(
      fc.asyncProperty(rows, settings, fc.boolean(), async ({ length, window }, options, preaggregate) => {
        const collected = job('collected', (flow) => {
          flow
            // Keys that hardly repeat, and when they do, soon.
            .from(fromIterable(Array.from({ length }, (_, i) => ({ key: i - ((i * 7919) % window), sequence: i }))))
            .keyBy((row) => row.key)
            .aggregate(collectValues((row) => row.sequence))
            .to(collect('groups'));
        });
        const { results } = await simulate(collected, { ...options, preaggregate });
        const groups = results['groups'] as { key: number; value: number[] }[];
        let records = 0;
        for (const { key, value } of groups) {
          records += value.length;
          expect(value, `key ${key}`).toEqual([...value].sort((a, b) => a - b));
        }
        expect(records).toBe(length);
      }),
      { numRuns: 15, examples: [[{ length: 8192, window: 2 }, { workers: 1, laneBytes: 4096, seed: 0 }, true]] },
    );
  });
});
