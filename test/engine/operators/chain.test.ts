import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { OperatorNode } from '../../../engine/graph/operator-node.ts';
import { compileChain } from '../../../engine/operators/chain-compiler.ts';
import type { ChainHead, ChainStep } from '../../../engine/operators/chain-step.ts';
import { KeyTable } from '../../../engine/operators/key-table.ts';
import { type BuiltTree, build, RecordingOutlet, type Shape, shapes } from './chain-steps.ts';

/** Runs all records through the tree, draining as a pipeline would; the log of everything that happened. */
function run(tree: readonly Shape[], records: readonly number[], generates: boolean, compiled: boolean): string[] {
  const { steps, outlets, log }: BuiltTree = build(tree);
  const node = { ...steps[0]!.node, name: 'generator', policy: 'dead-letter' as const };
  const generator = (index: number): unknown => {
    if (records[index]! % 13 === 0) throw new RangeError('generator');
    return records[index];
  };
  const head: ChainHead = generates ? { kind: 'generator', generator, node } : { kind: 'batch' };
  const onThrow = (error: unknown, culprit: OperatorNode, record: unknown, index: number): void => {
    // What a step received is told only where a dead letter needs it.
    const told = culprit.policy === 'dead-letter' ? ` on ${String(record)}` : '';
    log.push(`${culprit.name} threw ${(error as Error).message}${told} at ${index}`);
    if (culprit.policy === 'fail') throw error;
  };
  const chain = compileChain(head, steps, onThrow, compiled);
  try {
    for (let at = 0; at < records.length; ) {
      at = chain(generates ? [] : records, at, records.length);
      log.push(`stopped at ${at}`);
      for (const outlet of outlets) if (outlet.full) outlet.drain();
    }
  } catch (error) {
    log.push(`failed: ${(error as Error).message}`);
  }
  for (const outlet of outlets)
    for (const table of [outlet.table, outlet.panes.current]) {
      for (const { key, value } of table.entries()) log.push(`${String(key)} = ${String(value)}`);
    }
  return log;
}

describe('a chain of steps', () => {
  it('does the same compiled and interpreted: same calls, same faults, same stops', () => {
    fc.assert(
      fc.property(
        shapes,
        fc.array(fc.nat({ max: 60 }), { maxLength: 40 }),
        fc.boolean(),
        (tree, records, generates) => {
          expect(run(tree, records, generates, true)).toEqual(run(tree, records, generates, false));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('has text of its own when compiled: functions made from equal text share their type feedback, and slow down together', () => {
    const compile = (): string => {
      const { steps } = build([]);
      return compileChain({ kind: 'batch' }, steps, () => {}).toString();
    };
    expect(compile()).toContain('records[i]');
    expect(compile()).not.toBe(compile());
  });

  describe.each([
    ['compiled', true],
    ['interpreted', false],
  ])('%s', (_name, compiled) => {
    const operator = (name: string, policy: OperatorNode['policy'] = 'fail'): OperatorNode => ({
      id: 0,
      operation: { kind: 'merge' },
      inputs: [],
      name,
      named: true,
      parallelism: undefined,
      policy,
    });
    const sink = (log: string[], name: string): ChainStep => ({
      kind: 'push',
      node: operator(name),
      outlet: new RecordingOutlet(log, name),
    });

    it('gives a record that one branch gives up to the branches beside it', () => {
      const log: string[] = [];
      const refuses: ChainStep = {
        kind: 'map',
        node: operator('refuses', 'skip'),
        fn: () => {
          throw new Error('no');
        },
        next: [sink(log, 'never')],
      };
      const chain = compileChain(
        { kind: 'batch' },
        [refuses, sink(log, 'beside'), refuses, sink(log, 'last')],
        () => {},
        compiled,
      );
      expect(chain([1, 2], 0, 2)).toBe(2);
      expect(log.map((line) => line.trim())).toEqual(['beside 1', 'last 1', 'beside 2', 'last 2']);
    });

    it('tells the operator at fault, what it received, and the record of the feed', () => {
      const told: unknown[] = [];
      const steps: ChainStep[] = [
        {
          kind: 'map',
          node: operator('doubles'),
          fn: (n) => (n as number) * 2,
          next: [
            {
              kind: 'map',
              node: operator('refuses eight', 'dead-letter'),
              fn: (n) => {
                if (n === 8) throw new Error('eight');
                return n;
              },
              next: [sink([], 'out')],
            },
          ],
        },
      ];
      const onThrow = (error: unknown, node: OperatorNode, record: unknown, index: number): void => {
        told.push([(error as Error).message, node.name, record, index]);
      };
      const chain = compileChain({ kind: 'batch' }, steps, onThrow, compiled);
      expect(chain([1, 4, 5], 0, 3)).toBe(2);
      expect(told).toEqual([['eight', 'refuses eight', 8, 1]]);
    });

    it('lets an error of an outlet through untouched: no policy of an operator applies to it', () => {
      const failing = new RecordingOutlet([], 'failing');
      failing.push = () => {
        throw new TypeError('the engine');
      };
      const steps: ChainStep[] = [
        {
          kind: 'map',
          node: operator('map', 'skip'),
          fn: (n) => n,
          next: [{ kind: 'push', node: operator('push', 'skip'), outlet: failing }],
        },
      ];
      const chain = compileChain({ kind: 'batch' }, steps, () => expect.unreachable(), compiled);
      expect(() => chain([1], 0, 1)).toThrow(new TypeError('the engine'));
    });

    it('adds up in a table what it selects, and combines partial results', () => {
      const table = new KeyTable(() => 0);
      const add = (a: unknown, b: unknown): unknown => (a as number) + (b as number);
      const adds: ChainStep = {
        kind: 'aggregate',
        node: operator('sum'),
        key: (r) => (r as { k: string }).k,
        select: (r) => (r as { v: number }).v,
        add,
        table,
      };
      compileChain(
        { kind: 'batch' },
        [adds],
        () => {},
        compiled,
      )(
        [
          { k: 'a', v: 1 },
          { k: 'b', v: 2 },
          { k: 'a', v: 3 },
        ],
        0,
        3,
      );
      const combines: ChainStep = {
        kind: 'combine',
        node: operator('sum'),
        unpack: (partial) => (partial as { a0: number }).a0,
        combine: add,
        table,
      };
      compileChain({ kind: 'batch' }, [combines], () => {}, compiled)([{ k: 'b', a0: 40 }], 0, 1);
      expect([...table.entries()]).toEqual([
        { key: 'a', value: 4 },
        { key: 'b', value: 42 },
      ]);
    });
  });
});
