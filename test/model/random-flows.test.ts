// Any flow, over any number of workers, lanes and interleavings, gives what plain arrays give: nothing is lost, nothing doubled.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DeadLetter } from '../../index.ts';
import { simulate } from '../support/simulate-anywhere.ts';
import { asBag, type Instruction, jobOf, model } from './flow-model.ts';

const from = fc.nat({ max: 20 });
const modulus = fc.integer({ min: 2, max: 7 });

const source: fc.Arbitrary<Instruction> = fc.record({
  kind: fc.constant('source'),
  size: fc.oneof(fc.nat({ max: 40 }), fc.constantFrom(0, 1, 511, 512, 513, 1500)),
  from: fc.constantFrom('array', 'generator', 'indices'),
  keys: fc.constantFrom(1, 3, 17, 1000),
});

const operator: fc.Arbitrary<Instruction> = fc.oneof(
  fc.record({
    kind: fc.constant('map' as const),
    from,
    add: fc.integer({ min: -5, max: 5 }),
    parallelism: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
  }),
  fc.record({ kind: fc.constant('filter' as const), from, modulus }),
  fc.record({ kind: fc.constant('flatMap' as const), from, most: fc.nat({ max: 4 }), lazily: fc.boolean() }),
  fc.record({
    kind: fc.constantFrom('peek' as const, 'rebalance' as const, 'broadcast' as const, 'keyBy' as const),
    from,
  }),
  fc.record({ kind: fc.constant('split' as const), from, modulus }),
  fc.record({ kind: fc.constant('merge' as const), from, others: fc.array(from, { minLength: 1, maxLength: 3 }) }),
  fc.record({
    kind: fc.constant('mapAsync' as const),
    from,
    ordered: fc.boolean(),
    concurrency: fc.constantFrom(1, 3, 16),
    slow: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('aggregate' as const), from, composite: fc.boolean() }),
  fc.record({ kind: fc.constant('reduce' as const), from }),
  fc.record({ kind: fc.constantFrom('skip' as const, 'deadLetter' as const), from, modulus }),
  source,
);

const program = fc
  .tuple(source, fc.array(operator, { minLength: 1, maxLength: 9 }))
  .map(([first, rest]): Instruction[] => [first, ...rest]);

const settings = fc.record({
  workers: fc.constantFrom(1, 2, 3, 7),
  laneBytes: fc.constantFrom(4096, 262_144),
  preaggregate: fc.boolean(),
  seed: fc.nat(),
});

describe('a random flow', () => {
  it('gives what arrays give, whatever the workers, lanes, pre-aggregation and interleaving', async () => {
    await fc.assert(
      fc.asyncProperty(program, settings, async (instructions, options) => {
        const expected = model(instructions, options.workers);
        const { results } = await simulate(jobOf(expected.program), options);
        expect(Object.keys(results).sort()).toEqual(Object.keys(expected.results).sort());
        for (const [name, rows] of Object.entries(expected.results)) {
          const actual = name.startsWith('dead-')
            ? (results[name] as DeadLetter[]).map((letter) => letter.record)
            : results[name]!;
          expect({ name, rows: asBag(actual) }).toEqual({ name, rows: asBag(rows) });
        }
      }),
      { numRuns: Number(process.env['MODEL_RUNS'] ?? 250), endOnFailure: false },
    );
  });
});
